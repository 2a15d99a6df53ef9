import { perDevice, tightestDevice } from "./devices";
import type { NodeSupply } from "./capacity";
import { type Amount, amountOf, BUILT_IN, entriesOf, GPU, WHOLE_GPU } from "./quantities";

/** Every state of every node has a number of its own, so that what was computed from it can be kept until it changes. */
let revisions = 0;

/**
 * What each node has and what is used of it, in flat arrays by the node's index: nodes are in the order of their names, and
 * a decision looks at all of them. Negative free is where what runs has outgrown the node.
 */
export class NodeTable {
  readonly size: number;
  /** cpu, memory, gpu, then the custom ones that some node has. */
  readonly resources: readonly string[];
  /** By resource, then by node. */
  readonly allocatable: readonly Float64Array[];
  readonly ready: Uint8Array;
  /** Devices of node n are those from firstDevice[n] to firstDevice[n + 1]. */
  readonly firstDevice: Int32Array;
  /** Devices of the node that has most. */
  readonly mostDevices: number;
  /** By resource, what the node that has most of it has. */
  readonly largest: Float64Array;
  private readonly indexByName: ReadonlyMap<string, number>;

  /** By resource, then by node. */
  readonly free: readonly Float64Array[];
  /** Thousandths left of each device. */
  readonly deviceFree: Float64Array;
  readonly revision: Float64Array;
  /** Thousandths of each device that allocations have named. */
  private readonly pinned: Float64Array;
  /** By resource, over the ready nodes. */
  private readonly inAll: Float64Array;
  private readonly freeInAll: Float64Array;

  /** `like` is the table to be a copy of. */
  constructor(
    readonly supplies: readonly NodeSupply[],
    like?: NodeTable,
  ) {
    this.size = supplies.length;
    if (like) {
      ({ resources: this.resources, allocatable: this.allocatable, ready: this.ready } = like);
      ({ firstDevice: this.firstDevice, indexByName: this.indexByName } = like);
      ({ mostDevices: this.mostDevices, largest: this.largest, inAll: this.inAll } = like);
      this.free = like.free.map((values) => values.slice());
      this.deviceFree = like.deviceFree.slice();
      this.revision = like.revision.slice();
      this.pinned = like.pinned.slice();
      this.freeInAll = like.freeInAll.slice();
      return;
    }
    const custom = new Set(supplies.flatMap(({ allocatable }) => Object.keys(allocatable.custom ?? {})));
    this.resources = [...BUILT_IN, ...[...custom].sort()];
    this.ready = Uint8Array.from(supplies, ({ ready }) => Number(ready));
    this.indexByName = new Map(supplies.map(({ name }, index) => [name, index]));
    this.allocatable = this.resources.map(() => new Float64Array(this.size));
    this.firstDevice = new Int32Array(this.size + 1);
    supplies.forEach(({ allocatable }, node) => {
      for (const [resource, value] of entriesOf(allocatable)) {
        (this.allocatable[this.resources.indexOf(resource)] as Float64Array)[node] = value;
      }
      const devices = Math.floor((allocatable.gpuMilli ?? 0) / WHOLE_GPU);
      this.firstDevice[node + 1] = (this.firstDevice[node] as number) + Math.max(devices, 0);
    });
    this.free = this.allocatable.map((values) => values.slice());
    this.deviceFree = new Float64Array(this.firstDevice[this.size] as number).fill(WHOLE_GPU);
    this.pinned = new Float64Array(this.deviceFree.length);
    this.revision = Float64Array.from(supplies, () => (revisions += 1));
    this.mostDevices = supplies.reduce((most, _, node) => Math.max(most, this.devicesOn(node).length), 0);
    this.largest = Float64Array.from(this.allocatable, (values) => values.reduce((a, b) => Math.max(a, b), 0));
    this.inAll = Float64Array.from(this.allocatable, (values) => this.sum((node) => values[node] as number));
    this.freeInAll = this.inAll.slice();
  }

  copy(): NodeTable {
    return new NodeTable(this.supplies, this);
  }

  /** Of a node by name; undefined where the cluster has none of that name. */
  indexOf(name: string): number | undefined {
    return this.indexByName.get(name);
  }

  freeOn(node: number): Amount {
    return amountOf(this.resources, (resource) => (this.free[resource] as Float64Array)[node] as number);
  }

  usedOn(node: number): Amount {
    return amountOf(
      this.resources,
      (resource) => this.of(this.allocatable, resource, node) - this.of(this.free, resource, node),
    );
  }

