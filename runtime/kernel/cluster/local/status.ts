import type { WorkloadPhase } from "../cluster";
import type { PlannedReplica } from "./plan";
import { isHeld, type WorkloadRecord } from "./record";

/**
 * The phase of a workload, from its parts. Degraded means that something fails (a crash, a probe, a port that is taken);
 * progressing that it is merely not there yet.
 */
export function workloadPhase(
  record: WorkloadRecord,
  replicas: readonly PlannedReplica[],
  portsBound: boolean,
): WorkloadPhase {
  const live = replicas.filter((replica) => replica.phase !== "stopping");
  const current = live.filter((replica) => replica.current);
  const count = (phase: PlannedReplica["phase"]): number => current.filter((replica) => replica.phase === phase).length;
  if (record.spec.kind === "job") {
    if (count("succeeded") >= record.replicas) return "succeeded";
    if (isHeld(record)) return "suspended";
    if (count("failed") > 0 && count("failed") + count("succeeded") >= record.replicas) return "failed";
    return count("backoff") > 0 || count("failed") > 0 || !portsBound ? "degraded" : "progressing";
  }
  if (isHeld(record)) return "suspended";
  if (!portsBound || live.some((replica) => replica.phase === "backoff" || replica.phase === "unready"))
    return "degraded";
  return count("ready") === record.replicas && live.length === record.replicas ? "ready" : "progressing";
}
