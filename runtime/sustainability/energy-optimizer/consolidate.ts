import { Fleet, type FleetNode, type Host, type Item, type PlacementRules } from "./fleet";

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
  wattsBefore: number;
  wattsAfter: number;
  /** What the moves, and switching on, cost once. */
  costKwh: number;
  /** Expected over the horizon, what it costs taken off; a node counts for as long as what leaves it would have kept it on. */
  savedKwh: number;
}

export interface ConsolidationOptions {
  /** Hours for which the saving has to be believed: the moves must have paid by then. */
  horizonHours: number;
  mostMoves: number;
  /** kWh to start a node, from off until it can carry. */
  bootKwh: number;
  /** Items of a higher priority are not moved. */
  mostPriority: number;
  /** Nodes without load that stay on, for the next that comes: the least thirsty are kept. */
  spareNodes: number;
}

export const CONSOLIDATION_OPTIONS: ConsolidationOptions = {
  horizonHours: 12,
  mostMoves: 100,
  bootKwh: 0.02,
  mostPriority: Infinity,
  spareNodes: 0,
};

/** Off nodes of different kinds that are tried as the new home of several others. */
const MOST_TRIED = 8;

/**
 * Which nodes to empty so that the fleet draws the least, moves paid for: steepest descent, where a step empties the node
 * whose emptying saves most energy over the horizon, each item going to where it adds fewest watts (best fit among equals);
 * and, before, a step that wakes an efficient node to empty several thirsty ones. Node count is no aim. Variable-sized bin
 * packing is NP-hard; greedy descent never makes things worse than they are.
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
  let best = descend(new Trial(fleet, options));
  for (;;) {
    const tried = wakeable(best.fleet, best.emptied).map((name) => {
      const trial = best.copy();
      trial.wake(name);
      return descend(trial);
    });
    const better = tried.toSorted((a, b) => b.savedKwh - a.savedKwh)[0];
    if (!better || better.savedKwh <= best.savedKwh + 1e-9) return best.result();
    best = better;
  }
}

/** Off nodes, one of each kind, those that need fewest watts for a core at full load first. */
function wakeable(fleet: Fleet, emptied: readonly string[]): string[] {
  const kinds = new Map<string, { name: string; wattsPerCore: number }>();
  for (const { node, on } of fleet.hosts.values()) {
    if (on || !node.eligible || emptied.includes(node.name)) continue;
    const { cpuCores, memoryBytes, gpus = 0, gpuModel = "" } = node.supply;
    const full = node.watts({ cores: cpuCores, gpus });
    const kind = [node.zone, cpuCores, memoryBytes, gpus, gpuModel, full, node.watts({ cores: 0, gpus: 0 })].join();
    if (!kinds.has(kind)) kinds.set(kind, { name: node.name, wattsPerCore: full / cpuCores });
  }
  return [...kinds.values()]
    .toSorted((a, b) => a.wattsPerCore - b.wattsPerCore)
    .slice(0, MOST_TRIED)
    .map(({ name }) => name);
}

function descend(trial: Trial): Trial {
  for (let best = trial; ;) {
    let next: Trial | undefined;
    for (const host of best.fleet.hosts.values()) {
      const emptied = best.emptying(host);
      if (emptied && emptied.savedKwh > (next ?? best).savedKwh + 1e-9) next = emptied;
    }
    if (!next) return best;
    best = next;
  }
}

/** A fleet after some moves, and what they cost. */
class Trial {
  moves: Move[] = [];
  readonly emptied: string[] = [];
  readonly woken: string[] = [];
  costKwh = 0;
  private watts: number;
  /** Without what the moves cost. */
  private grossKwh = 0;

  constructor(
    readonly fleet: Fleet,
    private readonly options: ConsolidationOptions,
    private readonly wattsBefore = total(fleet),
  ) {
    this.watts = wattsBefore;
  }

  get savedKwh(): number {
    return this.grossKwh - this.costKwh;
  }

  copy(): Trial {
    const copy = new Trial(this.fleet.copy(), this.options, this.wattsBefore);
    copy.moves = [...this.moves];
    copy.emptied.push(...this.emptied);
    copy.woken.push(...this.woken);
    copy.costKwh = this.costKwh;
    copy.watts = this.watts;
    copy.grossKwh = this.grossKwh;
    return copy;
  }

