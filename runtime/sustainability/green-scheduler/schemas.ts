import { type Static, type TSchema, Type } from "@sinclair/typebox";
import { TEXT_PATTERN } from "../../kernel/http/text";

const closed = { additionalProperties: false } as const;
const Time = (description: string) => Type.String({ format: "date-time", description: `${description}; RFC 3339` });
const Seconds = (description: string) => Type.Number({ minimum: 0, description: `${description}, in seconds` });
const Amount = (description: string) => Type.Number({ description });
const Nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
const Name = Type.String({ pattern: "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", description: "DNS-1123 label" });
const Region = Type.String({ minLength: 1, maxLength: 64, pattern: TEXT_PATTERN });

const declared = {
  deadline: Time("To be finished by"),
  releaseAt: Type.Optional(Time("Not to start before; now where it is absent")),
  maxDelaySeconds: Type.Optional(Seconds("The longest it may be held back in all")),
  durationSeconds: Type.Optional(
    Type.Number({ exclusiveMinimum: 0, description: "How long it runs, in seconds; learned where it recurs" }),
  ),
  interruptible: Type.Optional(Type.Boolean({ description: "It may be cut into parts" })),
  checkpointSeconds: Type.Optional(Seconds("Lost at each pause")),
  startupSeconds: Type.Optional(Seconds("Lost at each start")),
  minChunkSeconds: Type.Optional(Seconds("Shortest part")),
  watts: Type.Number({ exclusiveMinimum: 0, description: "W while it runs" }),
  regions: Type.Optional(
    Type.Array(Region, { maxItems: 64, description: "Where it may run; the first is where it would run unshifted" }),
  ),
  carbonBudgetGrams: Type.Optional(
    Type.Number({ exclusiveMinimum: 0, description: "gCO2e that the plan must not exceed" }),
  ),
  recurringKey: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 128,
      pattern: TEXT_PATTERN,
      description: "Same for runs of one recurring job",
    }),
  ),
  scale: Type.Optional(
    Type.Array(
      Type.Object(
        {
          replicas: Type.Integer({ minimum: 1, description: "Replicas" }),
          throughput: Type.Number({ exclusiveMinimum: 0, description: "Work per second; only ratios count" }),
          watts: Type.Number({ exclusiveMinimum: 0, description: "W of all replicas together" }),
        },
        closed,
      ),
      { maxItems: 256, description: "Sizes of an elastic job, the smallest first" },
    ),
  ),
};

export const JobBody = Type.Object(
  {
    name: Name,
    tenant: Type.Optional(
      Type.String({ minLength: 1, maxLength: 63, pattern: TEXT_PATTERN, description: "Whose it is" }),
    ),
    ...declared,
  },
  closed,
);
export type JobBody = Static<typeof JobBody>;

export const PlansBody = Type.Object(
  { jobs: Type.Array(JobBody, { minItems: 1, maxItems: 1000, description: "Jobs that might be" }) },
  closed,
);

export const EndBody = Type.Object(
  {
    outcome: Type.Union([Type.Literal("succeeded"), Type.Literal("failed")], { description: "How it ended" }),
    runs: Type.Array(
      Type.Object(
        { from: Time("It began"), to: Time("It ended or was paused"), region: Type.Optional(Region) },
        closed,
      ),
      { minItems: 1, maxItems: 1000, description: "When it ran, in order" },
    ),
  },
  closed,
);
export type EndBody = Static<typeof EndBody>;

const Slots = Type.Array(
  Type.Object({ from: Time("Begins"), to: Time("Ends"), replicas: Type.Integer({ description: "Replicas" }) }, closed),
  { description: "When it is to run, in order" },
);

export const PlanSchema = Type.Object(
  {
    job: Type.String({ description: "Name" }),
    region: Type.String({ description: "Where it is to run" }),
    slots: Slots,
    outcome: Type.String({ description: "at-once, shifted, late, unplaced or over-budget" }),
    expectedGrams: Amount("gCO2e by the forecast"),
    baselineGrams: Amount("gCO2e of a start at once, by the same forecast"),
    expectedKwh: Amount("kWh"),
    slackSeconds: Amount("How far the start could still be put off"),
    latestStart: Time("A later start endangers the deadline"),
    reason: Type.String({ description: "What decided" }),
  },
  closed,
);
export type PlanView = Static<typeof PlanSchema>;

const AccountSchema = Type.Object(
  {
    region: Type.String({ description: "Where it ran" }),
    energyKwh: Amount("kWh"),
    gramsCo2e: Amount("gCO2e by the intensity that was"),
    baselineGramsCo2e: Amount("gCO2e of the same energy from a start at once"),
    deadlineMet: Type.Boolean({ description: "It succeeded by its deadline" }),
    intensity: Type.Object(
      {
        gramsPerKwh: Amount("Mean over its runs, gCO2e/kWh"),
        signal: Type.String({ description: "average or marginal" }),
        source: Type.String({ description: "Feed and data" }),
        asOf: Time("Date of the data"),
        estimated: Type.Boolean({ description: "The provider's own estimate, or a figure that stands in" }),
        stale: Type.Boolean({ description: "Older than it should be" }),
      },
      closed,
    ),
    method: Type.String({ description: "How the figures came to be" }),
  },
  closed,
);

