import type { Load, NodePower } from "./node-power";
import { type Need, Room, type Supply } from "./room";

/** A replica as the planner sees it. */
export interface Item {
  id: string;
  workload: string;
  node: string;
  need: Need;
  /** What it really uses. */
  load: Load;
  /** GPUs that it holds on its node, by their numbers; where absent the planner takes them as if it had come just now. */
  devices?: readonly number[];
  /** false: a daemon, a local volume, a replica that nothing would start again; it keeps its node on. */
  movable: boolean;
  /** kWh that the move itself costs: the overlap of old and new, and what has to be done again. */
  moveKwh: number;
  /** Hours that it is expected to go on; for ever where absent. A node whose items are soon gone is soon empty anyway. */
  remainingHours?: number;
  /** Higher is moved later. */
  priority: number;
}

export interface FleetNode {
  name: string;
  zone: string;
  /** Switched on, or awake. */
  on: boolean;
  /** Ready, schedulable and ours to switch off. A node that is not is neither emptied nor filled. */
  eligible: boolean;
  supply: Supply;
  watts: NodePower;
}

/** Rules that a workload's replicas are placed by. */
export interface PlacementRules {
  /** At most so many replicas on one node. */
  mostPerNode?: number;
  /** Replicas stay in this zone. */
  zone?: string;
  /** Zones' counts differ by at most this (Kubernetes: topologySpreadConstraints.maxSkew). */
  mostZoneSkew?: number;
  /** Replicas that one plan may move (Kubernetes: PodDisruptionBudget). */
  mostMoved?: number;
}

export interface Placed {
  item: Item;
  devices: readonly number[];
}

export interface Host {
  readonly node: FleetNode;
  on: boolean;
  room: Room;
  load: Load;
  items: Map<string, Placed>;
}

/** What is free of the node, over what it has: mean of cores, memory and, where it has any, GPUs. Best fit is where least is. */
export function freeShare({ node: { supply }, room }: Host): number {
  const gpus = supply.gpus ?? 0;
  let sum = room.cpuCores / supply.cpuCores + room.memoryBytes / supply.memoryBytes;
  if (gpus === 0) return sum / 2;
  for (const device of room.devices) sum += device / gpus;
  return sum / 3;
}

/** W of the node with nothing on it. */
export const idleWatts = ({ node }: Host): number => node.watts({ cores: 0, gpus: 0 });

/** Nodes with what is on them; the planner tries moves on a copy. */
export class Fleet {
  readonly hosts: Map<string, Host>;
  private readonly zones: readonly string[];

  constructor(
    private readonly nodes: readonly FleetNode[],
    private readonly rules: ReadonlyMap<string, PlacementRules> = new Map(),
  ) {
    this.hosts = new Map(
      nodes.map((node) => [
        node.name,
        { node, on: node.on, room: new Room(node.supply), load: { cores: 0, gpus: 0 }, items: new Map() },
      ]),
    );
    this.zones = [...new Set(nodes.filter(({ eligible }) => eligible).map(({ zone }) => zone))];
  }

  copy(): Fleet {
    const copy = new Fleet(this.nodes, this.rules);
    for (const [name, host] of this.hosts) {
      copy.hosts.set(name, {
        ...host,
        room: host.room.clone(),
        load: { ...host.load },
        items: new Map(host.items),
      });
    }
    return copy;
  }

  /** Puts the item on its host; `there`: it stands there already, with its devices, were it more than there is room for. */
  add(host: Host, item: Item, there = false): boolean {
    const devices = (there ? item.devices : undefined) ?? host.room.fit(item.need) ?? (there ? [] : undefined);
    if (devices === undefined) return false;
    this.put(host, { item, devices });
    return true;
  }

  /** Puts it there with just these devices; who asks knows that they are free. */
  put(host: Host, placed: Placed): void {
    const { item, devices } = placed;
    host.room.take(item.need, devices);
    host.load.cores += item.load.cores;
    host.load.gpus += item.load.gpus;
    host.items.set(item.id, placed);
  }

  remove(host: Host, id: string): Placed {
    const placed = host.items.get(id) as Placed;
    const { item, devices } = placed;
    host.room.give(item.need, devices);
    host.load.cores = Math.max(0, host.load.cores - item.load.cores);
    host.load.gpus = Math.max(0, host.load.gpus - item.load.gpus);
    host.items.delete(id);
    return placed;
  }

  /** W of the host; one that is off draws nothing. */
  watts({ on, node, load }: Host): number {
    return on ? node.watts(load) : 0;
  }

  /** Whether the workload's rules let the item stand there; the item itself is nowhere while it is asked. */
  allows(item: Item, host: Host): boolean {
    const { mostPerNode, zone, mostZoneSkew } = this.rules.get(item.workload) ?? {};
    if (zone !== undefined && host.node.zone !== zone) return false;
    if (mostPerNode !== undefined) {
      let there = 0;
      for (const other of host.items.values()) if (other.item.workload === item.workload) there += 1;
      if (there >= mostPerNode) return false;
    }
    if (mostZoneSkew === undefined) return true;
    const counts = new Map(this.zones.map((name) => [name, 0]));
    counts.set(host.node.zone, 1);
    for (const { node, items } of this.hosts.values()) {
      for (const other of items.values()) {
        if (other.item.workload === item.workload) counts.set(node.zone, (counts.get(node.zone) ?? 0) + 1);
      }
    }
    return (counts.get(host.node.zone) as number) - Math.min(...counts.values()) <= mostZoneSkew;
  }

  mostMoved(workload: string): number {
    return this.rules.get(workload)?.mostMoved ?? Infinity;
  }
}
