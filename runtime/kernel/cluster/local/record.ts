import { KUBERNETES_ANNOTATIONS, RELEASE_ANNOTATIONS, type WorkloadSpec } from "../../../exports";
import type { Isolation, ReplicaStatus } from "../cluster";
import { templateKey } from "../spec";

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
  /** Why the workload is cut off, and since when. */
  isolation?: Omit<Isolation, "held"> | undefined;
  /** How often a job that was over was held for another run. */
  renewals?: number;
}

export type FinishedReplica = ReplicaStatus & { phase: "succeeded" | "failed"; ordinal: number };

/** Whether none of its replicas are to run, however many it has. */
export function isHeld({ suspended, isolation }: Pick<WorkloadRecord, "suspended" | "isolation">): boolean {
  return suspended || isolation !== undefined;
}

/** What the replicas of a record have in common: those of another template, or of an earlier run, make room for it. */
export function templateOf({ spec, renewals }: Pick<WorkloadRecord, "spec" | "renewals">): string {
  return renewals === undefined ? templateKey(spec) : `${templateKey(spec)} ${String(renewals)}`;
}

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
  const held = spec.annotations?.[KUBERNETES_ANNOTATIONS.admission] !== undefined;
  if (!record) {
    const suspended = held || (spec.suspended ?? false);
    return { spec, generation: 1, replicas: spec.replicas, suspended, ports, finished: [] };
  }
  const changed = templateKey(spec) !== templateKey(record.spec);
  const known = Object.entries(record.spec.annotations ?? {}).filter(([name]) => RELEASE_ANNOTATIONS.includes(name));
  const mostReplicas = spec.ports?.some((port) => port.direct) ? 1 : Infinity;
  const unsaid = record.spec.suspended === undefined ? record.suspended : false;
  return revise(record, {
    spec: held && !changed ? annotate(spec, Object.fromEntries(known)) : spec,
    ports,
    replicas: spec.scaledBy === undefined ? spec.replicas : Math.min(record.replicas, mostReplicas),
    // A job that is held until its capacity is granted is released by whoever grants it, and held again when it changes.
    suspended: held ? changed || record.suspended : (spec.suspended ?? unsaid),
    finished: changed ? [] : record.finished,
  });
}

/** The spec with further annotations; the same where there are none. */
export function annotate(spec: WorkloadSpec, annotations: Record<string, string>): WorkloadSpec {
  if (Object.keys(annotations).length === 0) return spec;
  return { ...spec, annotations: { ...spec.annotations, ...annotations } };
}

/** The record with `change` made, one generation on, or the record itself where it changes nothing. */
export function revise(record: WorkloadRecord, change: Partial<Omit<WorkloadRecord, "generation">>): WorkloadRecord {
  const revised = { ...record, ...change };
  const same = JSON.stringify(revised) === JSON.stringify(record);
  return same ? record : { ...revised, generation: record.generation + 1 };
}
