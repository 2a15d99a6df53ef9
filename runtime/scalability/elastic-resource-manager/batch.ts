import { MnoError } from "../../exports";
import type { CloudEvent } from "../../kernel/events/cloudevent";
import type { TraceCarrier } from "../../kernel/telemetry/traces";
import { type Allocation, allocationOf, leaseEnd, type ReleaseReason } from "./allocation";
import type { Capacity } from "./capacity";
import type { Demand } from "./demand";
import { place, type PlacementOptions } from "./engine";
import { allocatedEvent, releasedEvent } from "./events";
import type { Operation, Outcome } from "./operations";
import type { Grant, IdempotencyKey } from "./store";

/** What a batch is decided on. It is only read. */
export interface BatchState {
  capacity: Capacity;
  active: ReadonlyMap<string, Allocation>;
  /** What the operations refer to and `active` does not hold. */
  granted: ReadonlyMap<string, { allocation: Allocation; requestHash: string }>;
  inactive: ReadonlyMap<string, Allocation>;
}

export interface BatchOptions {
  /** Milliseconds since the Unix epoch. */
  now: number;
  nextDecisionId: () => string;
  weights: PlacementOptions["weights"];
}

type Allocate = Extract<Operation, { kind: "allocate" }>;

/** Operations that one demand answers: the one that made it, and those that came with the same key in the same batch. */
interface Waiting {
  operation: Allocate;
  indices: number[];
}

/**
 * Decides one batch of operations. Pure but for the ids: nothing of `state` changes, and what is to change is read off the
 * batch afterwards. Capacity that comes back is given first, then leases are renewed, then requests are placed.
 */
export class Batch {
  readonly outcomes: Outcome[];
  readonly grants: Grant[] = [];
  readonly releases = new Map<string, { allocation: Allocation; reason: ReleaseReason }>();
  readonly renewals = new Map<string, Allocation>();
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
      this.giveBack(held, "expired", {});
      count += 1;
    }
    return { kind: "expired", count };
  }

  private giveBack(allocation: Allocation, reason: ReleaseReason, trace: TraceCarrier): void {
    if (this.releases.has(allocation.id)) return;
    this.releases.set(allocation.id, { allocation, reason });
    this.draft.give(allocation);
    this.events.push(releasedEvent(allocation, reason, this.options.now, trace));
  }

  private renew(id: string, leaseSeconds: number): Outcome {
    const held = this.state.active.get(id);
    if (!held || this.releases.has(id)) return failed(notActive(id, this.state.inactive.get(id)));
    const allocation = { ...held, expiresAt: leaseEnd(this.options.now, leaseSeconds) };
    this.renewals.set(id, allocation);
    return { kind: "renewed", allocation };
  }

  private allocate(operations: readonly Operation[]): void {
    const demands: Demand[] = [];
    const waiting: Waiting[] = [];
    const byKey = new Map<string, Waiting>();
    operations.forEach((operation, index) => {
      if (operation.kind !== "allocate") return;
      const { key, demand } = operation;
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
        demands.push(demand);
      }
    });
    if (demands.length === 0) return;
    this.place(demands, waiting);
  }

  private place(demands: readonly Demand[], waiting: readonly Waiting[]): void {
    const { now, nextDecisionId, weights = {} } = this.options;
    const decisions = place(this.draft, demands, {
      time: new Date(now).toISOString(),
      nextId: nextDecisionId,
      weights,
    });
    decisions.forEach((decision, demand) => {
      const { operation, indices } = waiting[demand] as Waiting;
      if (decision.outcome === "refused") {
        for (const index of indices) this.outcomes[index] = { kind: "refused", decision };
        return;
      }
      const allocation = allocationOf(decision, now);
      this.grants.push({ allocation, decision, ...(operation.key && { key: operation.key }) });
      this.events.push(allocatedEvent(allocation, operation.trace));
      indices.forEach((index, position) => {
        this.outcomes[index] =
          position === 0
            ? { kind: "granted", allocation, created: true, decision }
            : { kind: "granted", allocation, created: false };
      });
    });
  }
}

function failed(error: MnoError): Outcome {
  return { kind: "failed", error };
}

export function notFound(id: string): MnoError {
  return new MnoError("MNO_ALLOCATION_NOT_FOUND", `There is no allocation ${id}`);
}

function notActive(id: string, former: Allocation | undefined): MnoError {
  if (!former || former.releasedAt === null) return notFound(id);
  const when = new Date(former.releasedAt).toISOString();
  return new MnoError(
    "MNO_ALLOCATION_NOT_FOUND",
    `Allocation ${id} is no longer active: ${former.releaseReason} at ${when}; ask for a new one`,
  );
}

function keyReused(key: IdempotencyKey): MnoError {
  return new MnoError(
    "MNO_IDEMPOTENCY_KEY_REUSED",
    `Idempotency-Key "${key.value}" came with another request before; use a new key for a new request`,
  );
}
