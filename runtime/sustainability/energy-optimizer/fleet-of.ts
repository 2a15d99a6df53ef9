import type { ClusterNode, WorkloadStatus } from "../../kernel/cluster/cluster";
import type { PowerModel } from "../../kernel/energy/power-model";
import type { ResourceQuantities } from "../../exports";
import type { FleetNode, Item, PlacementRules } from "./fleet";
import { nodePower } from "./node-power";
import type { Need } from "./room";

/** Old and new run side by side for about so long when a replica moves. */
const OVERLAP_HOURS = 2 / 60;

/**
 * Nodes as the planner sees them; one without a power model is neither emptied nor filled. `emptied` are nodes that a plan
 * has emptied: where one is not ready it was switched off, and may be woken.
 */
export function fleetNodes(
  nodes: readonly ClusterNode[],
  models: ReadonlyMap<string, PowerModel>,
  emptied: ReadonlySet<string> = new Set(),
): FleetNode[] {
  return nodes.map(({ name, zone, ready, allocatable, capacity }) => {
    const model = models.get(name);
    return {
      name,
      zone,
      on: ready || !emptied.has(name),
      eligible: (ready || emptied.has(name)) && model !== undefined,
      supply: { cpuCores: allocatable.cpuCores, memoryBytes: allocatable.memoryBytes, gpus: allocatable.gpus ?? 0 },
      watts: model ? nodePower(model, capacity.cpuCores) : () => 0,
    };
  });
}

/**
 * Replicas as the planner sees them. To be moved a replica must be of a ready service that has another one beside it, and
 * its use must be known; at most half of a workload moves in one plan. `requests` replaces what a workload requests.
 * The reserve is what a replica of each asks for, of those without a replica too: sleeping, suspended, or over and run again.
 */
export function fleetItems(
  workloads: readonly WorkloadStatus[],
  fleet: readonly FleetNode[],
  requests: ReadonlyMap<string, ResourceQuantities> = new Map(),
): { items: Item[]; rules: Map<string, PlacementRules>; reserve: Need[] } {
  const items: Item[] = [];
  const rules = new Map<string, PlacementRules>();
  const reserve: Need[] = [];
  const watts = new Map(
    fleet.map(({ name, supply, watts: of }) => [name, of({ cores: supply.cpuCores, gpus: 0 }) / supply.cpuCores]),
  );
  for (const { spec, phase, desiredReplicas, replicas } of workloads) {
    const { cpuCores, memoryBytes, gpus = 0 } = requests.get(spec.name) ?? spec.requests;
    const need: Need = { cpuCores, memoryBytes, gpus };
    reserve.push(need);
    rules.set(spec.name, { mostMoved: Math.floor(desiredReplicas / 2) });
    for (const { name, node, usage } of replicas) {
      const cores = usage?.cpuCores ?? cpuCores;
      items.push({
        id: name,
        workload: spec.name,
        node,
        need,
        load: { cores, gpus },
        movable: spec.kind === "service" && phase === "ready" && desiredReplicas > 1 && usage !== undefined,
        moveKwh: (cores * (watts.get(node) ?? 0) * OVERLAP_HOURS) / 1000,
        priority: 0,
      });
    }
  }
  return { items, rules, reserve };
}
