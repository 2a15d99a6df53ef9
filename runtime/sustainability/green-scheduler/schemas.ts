import { type Static, Type } from "@sinclair/typebox";
import { closed, Nullable, Time } from "./schema-parts";

const Amount = (description: string) => Type.Number({ description });

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
    releaseAt: Nullable(Time("Not to start before; of a recurring job its present time")),
    deadline: Nullable(Time("To be finished by")),
    schedule: Nullable(
      Type.Object(
        { cron: Type.String({ description: "Cron expression" }), timeZone: Type.String({ description: "IANA name" }) },
        { ...closed, description: "Of a job that runs again and again" },
      ),
    ),
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

const Stretch = {
  from: Time("Begins"),
  to: Time("Ends"),
  gramsPerKwh: Amount("gCO2e/kWh"),
};
const PastSchema = Type.Object(
  { ...Stretch, estimated: Type.Boolean({ description: "The provider's own estimate, or a figure that stands in" }) },
  closed,
);

export const OutlookSchema = Type.Object(
  {
    region: Type.String({ description: "Grid zone or cloud region" }),
    demonstration: Type.Boolean({
      description: "Synthetic: a typical day in fast motion, true of no grid at any time",
    }),
    at: Time("Now"),
    past: Type.Array(PastSchema, { description: "What was" }),
    now: Nullable(PastSchema),
    ahead: Type.Array(
      Type.Object(
        {
          ...Stretch,
          low: Nullable(Amount("gCO2e/kWh: 5 % of what comes is below, by the source's past errors")),
          high: Nullable(Amount("gCO2e/kWh: 5 % of what comes is above")),
        },
        closed,
      ),
      { description: "What is foretold" },
    ),
    band: Nullable(
      Type.Object(
        {
          errorShare: Amount("Standard deviation of the error, share of the mean"),
          basis: Type.String({ description: "What it was measured on" }),
        },
        closed,
      ),
    ),
    grounds: GroundsSchema,
  },
  closed,
);
export type OutlookView = Static<typeof OutlookSchema>;

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
  lostGramsCo2e: Amount("gCO2e that jobs emitted more than from a start at once; is in savedGramsCo2e"),
  unkeptGramsCo2e: Amount("gCO2e that plans promised to save and that were not saved"),
  missedDeadlines: Type.Integer({ description: "Jobs that failed, or ended after their deadline" }),
  unplanned: Type.Integer({ description: "Jobs that ran without a plan" }),
};

const SavingsRowSchema = Type.Object(
  {
    region: Type.String(),
    signal: Type.String(),
    source: Type.String({ description: "Feed and data" }),
    ...Saved,
  },
  closed,
);

export const SavingsSchema = Type.Object(
  {
    from: Time("Jobs that ended from then on"),
    to: Time("and before then"),
    /** Signals are never added up with each other. */
    bySignal: Type.Array(
      Type.Object({ signal: Type.String({ description: "average or marginal" }), ...Saved }, closed),
    ),
    items: Type.Array(SavingsRowSchema, { description: "By region, signal and source" }),
    demonstrations: Type.Array(SavingsRowSchema, {
      description: "Of demonstration regions, whose intensity is synthetic: in no sum and in no event",
    }),
  },
  closed,
);
export type SavingsView = Static<typeof SavingsSchema>;