  /** Thousandths left of each of the node's GPUs. */
  devicesOn(node: number): number[] {
    return [...this.deviceFree.subarray(this.firstDevice[node], this.firstDevice[node + 1])];
  }

  totals(): { allocatable: Amount; free: Amount } {
    return { allocatable: amountOf(this.resources, (resource) => this.total(resource)), free: this.totalFree() };
  }

  /** Allocatable of the resource over all ready nodes. */
  total(resource: number): number {
    return this.inAll[resource] as number;
  }

  /** Of all ready nodes; a node that is over its allocatable has nothing free. */
  totalFree(): Amount {
    return amountOf(this.resources, (resource) => this.freeInAll[resource] as number);
  }

  /** Uses that much more of the node, or less; `was` and `pins` are thousandths by device before and after. */
  use(node: number, growth: Amount, was: readonly number[] = [], pins: readonly number[] = []): void {
    this.count(node, -1);
    for (const [resource, value] of entriesOf(growth)) {
      const free = this.free[this.resources.indexOf(resource)];
      if (free) free[node] = (free[node] as number) - value;
    }
    const first = this.firstDevice[node] as number;
    const end = this.firstDevice[node + 1] as number;
    for (let device = first; device < end; device++) {
      const change = (pins[device - first] ?? 0) - (was[device - first] ?? 0);
      this.pinned[device] = (this.pinned[device] as number) + change;
    }
    if (end > first) this.settle(node, first, end);
    this.count(node, 1);
    this.revision[node] = revisions += 1;
  }

  /** Takes over the revisions of nodes that are as they were in `before`. */
  keepRevisions(before: NodeTable): void {
    if (before.resources.join() !== this.resources.join()) return;
    for (let node = 0; node < this.size; node++) {
      const { name, zone, gpuModel } = this.supplies[node] as NodeSupply;
      const was = before.indexOf(name);
      if (was === undefined || !this.equals(node, before, was)) continue;
      const then = before.supplies[was] as NodeSupply;
      if (then.zone === zone && then.gpuModel === gpuModel) this.revision[node] = before.revision[was] as number;
    }
  }

  /** What is used and named no device is put where it leaves the others whole: into the tightest, then into whole ones. */
  private settle(node: number, first: number, end: number): void {
    let unpinned = this.of(this.allocatable, GPU, node) - this.of(this.free, GPU, node);
    for (let device = first; device < end; device++) {
      const pinned = this.pinned[device] as number;
      this.deviceFree[device] = Math.max(WHOLE_GPU - pinned, 0);
      unpinned -= pinned;
    }
    while (unpinned > 0) {
      const share = perDevice(unpinned);
      let device = tightestDevice(this.deviceFree, first, end, share);
      if (device < 0) device = fullestOf(this.deviceFree, first, end);
      const left = this.deviceFree[device] as number;
      if (left === 0) return;
      this.deviceFree[device] = Math.max(left - share, 0);
      unpinned -= Math.min(share, left);
    }
  }

  private equals(node: number, before: NodeTable, was: number): boolean {
    for (let resource = 0; resource < this.resources.length; resource++) {
      if (this.of(this.free, resource, node) !== this.of(before.free, resource, was)) return false;
      if (this.of(this.allocatable, resource, node) !== this.of(before.allocatable, resource, was)) return false;
    }
    const offset = (before.firstDevice[was] as number) - (this.firstDevice[node] as number);
    for (let device = this.firstDevice[node] as number; device < (this.firstDevice[node + 1] as number); device++) {
      if (this.deviceFree[device] !== before.deviceFree[device + offset]) return false;
    }
    return true;
  }

  /** Adds the node to the total free, or takes it out. */
  private count(node: number, sign: number): void {
    if (!this.ready[node]) return;
    for (let resource = 0; resource < this.resources.length; resource++) {
      const free = Math.max(this.of(this.free, resource, node), 0);
      this.freeInAll[resource] = (this.freeInAll[resource] as number) + sign * free;
    }
  }

  private sum(valueOf: (node: number) => number): number {
    let sum = 0;
    for (let node = 0; node < this.size; node++) if (this.ready[node]) sum += valueOf(node);
    return sum;
  }

  private of(values: readonly Float64Array[], resource: number, node: number): number {
    return (values[resource] as Float64Array)[node] as number;
  }
}

/** The device with the most left. */
function fullestOf(free: Float64Array, first: number, end: number): number {
  let most = first;
  for (let device = first + 1; device < end; device++)
    if ((free[device] as number) > (free[most] as number)) most = device;
  return most;
}
