import type { Fleet, Host } from "./fleet";
import type { Need } from "./room";

/**
 * Sees to it that what is known to come still finds a place: each of the needs on as many nodes, on or off, as `nodes`, or
 * as before where that was fewer. Filling the last large node to empty small ones, or waking it for a small replica, would
 * leave the next large one without. A need that is in no part larger than another is held by that one.
 */
export class Reserve {
  private readonly least: { need: Need; nodes: number }[];

  constructor(
    private readonly fleet: Fleet,
    needs: readonly Need[],
    private readonly nodes: number,
  ) {
    this.least = largest(needs).map((need) => ({ need, nodes: this.fitting(need) }));
  }

  get needs(): Need[] {
    return this.least.map(({ need }) => need);
  }

  holds(): boolean {
    return this.least.every(({ need, nodes }) => this.fitting(need) >= nodes);
  }

  /** Whether it would still hold with the need on this host. */
  holdsWith(host: Host, need: Need): boolean {
    const devices = host.room.fit(need);
    if (devices === undefined) return false;
    // On a copy: what is taken and given back again leaves roundings.
    const { room } = host;
    host.room = room.clone();
    host.room.take(need, devices);
    const holds = this.holds();
    host.room = room;
    return holds;
  }

  /** Nodes on which it fits, counted up to what is asked for. */
  private fitting(need: Need): number {
    let count = 0;
    for (const { node, room } of this.fleet.hosts.values()) {
      if (count >= this.nodes) break;
      if (node.eligible && room.fit(need) !== undefined) count += 1;
    }
    return count;
  }
}

/** Those that no other covers: what has room for these has room for all. */
export function largest(needs: readonly Need[]): Need[] {
  const kinds = [...new Map(needs.map((need) => [JSON.stringify(need), need])).values()];
  return kinds.filter((need) => !kinds.some((other) => other !== need && covers(other, need)));
}

const covers = (a: Need, b: Need): boolean =>
  a.cpuCores >= b.cpuCores &&
  a.memoryBytes >= b.memoryBytes &&
  (a.gpus ?? 0) >= (b.gpus ?? 0) &&
  ((b.gpus ?? 0) === 0 || String(a.gpuModels) === String(b.gpuModels));