export const JobSchema = Type.Object(
  {
    id: Type.String({ description: "Unique, sorts by time" }),
    name: Type.String({ description: "Name" }),
    origin: Type.String({ description: "cluster: released here; caller: the caller runs it" }),
    tenant: Nullable(Type.String({ description: "Whose it is" })),
    state: Type.String({ description: "waiting, running, paused, succeeded, failed or deleted" }),
    submittedAt: Time("First seen"),
    deadline: Nullable(Time("To be finished by")),
    faults: Type.Array(Type.Object({ field: Type.String(), message: Type.String() }, closed), {
      description: "What is wrong with its declaration",
    }),
    decisionId: Nullable(Type.String({ description: "See /v1/decisions/{id}" })),
    plan: Nullable(PlanSchema),
    unplannableSince: Nullable(Time("No forecast to plan it by since")),
    runs: Type.Array(Type.Object({ from: Time("Began"), to: Nullable(Time("Ended")), region: Type.String() }, closed), {
      description: "When it ran",
    }),
    finishedAt: Nullable(Time("Over")),
    account: Nullable(AccountSchema),
  },
  closed,
);
export type JobView = Static<typeof JobSchema>;

const GroundsSchema = Type.Object(
  {
    region: Type.String(),
    trusted: Type.Boolean({ description: "It was planned by" }),
    why: Type.String({ description: "Why not, or which feeds were passed over" }),
    signal: Nullable(Type.String({ description: "average or marginal" })),
    source: Nullable(Type.String({ description: "Feed and data" })),
    asOf: Nullable(Time("Date of the data")),
    generatedAt: Nullable(Time("When the forecast was made")),
    method: Nullable(Type.String({ description: "Method" })),
    by: Nullable(Type.String({ description: "feed, or what stands in for it" })),
    stale: Nullable(Type.Boolean({ description: "Older than it should be" })),
    errorShare: Nullable(Type.Number({ description: "Standard deviation of its error, share of the mean" })),
  },
  closed,
);

export const DecisionSchema = Type.Object(
  {
    id: Type.String({ description: "Id" }),
    job: Type.String({ description: "Name" }),
    time: Time("Decided"),
    kind: Type.String({ description: "plan or release" }),
    trigger: Type.String({ description: "What brought it about" }),
    duration: Nullable(
      Type.Object({
        meanSeconds: Amount("Expected"),
        highSeconds: Amount("The deadline is kept up to it"),
        quantilesSeconds: Type.Optional(Type.Array(Type.Number(), { description: "Equally likely" })),
      }),
    ),
    latestStart: Nullable(Time("The deadline allows no later one")),
    intensity: Type.Array(GroundsSchema, { description: "What it rests on, by region" }),
    plan: Nullable(PlanSchema),
    reason: Type.String({ description: "Why" }),
  },
  closed,
);
export type DecisionView = Static<typeof DecisionSchema>;

export const WhatIfSchema = Type.Object(
  {
    job: Type.String({ description: "Name" }),
    intensity: Type.Array(GroundsSchema, { description: "What it rests on, by region" }),
    starts: Type.Array(
      Type.Object(
        {
          region: Type.String(),
          start: Time("If it began then, without a pause"),
          expectedGrams: Amount("gCO2e"),
          safe: Type.Boolean({ description: "Keeps the deadline for runs up to the high estimate" }),
        },
        closed,
      ),
    ),
    slots: Slots,
  },
  closed,
);
export type WhatIfView = Static<typeof WhatIfSchema>;

const Saved = {
  jobs: Type.Integer({ description: "Jobs that are over" }),
  energyKwh: Amount("kWh"),
  gramsCo2e: Amount("gCO2e"),
  baselineGramsCo2e: Amount("gCO2e from a start at once"),
  savedGramsCo2e: Amount("gCO2e; negative where more was emitted"),
};

export const SavingsSchema = Type.Object(
  {
    from: Time("Jobs that ended from then on"),
    to: Time("and before then"),
    /** Signals are never added up with each other. */
    bySignal: Type.Array(
      Type.Object({ signal: Type.String({ description: "average or marginal" }), ...Saved }, closed),
    ),
    items: Type.Array(
      Type.Object(
        {
          region: Type.String(),
          signal: Type.String(),
          source: Type.String({ description: "Feed and data" }),
          ...Saved,
        },
        closed,
      ),
      { description: "By region, signal and source" },
    ),
  },
  closed,
);
export type SavingsView = Static<typeof SavingsSchema>;
