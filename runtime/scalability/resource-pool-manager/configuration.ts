import { type Static, Type } from "@sinclair/typebox";

export const CONFIGURATION = Type.Object({
  MNO_RPM_POLL_SECONDS: Type.Number({
    minimum: 0.02,
    maximum: 10,
    default: 0.25,
    description: "Between two looks for what other replicas gave back, while somebody waits",
  }),
  MNO_RPM_PLACE_SECONDS: Type.Number({
    minimum: 0,
    maximum: 600,
    default: 10,
    description: "How long a request with an idempotency key keeps its place in the queue after its caller left",
  }),
  MNO_RPM_RETENTION_SECONDS: Type.Integer({
    minimum: 60,
    default: 86_400,
    description: "How long an ended lease, its decision and its idempotency key, and a refusal are kept",
  }),
  MNO_RPM_MAXIMUM_POOLS: Type.Integer({
    minimum: 1,
    maximum: 10_000,
    default: 500,
    description: "Pools that may be defined; bounds the metrics' label",
  }),
});

export type Configuration = Static<typeof CONFIGURATION>;