  wake(name: string): void {
    const host = this.fleet.hosts.get(name) as Host;
    host.on = true;
    const watts = this.fleet.watts(host);
    this.watts += watts;
    this.grossKwh -= (watts / 1000) * this.options.horizonHours;
    this.woken.push(name);
    this.costKwh += this.options.bootKwh;
  }

  /** The trial with this host emptied; undefined where it cannot be. */
  emptying({ node, on, items }: Host): Trial | undefined {
    if (!on || !node.eligible || this.woken.includes(node.name)) return undefined;
    const leaving = [...items.values()].map(({ item }) => item);
    const first = leaving.filter(({ id }) => !this.moves.some((move) => move.item === id)).length;
    if (this.moves.length + first > this.options.mostMoves) return undefined;
    if (leaving.some((item) => !this.mayMove(item))) return undefined;
    if (items.size === 0 && this.spares() <= this.options.spareNodes) return undefined;
    const next = this.copy();
    const from = next.fleet.hosts.get(node.name) as Host;
    next.watts -= next.fleet.watts(from);
    for (const item of leaving.toSorted(bigFirst)) {
      next.fleet.remove(from, item.id);
      if (!next.rehome(item, from)) return undefined;
    }
    if (leaving.length > 0 && next.spares() < this.options.spareNodes) return undefined;
    from.on = false;
    next.emptied.push(node.name);
    const needed =
      leaving.length > 0 ? Math.max(...leaving.map(({ remainingHours }) => remainingHours ?? Infinity)) : Infinity;
    next.grossKwh += ((this.watts - next.watts) / 1000) * Math.min(this.options.horizonHours, needed);
    return next;
  }

  result(): Consolidation {
    const { moves, emptied, woken, wattsBefore, watts, costKwh, savedKwh } = this;
    return { moves, emptied, woken, wattsBefore, wattsAfter: watts, costKwh, savedKwh };
  }

  /** Nodes that are on and carry nothing. */
  private spares(): number {
    let count = 0;
    for (const { on, node, items } of this.fleet.hosts.values())
      if (on && node.eligible && items.size === 0) count += 1;
    return count;
  }

  private mayMove(item: Item): boolean {
    if (!item.movable || item.priority > this.options.mostPriority) return false;
    const others = this.moves.filter((move) => move.workload === item.workload && move.item !== item.id);
    return others.length < this.fleet.mostMoved(item.workload);
  }

  private rehome(item: Item, from: Host): boolean {
    if (!this.mayMove(item)) return false;
    let best: { host: Host; watts: number; left: number } | undefined;
    for (const host of this.fleet.hosts.values()) {
      if (host === from || !host.on || !host.node.eligible) continue;
      if (host.room.fit(item.need) === undefined || !this.fleet.allows(item, host)) continue;
      const load = { cores: host.load.cores + item.load.cores, gpus: host.load.gpus + item.load.gpus };
      const watts = host.node.watts(load) - host.node.watts(host.load);
      const left = host.room.cpuCores / host.node.supply.cpuCores;
      if (!best || watts < best.watts - 1e-9 || (watts <= best.watts + 1e-9 && left < best.left)) {
        best = { host, watts, left };
      }
    }
    if (!best || !this.fleet.add(best.host, item)) return false;
    this.watts += best.watts;
    // Whoever was to move already goes to the last place at once: where it came from is off by then, so nobody was to use it.
    const earlier = this.moves.findIndex((move) => move.item === item.id);
    const [before] = earlier < 0 ? [] : this.moves.splice(earlier, 1);
    if (!before) this.costKwh += item.moveKwh;
    const start = before?.from ?? from.node.name;
    this.moves.push({ item: item.id, workload: item.workload, from: start, to: best.host.node.name });
    return true;
  }
}

const total = (fleet: Fleet): number => [...fleet.hosts.values()].reduce((sum, host) => sum + fleet.watts(host), 0);

const bigFirst = (a: Item, b: Item): number =>
  (b.need.gpus ?? 0) - (a.need.gpus ?? 0) ||
  b.need.cpuCores - a.need.cpuCores ||
  b.need.memoryBytes - a.need.memoryBytes ||
  (a.id < b.id ? -1 : 1);
