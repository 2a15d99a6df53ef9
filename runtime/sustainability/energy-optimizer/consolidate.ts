import { Fleet, type FleetNode, type Item, type PlacementRules } from "./fleet";
import { Search } from "./search";
import type { Need } from "./room";

export interface Move {
  item: string;
  workload: string;
  from: string;
  to: string;
}

export interface Consolidation {
  /** In an order in which every move has room. */
  moves: Move[];
  /** Nodes that carry nothing afterwards and are switched off. */
  emptied: string[];
  /** Nodes that have to be switched on first. */
  woken: string[];
  /** For each of the largest that is known to come: nodes that are off afterwards, in the order to wake them in for it. */
  waking: { need: Need; nodes: string[] }[];
  wattsBefore: number;
  wattsAfter: number;
  /** What the moves, and switching on, cost once. */
  costKwh: number;
  /** Expected for as long as what was freed stays free, what it costs taken off; a node counts for no longer than what leaves it would have kept it on. */
  savedKwh: number;
}

export interface ConsolidationOptions {
  /** Hours for which freed power is expected to stay free, till work that comes fills the gap: learned from plans that are over. */
  lifetimeHours: number;
  mostMoves: number;
  /** kWh to start a node, from off until it can carry. */
  bootKwh: number;
  /** kWh that a move has to save beyond what it costs: the price of the disruption, not energy that anything uses. */
  disruptionKwh: number;
  /** Items of a higher priority are not moved. */
  mostPriority: number;
  /** Nodes without load that stay on, for the next that comes: the least thirsty are kept. */
  spareNodes: number;
  /** What is known to come; each still finds a place on `reserveNodes` nodes (`Reserve`). */
  reserve: readonly Need[];
  reserveNodes: number;
  /** Ruins that are tried. */
  tries: number;
}

/** What the engine runs with and what bench/energy measures; `lifetimeHours` by MNO_EO_LIFETIME_HOURS. */
export const CONSOLIDATION_OPTIONS: ConsolidationOptions = {
  lifetimeHours: 4,
  mostMoves: 100,
  bootKwh: 0.02,
  disruptionKwh: 0.05,
  mostPriority: Infinity,
  spareNodes: 0,
  reserve: [],
  reserveNodes: 2,
  tries: 100,
};

/**
 * Which nodes to empty so that the fleet uses the least while what was freed stays free, moves and their disruption paid for:
 * first each node alone, the thirstiest first, and then a large neighbourhood search by ruin and recreate (Schrimpf et al.
 * 2000): what stands on one to three nodes is lifted and put back by best fit, now and then with another node woken, and
 * only what is better is kept. Node count is no aim. Variable-sized bin packing is NP-hard; this never makes things worse
 * than they are, and gives the same plan for the same fleet.
 */
export function consolidate(
  nodes: readonly FleetNode[],
  items: readonly Item[],
  rules: ReadonlyMap<string, PlacementRules> = new Map(),
  options: ConsolidationOptions = CONSOLIDATION_OPTIONS,
): Consolidation {
  const fleet = new Fleet(nodes, rules);
  for (const item of items) {
    const host = fleet.hosts.get(item.node);
    if (host) fleet.add(host, item, true);
  }
  const search = new Search(fleet, options);
  search.run();
  return search.result();
}
