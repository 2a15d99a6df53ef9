import { type Static, Type } from "@sinclair/typebox";
import { TEXT_PATTERN } from "../../kernel/http/text";
import { closed, Time } from "./schema-parts";

const Seconds = (description: string) => Type.Number({ minimum: 0, description: `${description}, in seconds` });
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
