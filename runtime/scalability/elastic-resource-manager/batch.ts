import { MnoError } from "../../exports";
import type { CloudEvent } from "../../kernel/events/cloudevent";
import type { TraceCarrier } from "../../kernel/telemetry/traces";
import { type Allocation, allocationOf, leaseEnd, type ReleaseReason } from "./allocation";
import type { Capacity } from "./capacity";
import type { Decision } from "./decision";
import type { Demand } from "./demand";
import { placeGangs, type PlacementOptions } from "./engine";
import { allocatedEvent, releasedEvent } from "./events";
import { keyReused, notActive, notFound } from "./faults";
import { unitOf } from "./gangs";
import type { Operation, Outcome } from "./operations";
import { type Quota, quotaOf } from "./quotas";
import { draw, drawnDecision, unusable } from "./reservations";
import type { Grant } from "./store";

/** What a batch is decided on. It is only read. */
export interface BatchState {
  capacity: Capacity;
  active: ReadonlyMap<string, Allocation>;
  /** Set over HTTP, by tenant. */
  quotas: ReadonlyMap<string, Quota>;
  /** What the operations refer to and `active` does not hold. */
  granted: ReadonlyMap<string, { allocation: Allocation; requestHash: string }>;
  inactive: ReadonlyMap<string, Allocation>;
}

export interface BatchOptions {
  /** Milliseconds since the Unix epoch. */
  now: number;
  nextDecisionId: () => string;
  weights: PlacementOptions["weights"];
  mix: PlacementOptions["mix"];
  /** Declared in the configuration, by tenant; those set over HTTP win. */
  quotas?: Readonly<Record<string, Quota>> | undefined;
}

type Allocate = Extract<Operation, { kind: "allocate" }>;

/** Operations that one demand answers: the one that made it, and those that came with the same key in the same batch. */
interface Waiting {
  operation: Allocate;
  indices: number[];
}

/**
 * Decides one batch of operations. Pure but for the ids: nothing of `state` changes, and what is to change is read off the
 * batch afterwards. Quotas are set and capacity that comes back is given first, then leases are renewed, then requests are
 * placed. The members of a gang are released, expire and are renewed together.
 */
export class Batch {
  readonly outcomes: Outcome[];
  /** What was asked for anew, granted or refused. */
  readonly asked: { demand: Demand; outcome: "granted" | "refused" }[] = [];
  readonly grants: Grant[] = [];
  readonly releases = new Map<string, { allocation: Allocation; reason: ReleaseReason }>();
  readonly renewals = new Map<string, Allocation>();
  /** Reservations that were drawn from, with what is left of them. */
  readonly drawnFrom = new Map<string, Allocation>();
  /** By tenant; null is as declared. */
  readonly quotas = new Map<string, Quota | null>();
  readonly events: CloudEvent[] = [];
  private readonly draft: Capacity;

  constructor(
    private readonly state: BatchState,
    operations: readonly Operation[],
    private readonly options: BatchOptions,
  ) {
    this.draft = state.capacity.fork();
    this.outcomes = new Array<Outcome>(operations.length);
    operations.forEach((operation, index) => {
      if (operation.kind === "release") this.outcomes[index] = this.release(operation.id, operation.trace);
      if (operation.kind === "expire") this.outcomes[index] = this.expire(operation.ids);
      if (operation.kind === "lose-nodes") this.outcomes[index] = this.loseNodes(operation.nodes);
      if (operation.kind === "set-quota") {
        this.quotas.set(operation.tenant, operation.quota);
        this.outcomes[index] = { kind: "quota-set" };
      }
    });
    operations.forEach((operation, index) => {
      if (operation.kind === "renew") this.outcomes[index] = this.renew(operation.id, operation.leaseSeconds);
    });
    this.allocate(operations);
  }

  private release(id: string, trace: TraceCarrier): Outcome {
    const held = this.state.active.get(id);
    if (!held) return this.state.inactive.has(id) ? { kind: "released" } : failed(notFound(id));
    this.giveBack(held, "released", trace);
    return { kind: "released" };
  }

  private expire(ids: readonly string[]): Outcome {
    let count = 0;
    for (const id of ids) {
      const held = this.state.active.get(id);
      // Renewed or released since the leases were looked through.
      if (!held || held.expiresAt === null || held.expiresAt > this.options.now || this.releases.has(id)) continue;
      count += this.giveBack(held, "expired", {});
    }
    return { kind: "expired", count };
  }

  private loseNodes(nodes: ReadonlySet<string>): Outcome {
    let count = 0;
    for (const held of this.state.active.values()) {
      if (held.gangId === undefined || !held.nodes.some((node) => nodes.has(node))) continue;
      count += this.giveBack(held, "node-lost", {});
    }
    return { kind: "nodes-lost", count };
  }

  /** With the rest of its gang. Returns how many were given back. */
  private giveBack(allocation: Allocation, reason: ReleaseReason, trace: TraceCarrier): number {
    if (this.releases.has(allocation.id)) return 0;
    const unit = unitOf(allocation, this.state.active);
    for (const each of unit) {
      this.releases.set(each.id, { allocation: each, reason });
      this.draft.give(each);
      // A reservation grants nothing yet: what is drawn from it has events.
      if (each.reservedFrom === undefined) this.events.push(releasedEvent(each, reason, this.options.now, trace));
    }
    return unit.length;
  }

