import type { Consolidation } from "../../runtime/sustainability/energy-optimizer/consolidate";
import { Fleet, type FleetNode, type Host, type Item } from "../../runtime/sustainability/energy-optimizer/fleet";
import { STANDBY_WATTS } from "./power";
import { largest } from "../../runtime/sustainability/energy-optimizer/reserve";
import type { Need } from "../../runtime/sustainability/energy-optimizer/room";
import type { TimedPod } from "./trace";

/** From off until it takes pods. */
export const BOOT_SECONDS = 180;
/** A node that carries nothing for so long is switched off. */
const IDLE_SECONDS = 600;
/** A pod starts within this, or the objective is breached. */
const START_SECONDS = 300;
/** Share of what it requests that a pod uses: the trace has requests only. */
const USED = { cores: 0.4, gpus: 0.5 };
/** Old and new of a moved pod run side by side. */
const OVERLAP_HOURS = 2 / 60;
/** A pod is moved when it has run for so long: most are gone sooner. */
const SETTLED_SECONDS = 3600;

export interface Policy {
  name: string;
  alwaysOn: boolean;
  /** Least is chosen, of the nodes that are on and have room. */
  score: (host: Host) => number;
  /** Which of the nodes that are off is woken; `seen` is what pods asked for that came so far. */
  wake: (off: Host[], need: Need, fleet: Fleet, seen: readonly Need[]) => Host | undefined;
  /** Every hour; undefined: nothing is moved. */
  plan?: (nodes: FleetNode[], items: Item[], seen: readonly Need[]) => Consolidation;
}

interface Running {
  item: Item;
  node: string;
  begun: number;
}

/** The week on a fleet under a policy. All times in seconds from its start. */
export class Replay {
  now = 0;
  kwh = 0;
  moves = 0;
  breaches = 0;
  /** Seconds that pods waited for a node to start. */
  waits: number[] = [];
  private fleet: Fleet;
  private running = new Map<string, Running>();
  private readyAt = new Map<string, number>();
  private emptySince = new Map<string, number>();
  private ends: { at: number; id: string }[] = [];
  private waiting: TimedPod[] = [];
  private next = 0;

  constructor(
    nodes: readonly FleetNode[],
    private readonly pods: readonly TimedPod[],
    private readonly policy: Policy,
    /** The largest that pods asked for, so far; at first, before the week began. */
    private seen: readonly Need[] = [],
  ) {
    this.fleet = new Fleet(nodes.map((node) => ({ ...node, on: policy.alwaysOn })));
  }

  fork(): Replay {
    const copy = new Replay([], this.pods, this.policy, this.seen);
    const { now, kwh, moves, breaches, next } = this;
    Object.assign(copy, { now, kwh, moves, breaches, next });
    copy.waits = [...this.waits];
    copy.fleet = this.fleet.copy();
    copy.running = new Map(this.running);
    copy.readyAt = new Map(this.readyAt);
    copy.emptySince = new Map(this.emptySince);
    copy.ends = [...this.ends];
    copy.waiting = [...this.waiting];
    return copy;
  }

  /** Goes on until the time; nobody moves anything meanwhile. */
  runUntil(end: number): void {
    for (;;) {
      const arrival = this.pods[this.next]?.from ?? Infinity;
      const departure = this.ends[0]?.at ?? Infinity;
      const off = this.policy.alwaysOn ? Infinity : Math.min(Infinity, ...this.emptySince.values()) + IDLE_SECONDS;
      const at = Math.min(arrival, departure, off);
      if (at > end) break;
      this.advance(at);
      if (departure <= at) this.depart();
      else if (off <= at) this.switchOff();
      else this.arrive(this.pods[this.next++]!);
    }
    this.advance(end);
  }

  /**
   * What is planned now; nothing is done. Pods that have not settled keep their nodes; what is empty, and will be switched off
   * in any case, is no plan's merit. A pod is expected to run as long again as it has (Lindy's law).
   */
  plan(): Consolidation | undefined {
    const nodes = [...this.fleet.hosts.values()].map(({ node, on, items }) => ({
      ...node,
      on,
      eligible: (this.readyAt.get(node.name) ?? 0) <= this.now && (!on || items.size > 0),
    }));
    const items = [...this.running.values()].map(({ item, node, begun }) => ({
      ...item,
      node,
      devices: this.host(node).items.get(item.id)!.devices,
      movable: this.now - begun >= SETTLED_SECONDS,
      remainingHours: Math.max(0, this.now - begun) / 3600,
    }));
    return this.policy.plan?.(nodes, items, this.seen);
  }

