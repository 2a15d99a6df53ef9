import type { Consolidation, ConsolidationOptions, Move } from "./consolidate";
import { type Fleet, freeShare, type Host, idleWatts, type Item, type Placed } from "./fleet";
import { inOrder } from "./order";
import { seeded } from "../../kernel/random";
import { Reserve } from "./reserve";
import { wakeable } from "./wakeable";
import { wakingOrder } from "./waking";

/** kWh by which an empty node is a worse new home than a full one: it packs tightly where energy says nothing. */
const LOOSE_KWH = 0.03;
/** Best fit is right on the whole and wrong in the single case: its figure is taken times 1 - NOISE / 2 to 1 + NOISE / 2. */
const NOISE = 0.6;
/** kWh by which a node that has to be opened for it is a worse new home, beyond what it uses. */
const OPENED_KWH = 0.1;
const MOST_RUINED = 3;
/** One try in so many may wake a node; such a try ruins up to so many nodes. */
const WAKE_EVERY = 4;
const MOST_RUINED_FOR_WAKE = 6;
/** Less is rounding. */
const LEAST_GAIN_KWH = 1e-9;

interface Stand extends Placed {
  host: Host;
}

/** The search for one plan. What it keeps is always reachable by moves that have room when they come. */
export class Search {
  private readonly start: Fleet;
  private readonly wasOn: ReadonlySet<Host>;
  private readonly origin = new Map<string, Stand>();
  private readonly reserve: Reserve;
  private readonly wattsBefore: number;
  private moves: Move[] = [];
  private gainedKwh = 0;

  constructor(
    private readonly fleet: Fleet,
    private readonly options: ConsolidationOptions,
  ) {
    this.start = fleet.copy();
    this.wasOn = new Set([...fleet.hosts.values()].filter(({ on }) => on));
    for (const host of fleet.hosts.values()) {
      for (const [id, placed] of host.items) this.origin.set(id, { ...placed, host });
    }
    this.reserve = new Reserve(fleet, options.reserve, options.reserveNodes);
    this.wattsBefore = this.watts();
  }

  run(): void {
    const asleep = wakeable(this.fleet);
    // What is empty goes first: it takes no move.
    const loaded = ({ items }: Host): number => (items.size > 0 ? 1 : 0);
    const thirstiest = this.ours().toSorted((a, b) => loaded(a) - loaded(b) || idleWatts(b) - idleWatts(a));
    for (const host of thirstiest) this.attempt([host], () => 0.5);
    const random = seeded(1);
    for (let tried = 0; tried < this.options.tries; tried++) {
      const wake = tried % WAKE_EVERY === 0 ? asleep[Math.floor(random() * asleep.length)] : undefined;
      const ruined = this.choose(random, 1 + Math.floor(random() * (wake ? MOST_RUINED_FOR_WAKE : MOST_RUINED)));
      if (ruined.length > 0) this.attempt(ruined, random, wake);
    }
  }

  result(): Consolidation {
    const { moves, wattsBefore, gainedKwh, options } = this;
    const changed = (was: boolean): string[] =>
      namesOf([...this.fleet.hosts.values()].filter((host) => this.wasOn.has(host) === was && host.on !== was));
    const woken = changed(false);
    const off = [...this.fleet.hosts.values()].filter(({ on, node }) => !on && node.eligible);
    const costKwh = moves.reduce((sum, { item }) => sum + this.origin.get(item)!.item.moveKwh, 0);
    return {
      moves,
      emptied: changed(true),
      woken,
      waking: this.reserve.needs.map((need) => ({ need, nodes: namesOf(wakingOrder(off, need, this.reserve)) })),
      wattsBefore,
      wattsAfter: this.watts(),
      costKwh: costKwh + woken.length * options.bootKwh,
      savedKwh: gainedKwh + moves.length * options.disruptionKwh,
    };
  }

  /** Nodes to ruin: the first may be emptied, the likelier the more it draws for the less on it; the others make room. */
  private choose(random: () => number, count: number): Host[] {
    const ours = this.ours();
    const first = draw(
      ours.filter(({ items }) => [...items.values()].every(({ item }) => this.mayMove(item))),
      (host) => idleWatts(host) * (0.05 + freeShare(host)),
      random,
    );
    if (!first) return [];
    const chosen = new Set([first]);
    for (let more = 1; more < count; more++) chosen.add(ours[Math.floor(random() * ours.length)] as Host);
    return [...chosen];
  }

  /** Lifts what may move off these nodes and puts it back by best fit; kept where that is better and breaks nothing. */
  private attempt(ruined: readonly Host[], random: () => number, wake?: Host): void {
    const undo: (() => void)[] = [];
    const used = new Map<Host, number>();
    let gain = 0;
    const touch = (host: Host): void => void (used.has(host) || used.set(host, this.kwhOf(host)));
    const turn = (host: Host, on: boolean): void => {
      undo.push(() => (host.on = !on));
      host.on = on;
    };
    const lifted: Stand[] = [];
    for (const from of ruined) {
      touch(from);
      for (const { item } of [...from.items.values()].filter((placed) => this.mayMove(placed.item))) {
        const placed = this.fleet.remove(from, item.id);
        undo.push(() => this.fleet.put(from, placed));
        lifted.push({ ...placed, host: from });
      }
      if (from.items.size === 0) turn(from, false);
    }
    const kept = lifted
      .toSorted((a, b) => bigFirst(a.item, b.item))
      .every((before) => {
        const { item } = before;
        const after = this.home(item, random, wake);
        if (!after) return false;
        const { host } = after;
        touch(host);
        if (!host.on) turn(host, true);
        this.fleet.put(host, after);
        undo.push(() => this.fleet.remove(host, item.id));
        gain += this.moveKwh(before) - this.moveKwh(after);
        return true;
      });
    for (const [host, kwh] of used) gain += kwh - this.kwhOf(host);
    const moves = kept && gain > LEAST_GAIN_KWH && this.allowed() ? inOrder(this.start, this.targets()) : undefined;
    if (moves) {
      this.moves = moves;
      this.gainedKwh += gain;
    } else {
      for (const step of undo.reverse()) step();
    }
  }

