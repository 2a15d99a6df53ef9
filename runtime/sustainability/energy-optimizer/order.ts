import type { Move } from "./consolidate";
import type { Fleet, Host } from "./fleet";

/**
 * The moves to these targets in an order in which each has room, and keeps its rules, when it comes; undefined where there
 * is none without a detour: two that would have to change places.
 */
export function inOrder(start: Fleet, targets: ReadonlyMap<string, Host>): Move[] | undefined {
  const fleet = start.copy();
  const at = new Map<string, Host>();
  for (const host of fleet.hosts.values()) for (const id of host.items.keys()) at.set(id, host);
  const moves: Move[] = [];
  let waiting = [...targets].map(([id, { node }]) => ({ id, to: fleet.hosts.get(node.name) as Host }));
  while (waiting.length > 0) {
    const left = waiting.filter(({ id, to }) => {
      const from = at.get(id) as Host;
      const placed = fleet.remove(from, id);
      const { item } = placed;
      if (fleet.allows(item, to) && fleet.add(to, item)) {
        moves.push({ item: id, workload: item.workload, from: from.node.name, to: to.node.name });
        return false;
      }
      fleet.put(from, placed);
      return true;
    });
    if (left.length === waiting.length) return undefined;
    waiting = left;
  }
  return moves;
}
