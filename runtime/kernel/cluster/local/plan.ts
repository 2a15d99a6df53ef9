import type { WorkloadSpec } from "../../../exports";
import type { ReplicaPhase } from "../cluster";

/** How many replicas may run beyond the desired number while a changed workload rolls. */
export const SURGE = 1;

/** What the plan needs to know of a replica. */
export interface PlannedReplica {
  name: string;
  /** Grows with each replica of the workload: the larger, the younger. */
  ordinal: number;
  phase: ReplicaPhase;
  /** Whether it was started from the workload's present template. */
  current: boolean;
  /** In phase "backoff": when it may run again, milliseconds since the epoch. */
  restartAt?: number;
}

export type Action = { type: "start" } | { type: "stop"; name: string } | { type: "restart"; name: string };

/** What is wanted: `replicas` is the live number, which an autoscaler may have changed since the spec was applied. */
export type Desired = Pick<WorkloadSpec, "kind" | "replicas" | "suspended" | "ports">;

/**
 * What to do now so that the replicas approach what is wanted. Pure and free of memory: it is asked again after every
 * change, and answers nothing when there is nothing to do.
 */
export function plan(desired: Desired, replicas: readonly PlannedReplica[], now: number): Action[] {
  const actions = desired.kind === "job" ? planJob(desired, replicas) : planService(desired, replicas);
  const stopped = new Set(actions.map((action) => (action.type === "stop" ? action.name : undefined)));
  for (const replica of replicas) {
    const due = replica.phase === "backoff" && (replica.restartAt ?? now) <= now;
    if (due && !desired.suspended && !stopped.has(replica.name)) actions.push({ type: "restart", name: replica.name });
  }
  return actions;
}

function planService(desired: Desired, replicas: readonly PlannedReplica[]): Action[] {
  const wanted = desired.suspended ? 0 : desired.replicas;
  const live = replicas.filter((replica) => replica.phase !== "stopping").sort(leastUseful);
  const current = live.filter((replica) => replica.current);
  const old = live.filter((replica) => !replica.current);
  if (wanted === 0) return live.map(stop);

  // One process can hold a direct port: the old one goes, and only then the new one comes.
  if (isExclusive(desired)) {
    const surplus = [...old, ...current.slice(0, Math.max(0, current.length - wanted))];
    return [...surplus.map(stop), ...(replicas.length === 0 ? [start] : [])];
  }

  const surplus = current.slice(0, Math.max(0, current.length - wanted));
  const kept = current.slice(surplus.length);
  // Old replicas go as new ones become ready; one that is not ready yet cannot stand in for an old one.
  const unavailable = kept.filter((replica) => replica.phase !== "ready").length;
  const replaceable = clamp(kept.length + old.length - wanted - unavailable, old.length);
  const actions: Action[] = [...surplus, ...old.slice(0, replaceable)].map(stop);

  const missing = wanted - kept.length;
  const vacancies = clamp(wanted - kept.length - (old.length - replaceable), missing);
  const surge = old.length > replaceable && replicas.length < wanted + SURGE ? SURGE : 0;
  return [...actions, ...times(Math.max(vacancies, clamp(surge, missing)), start)];
}

/** A job's replica is one completion: it stays, as succeeded or failed, when its process has ended. */
function planJob(desired: Desired, replicas: readonly PlannedReplica[]): Action[] {
  const old = replicas.filter((replica) => !replica.current && replica.phase !== "stopping");
  const present = replicas.filter((replica) => replica.current && replica.phase !== "stopping").sort(leastUseful);
  // Resuming runs again whatever had not completed, so nothing but completions is kept while suspended.
  const kept = desired.suspended ? present.filter((replica) => replica.phase === "succeeded") : present;
  const dropped = present.filter((replica) => !kept.includes(replica));
  const surplus = kept.slice(0, Math.max(0, kept.length - desired.replicas));
  const stops = [...old, ...dropped, ...surplus].map(stop);
  if (desired.suspended) return stops;
  const blocked = isExclusive(desired) && replicas.length > 0;
  return [...stops, ...times(blocked ? 0 : desired.replicas - kept.length, start)];
}

function isExclusive(desired: Desired): boolean {
  return desired.ports?.some((port) => port.direct) ?? false;
}

/** First what serves nobody, then the youngest. */
function leastUseful(a: PlannedReplica, b: PlannedReplica): number {
  const usefulness = (replica: PlannedReplica): number =>
    replica.phase === "succeeded" ? 2 : replica.phase === "ready" ? 1 : 0;
  return usefulness(a) - usefulness(b) || b.ordinal - a.ordinal;
}

const start: Action = { type: "start" };

function stop(replica: PlannedReplica): Action {
  return { type: "stop", name: replica.name };
}

function times<T>(count: number, value: T): T[] {
  return Array.from({ length: Math.max(0, count) }, () => value);
}

function clamp(value: number, upper: number): number {
  return Math.max(0, Math.min(value, upper));
}
