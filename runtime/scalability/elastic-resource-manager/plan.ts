import type { Allocation } from "./allocation";
import { Capacity, type CapacitySnapshot } from "./capacity";
import type { Demand } from "./demand";
import { place } from "./engine";
import type { Quota } from "./quotas";
import { RequestMix, type RequestMixSnapshot } from "./request-mix";

/** What a what-if plan is made of; plain data, for it crosses to a worker thread. */
export interface PlanInput {
  state: CapacitySnapshot;
  demands: readonly Demand[];
  /** RFC 3339, UTC. */
  time: string;
  weights: Readonly<Record<string, number>>;
  /** What has been asked for so far. */
  mix: RequestMixSnapshot;
  /** By tenant; undefined is no limit. */
  quotas: ReadonlyMap<string, Quota | undefined>;
  /** Active allocations, of which some may be preempted. */
  held: ReadonlyMap<string, Allocation>;
}

export interface PlannedDemand {
  outcome: "allocated" | "refused";
  /** Node of each replica, in order; empty where refused. */
  nodes: string[];
  reasons: string[];
}

/** Runs on a worker thread: where the demands would go if all of them came now, in this order. Nothing is recorded. */
export default function plan({ state, demands, time, weights, mix, quotas, held }: PlanInput): PlannedDemand[] {
  const decisions = place(Capacity.restore(state), demands, {
    time,
    weights,
    mix: RequestMix.restore(mix),
    nextId: () => "",
    quotas: (tenant) => quotas.get(tenant),
    held,
  });
  return decisions.map(({ outcome, chosen, reasons }) => ({ outcome, nodes: [...chosen], reasons: [...reasons] }));
}
