import { Capacity, type CapacitySnapshot } from "./capacity";
import type { Demand } from "./demand";
import { place } from "./engine";

/** What a what-if plan is made of; plain data, for it crosses to a worker thread. */
export interface PlanInput {
  state: CapacitySnapshot;
  demands: readonly Demand[];
  /** RFC 3339, UTC. */
  time: string;
  weights: Readonly<Record<string, number>>;
}

export interface PlannedDemand {
  outcome: "allocated" | "refused";
  /** Node of each replica, in order; empty where refused. */
  nodes: string[];
  reasons: string[];
}

/** Runs on a worker thread: where the demands would go if all of them came now, in this order. Nothing is recorded. */
export default function plan({ state, demands, time, weights }: PlanInput): PlannedDemand[] {
  const decisions = place(Capacity.restore(state), demands, { time, weights, nextId: () => "" });
  return decisions.map(({ outcome, chosen, reasons }) => ({ outcome, nodes: [...chosen], reasons: [...reasons] }));
}
