import type { ReplicaStatus } from "../../runtime/kernel/cluster/cluster";
import { recordScale, type ScalingHistory } from "../../runtime/scalability/auto-scaling-engine/behavior";
import { evaluate } from "../../runtime/scalability/auto-scaling-engine/engine";
import { DEFAULT_OPTIONS } from "../../runtime/scalability/auto-scaling-engine/replica-calculator";
import { DEFAULT_TOLERANCE } from "../../runtime/scalability/auto-scaling-engine/spec";
import { validateScaler } from "../../runtime/scalability/auto-scaling-engine/validate";
import type { Policy, PolicyFactory } from "./replay";

const READY: ReplicaStatus = { name: "r", node: "n", phase: "ready", restarts: 0, endpoints: {} };
const STARTING: ReplicaStatus = { ...READY, phase: "starting" };

/**
 * Kubernetes HPA as our engine computes it (which its tests hold equal to the Go code), with the defaults of
 * autoscaling/v2, on the average load per ready replica. `target`: the share of a replica's target load to aim at.
 */
export function hpa(target = 1): PolicyFactory {
  return ({ minReplicas, maxReplicas }): Policy => {
    const spec = validateScaler({
      workload: "replay",
      minReplicas,
      maxReplicas,
      metrics: [{ type: "external", name: "allocated", target: { value: target } }],
      behavior: { scaleUp: { tolerance: DEFAULT_TOLERANCE }, scaleDown: { tolerance: DEFAULT_TOLERANCE } },
    });
    let history: ScalingHistory = { recommendations: [], scaleEvents: [] };
    const replicasOf = populations();
    return ({ now, observed, ready, desired }) => {
      const result = evaluate({
        id: "replay",
        trigger: "interval",
        now,
        spec,
        current: desired,
        replicas: replicasOf(ready, desired),
        requests: { cpuCores: 0, memoryBytes: 0 },
        readings: [{ value: observed.demand / Math.max(ready, 1) }],
        history,
        options: DEFAULT_OPTIONS,
      });
      const wanted = result.decision.desiredReplicas;
      history = wanted === desired ? result.history : recordScale(spec, result.history, wanted - desired, now);
      return wanted;
    };
  };
}

/** Lists of so many ready replicas among so many, each made once. */
function populations(): (ready: number, all: number) => ReplicaStatus[] {
  const known = new Map<string, ReplicaStatus[]>();
  return (ready, all) => {
    const key = `${String(ready)}/${String(all)}`;
    const list = known.get(key) ?? Array.from({ length: all }, (_, i) => (i < ready ? READY : STARTING));
    known.set(key, list);
    return list;
  };
}
