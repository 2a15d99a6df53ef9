import type { WorkloadSpec } from "../../../exports";
import type { ReplicaStatus } from "../cluster";
import { templateKey } from "./spec";

/** One workload's desired state, as it is kept on disk (workloads.json). */
export interface WorkloadRecord {
  /** As applied, secrets included. */
  spec: WorkloadSpec;
  generation: number;
  /** The live number of replicas, which scaling may have changed since. */
  replicas: number;
  suspended: boolean;
  /** Port name -> stable port, chosen ones included, so that clients find it again after a restart. */
  ports: Record<string, number>;
  /** A job's completions that have ended: they are not run again by the next supervisor. */
  finished: FinishedReplica[];
}

export type FinishedReplica = ReplicaStatus & { phase: "succeeded" | "failed"; ordinal: number };

/**
 * The record after `spec` was applied to it; the same generation where nothing changed. A live number of replicas that an
 * autoscaler owns stays. `suspended` follows the spec where it says so; where it does not, a live suspension stays,
 * unless it came from the spec before.
 */
export function applySpec(
  record: WorkloadRecord | undefined,
  spec: WorkloadSpec,
  ports: Record<string, number>,
): WorkloadRecord {
  if (!record)
    return { spec, generation: 1, replicas: spec.replicas, suspended: spec.suspended ?? false, ports, finished: [] };
  const mostReplicas = spec.ports?.some((port) => port.direct) ? 1 : Infinity;
  const unsaid = record.spec.suspended === undefined ? record.suspended : false;
  return revise(record, {
    spec,
    ports,
    replicas: spec.scaledBy === undefined ? spec.replicas : Math.min(record.replicas, mostReplicas),
    suspended: spec.suspended ?? unsaid,
    finished: templateKey(spec) === templateKey(record.spec) ? record.finished : [],
  });
}

/** The record with `change` made, one generation on, or the record itself where it changes nothing. */
export function revise(record: WorkloadRecord, change: Partial<Omit<WorkloadRecord, "generation">>): WorkloadRecord {
  const revised = { ...record, ...change };
  const same = JSON.stringify(revised) === JSON.stringify(record);
  return same ? record : { ...revised, generation: record.generation + 1 };
}