  private renew(id: string, leaseSeconds: number): Outcome {
    const held = this.state.active.get(id);
    if (!held || this.releases.has(id)) return failed(notActive(id, this.state.inactive.get(id)));
    if (held.reservedFrom !== undefined) return failed(unusable(id, "it ends when it ends; reserve anew"));
    const expiresAt = leaseEnd(this.options.now, leaseSeconds);
    for (const each of unitOf(held, this.state.active)) this.renewals.set(each.id, { ...each, expiresAt });
    return { kind: "renewed", allocation: { ...held, expiresAt } };
  }

  private allocate(operations: readonly Operation[]): void {
    const waiting: Waiting[] = [];
    const byKey = new Map<string, Waiting>();
    operations.forEach((operation, index) => {
      if (operation.kind !== "allocate") return;
      const { key } = operation;
      const earlier = key && this.state.granted.get(key.value);
      const twin = key && byKey.get(key.value);
      if (key && earlier) {
        this.outcomes[index] =
          earlier.requestHash === key.requestHash
            ? { kind: "granted", allocation: earlier.allocation, created: false }
            : failed(keyReused(key));
      } else if (key && twin) {
        if (twin.operation.key?.requestHash === key.requestHash) twin.indices.push(index);
        else this.outcomes[index] = failed(keyReused(key));
      } else {
        const entry = { operation, indices: [index] };
        if (key) byKey.set(key.value, entry);
        waiting.push(entry);
      }
    });
    const drawing = waiting.filter(({ operation }) => operation.demand.reservationId !== undefined);
    for (const entry of drawing) this.draw(entry);
    const placing = drawing.length > 0 ? waiting.filter((entry) => !drawing.includes(entry)) : waiting;
    if (placing.length > 0) this.place(placing);
  }

  private draw(entry: Waiting): void {
    const { now, nextDecisionId } = this.options;
    const { demand } = entry.operation;
    const id = demand.reservationId ?? "";
    const reservation = this.drawnFrom.get(id) ?? this.state.active.get(id);
    try {
      if (reservation?.reservedFrom === undefined || this.releases.has(id)) {
        throw new MnoError("MNO_ALLOCATION_NOT_FOUND", `There is no reservation ${id}, or nothing is left of it`);
      }
      const { nodes, devices, left } = draw(reservation, demand, this.draft, now);
      const { tenant, workload, amount } = demand;
      this.draft.give(reservation);
      this.draft.take(left);
      this.draft.take({ tenant, workload, amount, nodes, ...(devices && { devices }) });
      this.drawnFrom.set(id, left);
      if (left.nodes.length === 0) this.releases.set(id, { allocation: left, reason: "released" });
      const made = { id: nextDecisionId(), time: new Date(now).toISOString(), free: this.draft.table.totalFree() };
      this.grant([drawnDecision(demand, { nodes, left, ...(devices && { devices }) }, made)], entry);
    } catch (error) {
      if (!(error instanceof MnoError)) throw error;
      for (const index of entry.indices) this.outcomes[index] = failed(error);
    }
  }

  private place(waiting: readonly Waiting[]): void {
    const { now, nextDecisionId, weights, mix } = this.options;
    const gangs = waiting.map(({ operation: { demand, others = [] } }) => [demand, ...others]);
    const answers = placeGangs(this.draft, gangs, {
      time: new Date(now).toISOString(),
      nextId: nextDecisionId,
      ...(weights && { weights }),
      ...(mix && { mix }),
      quotas: (tenant) => this.quotaOf(tenant),
      held: this.held(),
    });
    answers.forEach((decisions, index) => {
      const entry = waiting[index] as Waiting;
      const refusal = decisions.find(({ outcome }) => outcome === "refused");
      for (const demand of gangs[index] as Demand[]) {
        this.asked.push({ demand, outcome: refusal ? "refused" : "granted" });
      }
      if (refusal) for (const each of entry.indices) this.outcomes[each] = { kind: "refused", decision: refusal };
      else this.grant(decisions, entry);
    });
  }

  /** Of a gang, all members; its key goes with the first. */
  private grant(decisions: readonly Decision[], { operation: { key, trace }, indices }: Waiting): void {
    const grants = decisions.map((decision): Grant => ({
      allocation: allocationOf(decision, this.options.now),
      decision,
    }));
    const [{ allocation, decision }] = grants as [Grant];
    for (const each of grants) {
      for (const { allocationId } of each.decision.preempted ?? []) {
        this.giveBack(this.state.active.get(allocationId) as Allocation, "preempted", trace);
      }
      this.grants.push(each === grants[0] && key ? { ...each, key } : each);
      if (each.allocation.reservedFrom === undefined) this.events.push(allocatedEvent(each.allocation, trace));
    }
    indices.forEach((index, position) => {
      this.outcomes[index] =
        position === 0
          ? { kind: "granted", allocation, created: true, decision }
          : { kind: "granted", allocation, created: false };
    });
  }

  /** What this batch has left of what was active before it. */
  private held(): ReadonlyMap<string, Allocation> {
    if (this.releases.size === 0) return this.state.active;
    return new Map([...this.state.active].filter(([id]) => !this.releases.has(id)));
  }

  private quotaOf(tenant: string): Quota | undefined {
    const set = this.quotas.get(tenant);
    if (set) return set;
    // Back to what is declared.
    if (set === null) return quotaOf(tenant, this.options.quotas ?? {}, new Map());
    return quotaOf(tenant, this.options.quotas ?? {}, this.state.quotas);
  }
}

function failed(error: MnoError): Outcome {
  return { kind: "failed", error };
}
