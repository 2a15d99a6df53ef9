import { type Static, type TSchema, Type } from "@sinclair/typebox";

const closed = { additionalProperties: false } as const;
const amount = (description: string) => Type.Optional(Type.Number({ minimum: 0, maximum: 1e15, description }));
const nullable = <T extends TSchema>(schema: T, description: string) =>
  Type.Union([schema, Type.Null()], { description });

export const ResourceSnapshotSchema = Type.Object(
  {
    resource: Type.String({
      minLength: 1,
      maxLength: 200,
      description: "What is measured: `database pool`, `web cpu`",
    }),
    capacity: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: 1e15,
        description: "How many can be served at once: connections, cores",
      }),
    ),
    busy: amount("Of the capacity in use on average"),
    queue: amount("Waiting on average"),
    throughput: amount("Served per second"),
    serviceSeconds: amount("Mean time of being served"),
    waitSeconds: amount("Mean time of waiting"),
    errors: amount("Failed per second"),
  },
  { ...closed, description: "One resource over one interval; whatever is not known is left out" },
);
export type ResourceSnapshot = Static<typeof ResourceSnapshotSchema>;

export const BottleneckSchema = Type.Object(
  {
    resource: Type.String({ description: "Name of the resource" }),
    score: Type.Number({ description: "0 to 1: how much of a request's time it costs, as far as is known" }),
    utilisation: nullable(Type.Number(), "Share of the capacity in use"),
    queue: nullable(Type.Number(), "Waiting on average"),
    waitingShare: nullable(Type.Number(), "Share of the time at the resource that is waiting"),
    errorShare: nullable(Type.Number(), "Share of requests that failed"),
    evidence: Type.Array(Type.String(), { description: "What was measured, in words" }),
    doubts: Type.Array(Type.String(), { description: "Measurements that contradict each other by Little's law" }),
  },
  closed,
);
export type Bottleneck = Static<typeof BottleneckSchema>;
