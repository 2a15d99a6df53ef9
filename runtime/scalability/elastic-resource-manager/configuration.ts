import { type Static, Type } from "@sinclair/typebox";
import { STRATEGY_NAMES } from "./demand";
import { QuotaLimits } from "./quota-schemas";

export const CONFIGURATION = Type.Object({
  MNO_ERM_STRATEGY: Type.Unsafe<(typeof STRATEGY_NAMES)[number]>({
    type: "string",
    enum: [...STRATEGY_NAMES],
    default: "best-fit",
    description: "Strategy of requests that name none",
  }),
  MNO_ERM_DEFAULT_LEASE_SECONDS: Type.Integer({
    minimum: 0,
    maximum: 31_536_000,
    default: 0,
    description: "Lease of requests that name none; 0 is without end",
  }),
  MNO_ERM_REFRESH_SECONDS: Type.Number({
    minimum: 0.1,
    maximum: 3600,
    default: 5,
    description: "Between two looks at the cluster's nodes and running workloads",
  }),
  MNO_ERM_RETENTION_SECONDS: Type.Integer({
    minimum: 60,
    default: 86_400,
    description: "How long a released allocation, its decision and its idempotency key are kept",
  }),
  // Defaults: what AWS Fargate asked for Linux on x86 in us-east-1 in 2025, 0.04048 USD a vCPU hour and 0.004445 USD a GB hour.
  MNO_ERM_CPU_CORE_HOUR_USD: Type.Number({
    minimum: 0,
    default: 0.04048,
    description: "Price of one CPU core for an hour; the default is AWS Fargate's of 2025",
  }),
  MNO_ERM_MEMORY_GIB_HOUR_USD: Type.Number({
    minimum: 0,
    default: 0.004445,
    description: "Price of one GiB of memory for an hour; the default is AWS Fargate's of 2025",
  }),
  MNO_ERM_TENANT_WEIGHTS: Type.Record(Type.String(), Type.Number({ exclusiveMinimum: 0 }), {
    default: {},
    description: 'Weights in dominant resource fairness, as JSON: {"red": 2}; 1 for tenants not named',
  }),
  MNO_ERM_TENANT_QUOTAS: Type.Record(Type.String(), QuotaLimits, {
    default: {},
    description:
      'The most that tenants may hold, as JSON: {"red": {"cpuCores": 8, "gpus": 2}}; no limit where not named',
  }),
  MNO_ERM_NODE_LOST_SECONDS: Type.Number({
    minimum: 0,
    default: 60,
    description: "How long a node must be missing until gangs with a replica there are released",
  }),
});

export type Configuration = Static<typeof CONFIGURATION>;
