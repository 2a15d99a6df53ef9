import {
  type Consolidation,
  CONSOLIDATION_OPTIONS,
  consolidate,
} from "../../runtime/sustainability/energy-optimizer/consolidate";
import {
  Fleet,
  type FleetNode,
  freeShare as free,
  type Host,
  type Item,
} from "../../runtime/sustainability/energy-optimizer/fleet";
import { Reserve } from "../../runtime/sustainability/energy-optimizer/reserve";
import { wakingOrder } from "../../runtime/sustainability/energy-optimizer/waking";
import type { Policy } from "./replay";

const size = ({ node: { supply } }: Host): number => supply.cpuCores + 32 * (supply.gpus ?? 0);
/** The smallest that has room. */
const smallest: Policy["wake"] = (off, need) =>
  off.filter(({ room }) => room.fit(need) !== undefined).toSorted((a, b) => size(a) - size(b))[0];

export const SPREAD: Policy = {
  name: "spread, always on",
  alwaysOn: true,
  score: (host) => -free(host),
  wake: smallest,
};

/** Best fit, and what is empty is switched off; a pod that fits nowhere wakes the smallest node that has room. */
export const BEST_FIT: Policy = { name: "best fit, empty nodes off", alwaysOn: false, score: free, wake: smallest };

/** And every hour what is used less than half is emptied by best fit, as the cluster autoscaler and Karpenter do. */
export const BEST_FIT_CONSOLIDATION: Policy = { ...BEST_FIT, name: "consolidation by best fit", plan: byBestFit };

/** Our order of waking, and nothing is moved: what of the saving is the order's, and what the plans'. */
export const OURS_UNPLANNED: Policy = {
  name: "energy optimizer, nothing moved",
  alwaysOn: false,
  score: free,
  wake: (off, need, fleet, reserve) =>
    wakingOrder(off, need, new Reserve(fleet, reserve, CONSOLIDATION_OPTIONS.reserveNodes))[0],
};

/** Pods are placed by best fit too; nodes are woken by their idle power for what they hold, and consolidated by the engine. */
export const OURS: Policy = {
  ...OURS_UNPLANNED,
  name: "energy optimizer",
  plan: (nodes, items, reserve) => consolidate(nodes, items, new Map(), { ...CONSOLIDATION_OPTIONS, reserve }),
};

/** Power plays no part: the emptiest node goes first, whatever it draws. */
function byBestFit(nodes: FleetNode[], items: Item[]): Consolidation {
  const fleet = new Fleet(nodes);
  for (const item of items) fleet.add(fleet.hosts.get(item.node)!, item, true);
  const total = (): number => [...fleet.hosts.values()].reduce((sum, host) => sum + fleet.watts(host), 0);
  const plan: Consolidation = {
    moves: [],
    emptied: [],
    woken: [],
    waking: [],
    wattsBefore: total(),
    wattsAfter: 0,
    costKwh: 0,
    savedKwh: 0,
  };
  const moved = new Set<string>();
  for (const from of [...fleet.hosts.values()].sort((a, b) => free(b) - free(a))) {
    const leaving = [...from.items.values()].map(({ item }) => item);
    if (!from.on || !from.node.eligible || free(from) < 0.5) continue;
    if (leaving.some(({ movable, id }) => !movable || moved.has(id))) continue;
    const done: { item: Item; to: Host }[] = [];
    for (const item of leaving) {
      const [to] = [...fleet.hosts.values()]
        .filter(
          (host) => host !== from && host.on && host.node.eligible && host.items.size > 0 && host.room.fit(item.need),
        )
        .sort((a, b) => free(a) - free(b));
      if (!to) break;
      fleet.remove(from, item.id);
      fleet.add(to, item);
      done.push({ item, to });
    }
    if (done.length < leaving.length) {
      for (const { item, to } of done) {
        fleet.remove(to, item.id);
        fleet.add(from, item, true);
      }
      continue;
    }
    from.on = false;
    plan.emptied.push(from.node.name);
    for (const { item, to } of done) {
      moved.add(item.id);
      plan.moves.push({ item: item.id, workload: item.workload, from: from.node.name, to: to.node.name });
      plan.costKwh += item.moveKwh;
    }
  }
  plan.wattsAfter = total();
  return plan;
}
