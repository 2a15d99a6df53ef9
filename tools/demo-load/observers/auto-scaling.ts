import type { Decision } from "../../../runtime/scalability/auto-scaling-engine/decision";
import { type Observer, OBSERVED } from "./observer";

export interface AutoScaling {
  ready: number;
  desired: number;
  minimum: number;
  maximum: number;
  /** Replicas that the forecast comes to; absent where the scaler makes none. */
  forecast?: { replicas: number; trusted: boolean };
}

/** How the workload's replicas stand, and what the autoscaler makes of that. */
export function autoScaling(workload: string): Observer<AutoScaling> {
  return {
    engine: "auto-scaling-engine",
    async look(api) {
      const query = `workload=${encodeURIComponent(workload)}&limit=${String(OBSERVED)}`;
      const { items } = (await api.get(`/auto-scaling-engine/v1/decisions?${query}`)) as { items: Decision[] };
      const newest = items[0];
      if (!newest) throw new Error(`nothing is decided about "${workload}" yet`);
      // What changed something stays in sight longer than the evaluations after it that kept everything.
      const shown = items.find(({ action }) => action === "scaled") ?? newest;
      return {
        state: stateFrom(newest),
        // The conclusion first: reasons come in the order in which they came up.
        newest: { at: shown.time, text: shown.reasons.toReversed().join("; ") },
        decided: items.map((decision) => ({ id: decision.id, at: decision.time, kind: kindOf(decision) })),
      };
    },
  };
}

function stateFrom({ inputs, desiredReplicas, prediction }: Decision): AutoScaling {
  return {
    ready: inputs.readyReplicas,
    desired: desiredReplicas,
    minimum: inputs.scaler.minReplicas,
    maximum: inputs.scaler.maxReplicas,
    ...(prediction && { forecast: { replicas: prediction.replicas, trusted: prediction.trusted } }),
  };
}

function kindOf({ action, inputs, desiredReplicas }: Decision): string {
  if (action !== "scaled") return action;
  return desiredReplicas > inputs.currentReplicas ? "scaled up" : "scaled down";
}
