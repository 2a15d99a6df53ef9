import { perDevice } from "./devices";
import { NodeTable } from "./node-table";
import { type Amount, isSome, larger, plus, ZERO } from "./quantities";

/** A node as the engine sees it. */
export interface NodeSupply {
  readonly name: string;
  readonly zone: string;
  readonly ready: boolean;
  readonly allocatable: Amount;
  /** Of its GPUs; absent where it has none, or nobody says. */
  readonly gpuModel?: string;
  /** Absent is none. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** What an allocation takes: one `amount` for each entry of `nodes`. */
export interface Claim {
  readonly tenant: string;
  readonly workload: string | null;
  readonly amount: Amount;
  /** Node of each replica; a node may occur more than once. */
  readonly nodes: readonly string[];
  /** GPUs of each replica, by their numbers on its node; absent where it asks for none. */
  readonly devices?: readonly (readonly number[])[];
}

/** One replica that runs on a node, with what it requests there. */
export interface RunningReplica {
  readonly workload: string;
  readonly node: string;
  readonly amount: Amount;
}

/** What one group holds on one node. */
interface Hold {
  readonly allocated: Amount;
  readonly allocatedReplicas: number;
  /** Thousandths of each device that allocations take; absent where they take none. */
  readonly pins?: readonly number[];
  readonly running: Amount;
  readonly runningReplicas: number;
}

type Running = Pick<Hold, "running" | "runningReplicas">;

const NOT_RUNNING: Running = { running: ZERO, runningReplicas: 0 };
const NOTHING: Hold = { allocated: ZERO, allocatedReplicas: 0, ...NOT_RUNNING };

export interface CapacitySnapshot {
  readonly supplies: readonly NodeSupply[];
  readonly groups: ReadonlyMap<string, ReadonlyMap<string, Hold>>;
  readonly tenants: ReadonlyMap<string, Amount>;
}

/**
 * What is used where. A group is a workload, or a tenant where the allocation names no workload. Used on a node by a group
 * is the larger of what is allocated to it there and what its running replicas request there, per resource: an allocation
 * for a workload that already runs does not count twice.
 *
 * A fork has a copy of the nodes' table, sees its base's groups and keeps its own changes, so a batch is placed on a fork
 * and thrown away when its transaction fails: there is nothing to roll back.
 */
export class Capacity {
  /** By group and node. A fork has only what it changed; what it emptied holds nothing. */
  private readonly groups = new Map<string, Map<string, Hold>>();
  private readonly tenants = new Map<string, Amount>();

  private constructor(
    private nodeTable: NodeTable,
    private readonly base?: Capacity,
  ) {}

  static of(nodes: readonly NodeSupply[] = []): Capacity {
    const capacity = new Capacity(new NodeTable([]));
    capacity.setNodes(nodes);
    return capacity;
  }

  /** The state as plain data, to be sent to a worker thread. Of a root only: a fork is short-lived. */
  snapshot(): CapacitySnapshot {
    return { supplies: this.nodeTable.supplies, groups: this.groups, tenants: this.tenants };
  }

  static restore(snapshot: CapacitySnapshot): Capacity {
    const capacity = new Capacity(new NodeTable([]));
    for (const [group, holds] of snapshot.groups) capacity.groups.set(group, new Map(holds));
    for (const [tenant, amount] of snapshot.tenants) capacity.tenants.set(tenant, amount);
    capacity.setNodes(snapshot.supplies);
    return capacity;
  }

  fork(): Capacity {
    return new Capacity(this.nodeTable.copy(), this);
  }

  /** The nodes in numbers, by name; equal scores are decided by this order. */
  get table(): NodeTable {
    return this.nodeTable;
  }

  get nodes(): readonly NodeSupply[] {
    return this.nodeTable.supplies;
  }

  node(name: string): NodeSupply | undefined {
    const index = this.nodeTable.indexOf(name);
    return index === undefined ? undefined : this.nodes[index];
  }

  /** What is held on a node that is away is remembered, and counts again when the node is back. */
  setNodes(nodes: readonly NodeSupply[]): void {
    const before = this.nodeTable;
    this.nodeTable = new NodeTable([...nodes].sort((a, b) => (a.name < b.name ? -1 : 1)));
    for (const holds of this.groups.values()) {
      for (const [node, hold] of holds) this.use(node, NOTHING, hold);
    }
    this.nodeTable.keepRevisions(before);
  }