  /** Where the item costs least, of the nodes that are on, were until the plan emptied them, or may be woken. */
  private home(item: Item, random: () => number, wake?: Host): Stand | undefined {
    let best: { stand: Stand; kwh: number } | undefined;
    for (const host of this.fleet.hosts.values()) {
      if (!host.node.eligible || !(host.on || host === wake || this.wasOn.has(host))) continue;
      const devices = this.devicesOn(host, item);
      if (devices === undefined || !this.fleet.allows(item, host)) continue;
      const stand = { item, devices, host };
      const loose = LOOSE_KWH * freeShare(host) * (1 - NOISE / 2 + NOISE * random());
      const kwh = this.addedKwh(item, host) + this.moveKwh(stand) + loose + (host.on ? 0 : OPENED_KWH);
      if (!best || kwh < best.kwh) best = { stand, kwh };
    }
    return best?.stand;
  }

  /** On its own node an item keeps its devices where it can. */
  private devicesOn(host: Host, item: Item): readonly number[] | undefined {
    const own = this.origin.get(item.id) as Stand;
    return host === own.host && host.room.fitsOn(item.need, own.devices) ? own.devices : host.room.fit(item.need);
  }

  /** Of a node while what was freed stays free: its load for all of that time, itself for as long as something is on it. */
  private kwhOf(host: Host): number {
    if (!host.on) return 0;
    const idle = idleWatts(host);
    const work = this.fleet.watts(host) - idle;
    const boot = this.wasOn.has(host) ? 0 : this.options.bootKwh;
    return (idle * this.hoursOf(host) + work * this.options.lifetimeHours) / 1000 + boot;
  }

  private addedKwh(item: Item, host: Host): number {
    const { lifetimeHours, bootKwh } = this.options;
    const load = { cores: host.load.cores + item.load.cores, gpus: host.load.gpus + item.load.gpus };
    const work = host.node.watts(load) - host.node.watts(host.load);
    const already = host.on ? this.hoursOf(host) : 0;
    const longer = Math.max(0, Math.min(lifetimeHours, item.remainingHours ?? Infinity) - already);
    const boot = host.on || this.wasOn.has(host) ? 0 : bootKwh;
    return (work * lifetimeHours + idleWatts(host) * longer) / 1000 + boot;
  }

  private hoursOf({ items }: Host): number {
    const { lifetimeHours } = this.options;
    if (items.size === 0) return lifetimeHours;
    let hours = 0;
    for (const { item } of items.values()) hours = Math.max(hours, item.remainingHours ?? Infinity);
    return Math.min(hours, lifetimeHours);
  }

  private moveKwh(stand: Stand): number {
    return this.hasMoved(stand) ? stand.item.moveKwh + this.options.disruptionKwh : 0;
  }

  /** To another GPU of the same node is a move too: it has to be started again there. */
  private hasMoved({ item, host, devices }: Stand): boolean {
    const own = this.origin.get(item.id) as Stand;
    return host !== own.host || devices.some((device, at) => device !== own.devices[at]);
  }

  private mayMove({ movable, priority }: Item): boolean {
    return movable && priority <= this.options.mostPriority;
  }

  private targets(): Map<string, Host> {
    const targets = new Map<string, Host>();
    for (const host of this.fleet.hosts.values()) {
      for (const [id, placed] of host.items) if (this.hasMoved({ ...placed, host })) targets.set(id, host);
    }
    return targets;
  }

  private allowed(): boolean {
    const { mostMoves, spareNodes } = this.options;
    const targets = this.targets();
    if (targets.size > mostMoves) return false;
    const moved = Map.groupBy(targets.keys(), (id) => this.origin.get(id)!.item.workload);
    for (const [workload, ids] of moved) if (ids.length > this.fleet.mostMoved(workload)) return false;
    const spares = this.ours().filter(({ items }) => items.size === 0).length;
    return spares >= spareNodes && this.reserve.holds();
  }

  private ours(): Host[] {
    return [...this.fleet.hosts.values()].filter(({ on, node }) => on && node.eligible);
  }

  private watts(): number {
    return [...this.fleet.hosts.values()].reduce((sum, host) => sum + this.fleet.watts(host), 0);
  }
}

const namesOf = (hosts: readonly Host[]): string[] => hosts.map(({ node }) => node.name);

/** One of them, by chance in proportion to its weight. */
function draw<T>(all: readonly T[], weightOf: (one: T) => number, random: () => number): T | undefined {
  const weights = all.map(weightOf);
  let rest = random() * weights.reduce((sum, weight) => sum + weight, 0);
  const at = weights.findIndex((weight) => (rest -= weight) <= 0);
  return all[at < 0 ? all.length - 1 : at];
}

const bigFirst = (a: Item, b: Item): number =>
  (b.need.gpus ?? 0) - (a.need.gpus ?? 0) ||
  b.need.cpuCores - a.need.cpuCores ||
  b.need.memoryBytes - a.need.memoryBytes ||
  (a.id < b.id ? -1 : 1);
