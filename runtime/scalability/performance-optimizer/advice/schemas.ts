import { type Static, type TSchema, Type } from "@sinclair/typebox";

const closed = { additionalProperties: false } as const;
const nullable = <T extends TSchema>(schema: T, description: string) =>
  Type.Union([schema, Type.Null()], { description });
const quantities = (description: string) =>
  Type.Object(
    { cpuCores: Type.Number({ description: "Cores" }), memoryBytes: Type.Number({ description: "Bytes" }) },
    { ...closed, description },
  );

export const ADVICE_STATES = ["open", "applied", "reverted", "superseded"] as const;

export const AdviceSchema = Type.Object(
  {
    id: Type.String({ description: "Unique id; ids sort by time" }),
    kind: Type.Literal("right-size", { description: "Change what one replica requests" }),
    workload: Type.String({ description: "What it is about" }),
    time: Type.String({ format: "date-time", description: "RFC 3339, UTC" }),
    state: Type.Unsafe<(typeof ADVICE_STATES)[number]>(
      Type.String({ enum: [...ADVICE_STATES], description: "superseded: things have changed since" }),
    ),
    from: quantities("What one replica requests at present"),
    to: quantities("What it ought to request"),
    lower: quantities("Below it the workload is short of resources"),
    upper: quantities("Above it the workload wastes them"),
    confidence: Type.Number({ description: "0 to 1: grows with days of samples, falls with missing ones" }),
    expected: Type.Object(
      {
        cpuCoresSaved: Type.Number({ description: "Over all replicas; negative where more is needed" }),
        memoryBytesSaved: Type.Number({ description: "Over all replicas; negative where more is needed" }),
        shareAbove: Type.Number({ description: "Share of past CPU samples, by weight, above the new request" }),
        shareAboveNow: Type.Number({ description: "The same above the present one" }),
      },
      { ...closed, description: "The expected effect" },
    ),
    inputs: Type.Object(
      {
        replicas: Type.Integer({ description: "Replicas" }),
        cpuSamples: Type.Integer({ description: "CPU samples" }),
        days: Type.Number({ description: "Days' worth of samples" }),
        coverage: Type.Number({ description: "Share of the time that has samples" }),
        vpa: quantities("What the Vertical Pod Autoscaler would recommend from the same samples"),
        fleet: Type.Integer({ description: "Workloads that shared one budget" }),
      },
      { ...closed, description: "What it rests on" },
    ),
    reasons: Type.Array(Type.String(), { description: "Why, in words" }),
    patch: Type.String({ description: "The change as a JSON merge patch of the workload's specification" }),
    obstacle: nullable(Type.String(), "Why it can only be advised and not be applied"),
  },
  closed,
);
export type Advice = Static<typeof AdviceSchema>;