  /**
   * Replaces what runs. What no replica runs any more falls back to what is allocated. Where nothing changed nothing is
   * touched: what was computed of those nodes stays good.
   */
  setRunning(replicas: readonly RunningReplica[]): void {
    const running = new Map<string, Map<string, Running>>();
    for (const [group, holds] of this.groups) {
      for (const [node, { runningReplicas }] of holds)
        if (runningReplicas > 0) runningOf(running, group).set(node, NOT_RUNNING);
    }
    for (const { workload, node, amount } of replicas) {
      const nodes = runningOf(running, groupOf({ tenant: "", workload }));
      const { running: sum, runningReplicas } = nodes.get(node) ?? NOT_RUNNING;
      nodes.set(node, { running: plus(sum, amount), runningReplicas: runningReplicas + 1 });
    }
    for (const [group, nodes] of running) {
      for (const [node, next] of nodes) {
        const hold = this.holdOf(group, node);
        const same = hold.runningReplicas === next.runningReplicas && !isSome(plus(hold.running, next.running, -1));
        if (!same) this.hold(group, node, { ...hold, ...next });
      }
    }
  }

  take(claim: Claim): void {
    this.change(claim, 1);
  }

  /** Gives back exactly what `take` of the same claim took. */
  give(claim: Claim): void {
    this.change(claim, -1);
  }

  /** Nothing, of a node that the cluster does not have. */
  usedOn(node: string): Amount {
    const index = this.nodeTable.indexOf(node);
    return index === undefined ? ZERO : this.nodeTable.usedOn(index);
  }

  allocatedTo(tenant: string): Amount {
    return this.tenants.get(tenant) ?? this.base?.allocatedTo(tenant) ?? ZERO;
  }

  /** Tenants that hold something. */
  tenantNames(): string[] {
    const names = new Set([...(this.base?.tenantNames() ?? []), ...this.tenants.keys()]);
    return [...names].filter((name) => isSome(this.allocatedTo(name))).sort();
  }

  /** Replicas of the claim's group per node: allocated or running, whichever is more. */
  replicasPerNode(claim: Pick<Claim, "tenant" | "workload">): Map<string, number> {
    const counts = new Map(this.base?.replicasPerNode(claim));
    for (const [node, hold] of this.groups.get(groupOf(claim)) ?? []) {
      counts.set(node, Math.max(hold.allocatedReplicas, hold.runningReplicas));
    }
    return counts;
  }

  /** Allocatable and free over all ready nodes; a node that is over its allocatable has nothing free. */
  totals(): { allocatable: Amount; free: Amount } {
    return this.nodeTable.totals();
  }

  private change(claim: Claim, sign: 1 | -1): void {
    const group = groupOf(claim);
    claim.nodes.forEach((node, replica) => {
      const hold = this.holdOf(group, node);
      const pins = pinned(hold.pins, claim.devices?.[replica], sign * perDevice(claim.amount.gpuMilli ?? 0));
      this.hold(group, node, {
        allocated: plus(hold.allocated, claim.amount, sign),
        allocatedReplicas: hold.allocatedReplicas + sign,
        running: hold.running,
        runningReplicas: hold.runningReplicas,
        ...(pins && { pins }),
      });
    });
    const held = plus(this.allocatedTo(claim.tenant), claim.amount, sign * claim.nodes.length);
    // The root forgets what holds nothing, for tenants come and go; a fork must keep it, to hide what its base says.
    if (this.base || isSome(held)) this.tenants.set(claim.tenant, held);
    else this.tenants.delete(claim.tenant);
  }

  private hold(group: string, node: string, next: Hold): void {
    const before = this.holdOf(group, node);
    const holds = this.groups.get(group) ?? new Map<string, Hold>();
    const some = next.allocatedReplicas > 0 || next.runningReplicas > 0;
    if (some || this.base) holds.set(node, next);
    else holds.delete(node);
    if (holds.size > 0) this.groups.set(group, holds);
    else this.groups.delete(group);
    this.use(node, before, next);
  }

  /** Brings the table from what a group held on the node to what it holds. */
  private use(node: string, before: Hold, next: Hold): void {
    const index = this.nodeTable.indexOf(node);
    if (index === undefined) return;
    const growth = plus(larger(next.allocated, next.running), larger(before.allocated, before.running), -1);
    this.nodeTable.use(index, growth, before.pins, next.pins);
  }

  private holdOf(group: string, node: string): Hold {
    return this.groups.get(group)?.get(node) ?? this.base?.holdOf(group, node) ?? NOTHING;
  }
}

function groupOf(claim: Pick<Claim, "tenant" | "workload">): string {
  return claim.workload === null ? `tenant:${claim.tenant}` : `workload:${claim.workload}`;
}

/** Thousandths by device, with `milli` more on each of `devices`; undefined where nothing is on any. */
function pinned(
  pins: readonly number[] = [],
  devices: readonly number[] = [],
  milli: number,
): readonly number[] | undefined {
  if (devices.length === 0) return pins.length > 0 ? pins : undefined;
  const next = [...pins];
  for (const device of devices) {
    while (next.length <= device) next.push(0);
    next[device] = (next[device] as number) + milli;
  }
  return next.some((each) => each !== 0) ? next : undefined;
}

/** What runs of the group, by node, to be filled in. */
function runningOf(running: Map<string, Map<string, Running>>, group: string): Map<string, Running> {
  let nodes = running.get(group);
  if (!nodes) running.set(group, (nodes = new Map<string, Running>()));
  return nodes;
}
