import { type Amount, larger, plus, ZERO } from "./quantities";

/** A node as the engine sees it. */
export interface NodeSupply {
  readonly name: string;
  readonly zone: string;
  readonly ready: boolean;
  readonly allocatable: Amount;
}

/** What an allocation takes: one `amount` for each entry of `nodes`. */
export interface Claim {
  readonly tenant: string;
  readonly workload: string | null;
  readonly amount: Amount;
  /** Node of each replica; a node may occur more than once. */
  readonly nodes: readonly string[];
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
  readonly running: Amount;
  readonly runningReplicas: number;
}

const NOTHING: Hold = { allocated: ZERO, allocatedReplicas: 0, running: ZERO, runningReplicas: 0 };

export interface CapacitySnapshot {
  readonly supplies: ReadonlyMap<string, NodeSupply>;
  readonly groups: ReadonlyMap<string, ReadonlyMap<string, Hold>>;
  readonly used: ReadonlyMap<string, Amount>;
  readonly tenants: ReadonlyMap<string, Amount>;
}

/**
 * What is used where. A group is a workload, or a tenant where the allocation names no workload. Used on a node by a group
 * is the larger of what is allocated to it there and what its running replicas request there, per resource: an allocation
 * for a workload that already runs does not count twice.
 *
 * A fork sees its base and keeps its own changes, so a batch is placed on a fork and thrown away when its transaction
 * fails: there is nothing to roll back.
 */
export class Capacity {
  private readonly groups = new Map<string, ReadonlyMap<string, Hold>>();
  private readonly used = new Map<string, Amount>();
  private readonly tenants = new Map<string, Amount>();

  private constructor(
    private supplies: ReadonlyMap<string, NodeSupply>,
    private readonly base?: Capacity,
  ) {}

  static of(nodes: readonly NodeSupply[] = []): Capacity {
    const capacity = new Capacity(new Map());
    capacity.setNodes(nodes);
    return capacity;
  }

  /** The state as plain data, to be sent to a worker thread. Of a root only: a fork is short-lived. */
  snapshot(): CapacitySnapshot {
    return { supplies: this.supplies, groups: this.groups, used: this.used, tenants: this.tenants };
  }

  static restore(snapshot: CapacitySnapshot): Capacity {
    const capacity = new Capacity(snapshot.supplies);
    for (const [group, holds] of snapshot.groups) capacity.groups.set(group, holds);
    for (const [node, amount] of snapshot.used) capacity.used.set(node, amount);
    for (const [tenant, amount] of snapshot.tenants) capacity.tenants.set(tenant, amount);
    return capacity;
  }

  fork(): Capacity {
    return new Capacity(this.supplies, this);
  }

  /** Nodes by name; equal scores are decided by this order. */
  get nodes(): Iterable<NodeSupply> {
    return this.supplies.values();
  }

  node(name: string): NodeSupply | undefined {
    return this.supplies.get(name);
  }

  setNodes(nodes: readonly NodeSupply[]): void {
    const sorted = [...nodes].sort((a, b) => (a.name < b.name ? -1 : 1));
    this.supplies = new Map(sorted.map((node) => [node.name, node]));
  }

  /** Replaces what runs. What no replica runs any more falls back to what is allocated. */
  setRunning(replicas: readonly RunningReplica[]): void {
    for (const group of [...this.groups.keys()]) {
      for (const [node, hold] of this.group(group)) {
        if (hold.runningReplicas > 0) this.hold(group, node, { ...hold, running: ZERO, runningReplicas: 0 });
      }
    }
    for (const replica of replicas) {
      const group = groupOf({ tenant: "", workload: replica.workload });
      const hold = this.group(group).get(replica.node) ?? NOTHING;
      this.hold(group, replica.node, {
        ...hold,
        running: plus(hold.running, replica.amount),
        runningReplicas: hold.runningReplicas + 1,
      });
    }
  }

  take(claim: Claim): void {
    this.change(claim, 1);
  }

  /** Gives back exactly what `take` of the same claim took. */
  give(claim: Claim): void {
    this.change(claim, -1);
  }

  usedOn(node: string): Amount {
    return this.used.get(node) ?? this.base?.usedOn(node) ?? ZERO;
  }

  /** Allocatable less used; negative where what runs outgrew the node. */
  freeOn(node: NodeSupply): Amount {
    return plus(node.allocatable, this.usedOn(node.name), -1);
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
    const counts = new Map<string, number>();
    for (const [node, hold] of this.group(groupOf(claim))) {
      counts.set(node, Math.max(hold.allocatedReplicas, hold.runningReplicas));
    }
    return counts;
  }

  /** Allocatable and free over all ready nodes; a node that is over its allocatable has nothing free. */
  totals(): { allocatable: Amount; free: Amount } {
    let allocatable = ZERO;
    let free = ZERO;
    for (const node of this.nodes) {
      if (!node.ready) continue;
      allocatable = plus(allocatable, node.allocatable);
      free = plus(free, larger(this.freeOn(node), ZERO));
    }
    return { allocatable, free };
  }

  private change(claim: Claim, sign: 1 | -1): void {
    const group = groupOf(claim);
    for (const node of claim.nodes) {
      const hold = this.group(group).get(node) ?? NOTHING;
      this.hold(group, node, {
        ...hold,
        allocated: plus(hold.allocated, claim.amount, sign),
        allocatedReplicas: hold.allocatedReplicas + sign,
      });
    }
    const held = plus(this.allocatedTo(claim.tenant), claim.amount, sign * claim.nodes.length);
    // The root forgets what holds nothing, for tenants come and go; a fork must keep it, to hide what its base says.
    if (this.base || isSome(held)) this.tenants.set(claim.tenant, held);
    else this.tenants.delete(claim.tenant);
  }

  private hold(group: string, node: string, next: Hold): void {
    const holds = this.ownGroup(group);
    const before = holds.get(node) ?? NOTHING;
    if (next.allocatedReplicas > 0 || next.runningReplicas > 0) holds.set(node, next);
    else holds.delete(node);
    if (holds.size === 0 && !this.base) this.groups.delete(group);
    const growth = plus(larger(next.allocated, next.running), larger(before.allocated, before.running), -1);
    this.used.set(node, plus(this.usedOn(node), growth));
  }

  private group(group: string): ReadonlyMap<string, Hold> {
    return this.groups.get(group) ?? this.base?.group(group) ?? new Map<string, Hold>();
  }

  private ownGroup(group: string): Map<string, Hold> {
    const own = this.groups.get(group) as Map<string, Hold> | undefined;
    if (own) return own;
    const copy = new Map(this.group(group));
    this.groups.set(group, copy);
    return copy;
  }
}

function groupOf(claim: Pick<Claim, "tenant" | "workload">): string {
  return claim.workload === null ? `tenant:${claim.tenant}` : `workload:${claim.workload}`;
}

function isSome(amount: Amount): boolean {
  return amount.cpuMilli !== 0 || amount.memoryBytes !== 0;
}
