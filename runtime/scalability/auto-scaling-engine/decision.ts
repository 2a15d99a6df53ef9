import { type Static, type TSchema, Type } from "@sinclair/typebox";
import { ScalerSpecSchema } from "./spec";

/** What one evaluation saw, computed and did: the answer of the API, the row in the store, and the engine's output. */

const closed = { additionalProperties: false } as const;
const replicas = (description: string) => Type.Integer({ minimum: 0, description });
const nullable = <T extends TSchema>(schema: T, description: string) =>
  Type.Union([schema, Type.Null()], { description });

const TRIGGERS = ["interval", "resource.allocated", "resource.released", "request", "wake"] as const;
export type Trigger = (typeof TRIGGERS)[number];

const ACTIONS = ["scaled", "kept", "skipped", "served"] as const;

const ReadingSchema = Type.Object(
  {
    metric: Type.String({ description: "Name of the metric" }),
    values: Type.Record(Type.String(), Type.Number(), {
      description: "Value of each replica that has a trustworthy one (cores, bytes, or the metric's unit)",
    }),
    value: nullable(Type.Number(), "Value of an external metric"),
    ready: replicas("Replicas whose value counted"),
    unready: replicas("Replicas left out because they are starting; counted as 0 when scaling up"),
    missing: replicas("Replicas without a value"),
    error: Type.Union([Type.String(), Type.Null()], { description: "Why the metric could not be used" }),
  },
  closed,
);
export type Reading = Static<typeof ReadingSchema>;

const MetricProposalSchema = Type.Object(
  {
    metric: Type.String({ description: "Name of the metric" }),
    ratio: nullable(Type.Number(), "Observed over target, as used in the end; null where it has none"),
    raw: nullable(Type.Integer({ minimum: 0 }), "Replicas by the ratio alone"),
    proposal: nullable(Type.Integer({ minimum: 0 }), "Replicas after tolerance and the rules for missing values"),
    arithmetic: Type.String({ description: "How the proposal came about" }),
  },
  closed,
);
export type MetricProposal = Static<typeof MetricProposalSchema>;

const stage = (description: string) => nullable(Type.Integer({ minimum: 0 }), description);

const StagesSchema = Type.Object(
  {
    raw: stage("Largest number of replicas by the ratios alone"),
    tolerance: stage("Largest proposal after tolerance"),
    stabilised: stage("After the stabilisation windows"),
    rateLimited: stage("After the scaling policies"),
    forecast: Type.Optional(stage("By a trusted forecast, where that is acted on")),
    clamped: stage("After minReplicas and maxReplicas"),
  },
  { ...closed, description: "Desired replicas after each stage; null where the evaluation ended before it" },
);
export type Stages = Static<typeof StagesSchema>;

const PredictionResultSchema = Type.Object(
  {
    demand: Type.Number({ description: "Expected total, in units of the first metric" }),
    upper: Type.Number({ description: "What to provision for: the expectation and a margin learnt from past errors" }),
    trusted: Type.Boolean({ description: "Whether the forecasts have proven themselves so far" }),
    replicas: replicas("What forecast and reactive core come to together"),
    source: Type.String({ description: "Which of the two decided: forecast or reactive" }),
    acted: Type.Boolean({ description: "Whether that number was used, or is advice" }),
  },
  { ...closed, description: "The forecast for the moment at which a replica asked for now takes load" },
);

export const DecisionSchema = Type.Object(
  {
    id: Type.String({ description: "Unique id; ids sort by time" }),
    workload: Type.String({ description: "Workload that was evaluated" }),
    time: Type.String({ format: "date-time", description: "RFC 3339, UTC" }),
    trigger: Type.Unsafe<Trigger>(Type.String({ enum: [...TRIGGERS], description: "What caused the evaluation" })),
    inputs: Type.Object(
      {
        currentReplicas: replicas("Desired replicas of the workload when it was evaluated"),
        liveReplicas: replicas("Replicas that exist and are not on their way out"),
        readyReplicas: replicas("Replicas that are ready"),
        readings: Type.Array(ReadingSchema, { description: "What each metric said, in the scaler's order" }),
        scaler: ScalerSpecSchema,
      },
      { ...closed, description: "Everything the decision rests on, apart from the scaling history" },
    ),
    perMetric: Type.Array(MetricProposalSchema, { description: "What each metric proposes, in the scaler's order" }),
    stages: StagesSchema,
    prediction: Type.Optional(PredictionResultSchema),
    desiredReplicas: replicas("What the evaluation wants; the current number when it keeps or skips"),
    action: Type.Unsafe<(typeof ACTIONS)[number]>(
      Type.String({
        enum: [...ACTIONS],
        description:
          "scaled: replicas were changed; kept: they are right; skipped: nothing could be concluded or done; served: the number is for the cluster's own autoscaler to take",
      }),
    ),
    reasons: Type.Array(Type.String(), { description: "Why, in the order in which it came up" }),
  },
  closed,
);
export type PredictionResult = Static<typeof PredictionResultSchema>;
export type Decision = Static<typeof DecisionSchema>;