  /** Does it. What the moves cost, and emptied nodes that wait for a woken one, are counted. */
  carryOut({ moves, emptied, woken, costKwh }: Consolidation): void {
    this.kwh += costKwh;
    if (woken.length > 0) {
      for (const name of emptied) this.kwh += (this.fleet.watts(this.host(name)) * BOOT_SECONDS) / 3.6e6;
    }
    for (const name of woken) this.host(name).on = true;
    for (const { item: id, from, to } of moves) {
      const running = this.running.get(id)!;
      this.fleet.remove(this.host(from), id);
      if (!this.fleet.add(this.host(to), running.item)) throw new Error(`a planned move of ${id} to ${to} has no room`);
      this.running.set(id, { ...running, node: to });
      this.emptySince.delete(to);
      this.moves += 1;
    }
    for (const name of emptied) {
      if (this.host(name).items.size > 0) throw new Error(`${name} was to be emptied and is not`);
      this.host(name).on = false;
      this.emptySince.delete(name);
    }
  }

  /** Pods that still wait when the week is over were never placed. */
  finish(): void {
    this.breaches += this.waiting.length;
    this.waiting = [];
  }

  private arrive(pod: TimedPod): void {
    this.seen = largest([...this.seen, pod.need]);
    if (!this.place(pod)) this.waiting.push(pod);
  }

  private place(pod: TimedPod): boolean {
    const host = this.choose(pod) ?? this.wake(pod);
    if (!host) return false;
    const { name, supply, watts } = host.node;
    if (!host.on) {
      host.on = true;
      this.readyAt.set(name, this.now + BOOT_SECONDS);
    }
    const { cpuCores, gpus = 0 } = pod.need;
    const load = { cores: cpuCores * USED.cores, gpus: gpus * USED.gpus };
    const none = watts({ cores: 0, gpus: 0 });
    const item: Item = {
      id: pod.id,
      workload: pod.id,
      node: name,
      need: pod.need,
      load,
      movable: false,
      moveKwh:
        ((watts({ cores: Math.min(load.cores, supply.cpuCores), gpus: load.gpus }) - none) * OVERLAP_HOURS) / 1000,
      priority: 0,
    };
    this.fleet.add(host, item);
    this.emptySince.delete(name);
    const begun = Math.max(this.now, this.readyAt.get(name) ?? 0);
    this.running.set(pod.id, { item, node: name, begun: begun - pod.age });
    this.insert({ at: begun + pod.seconds, id: pod.id });
    // What ran already when the week began waited for nothing.
    if (pod.from > 0) {
      this.waits.push(begun - pod.from);
      if (begun - pod.from > START_SECONDS) this.breaches += 1;
    }
    return true;
  }

  private choose({ need }: TimedPod): Host | undefined {
    const { score } = this.policy;
    return [...this.fleet.hosts.values()]
      .filter(({ on, room }) => on && room.fit(need) !== undefined)
      .map((host) => ({ host, score: score(host) }))
      .sort((a, b) => a.score - b.score)[0]?.host;
  }

  private wake({ need }: TimedPod): Host | undefined {
    const off = [...this.fleet.hosts.values()].filter(({ on }) => !on);
    return this.policy.wake(off, need, this.fleet, this.seen);
  }

  private depart(): void {
    const { id } = this.ends.shift()!;
    const { node } = this.running.get(id)!;
    this.running.delete(id);
    const host = this.host(node);
    this.fleet.remove(host, id);
    if (host.items.size === 0) this.emptySince.set(node, this.now);
    this.waiting = this.waiting.filter((pod) => !this.place(pod));
  }

  private switchOff(): void {
    for (const [name, since] of this.emptySince) {
      if (since + IDLE_SECONDS > this.now) continue;
      this.host(name).on = false;
      this.emptySince.delete(name);
    }
  }

  private advance(to: number): void {
    let watts = 0;
    for (const host of this.fleet.hosts.values()) watts += this.fleet.watts(host) + STANDBY_WATTS;
    this.kwh += (watts * (to - this.now)) / 3.6e6;
    this.now = to;
  }

  private insert(end: { at: number; id: string }): void {
    let [low, high] = [0, this.ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.ends[middle]!.at <= end.at) low = middle + 1;
      else high = middle;
    }
    this.ends.splice(low, 0, end);
  }

  private host(name: string): Host {
    return this.fleet.hosts.get(name)!;
  }
}
