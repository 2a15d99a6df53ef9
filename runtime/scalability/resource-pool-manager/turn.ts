import { type Circumstances, granted, refused } from "./decision";
import type { Changes, Situation, Timing } from "./engine";
import { failed, keyReused, leaseOver, queueFull, tooMany } from "./faults";
import { decisionIdOf } from "./ids";
import type { EndReason, Lease, Ticket } from "./lease";
import type { Acquire, Operation, Outcome } from "./operations";

/** Share of the slots that may be leased for an exhausted pool to count as recovered. */
const RECOVERED = 0.8;
/** Places in a queue beyond those that the pool could serve at once: each turn reads all of them. */
const MOST_WAITING = 2000;

/** A pool in the middle of its turn: what it is to become, and what of that is new. */
export class Turn {
  private readonly active: Map<string, Lease>;
  private readonly tickets: Map<string, Ticket>;
  private readonly over: Map<string, EndReason>;
  /** By ticket; of two requests under one key the later. */
  private readonly asking = new Map<string, Acquire>();
  private readonly ticketOf = new Map<Acquire, string>();
  /** Requests of any replica that do not fit. */
  private blocked = 0;
  private readonly served = new Map<string, Outcome>();
  private readonly changes: Changes;
  private lastPosition: number;
  private readonly touched = new Set<string>();

  constructor(
    private readonly situation: Situation,
    private readonly now: number,
    private readonly timing: Timing,
  ) {
    this.active = new Map(situation.active.map((lease) => [lease.id, lease]));
    this.tickets = new Map(situation.tickets.filter((t) => t.keptUntil > now).map((ticket) => [ticket.id, ticket]));
    this.over = new Map(situation.over);
    this.lastPosition = situation.lastPosition;
    this.changes = {
      ended: [],
      renewed: [],
      granted: [],
      refused: [],
      ticketsKept: [],
      ticketsDropped: situation.tickets.filter((t) => t.keptUntil <= now).map(({ id }) => id),
      fence: situation.fence,
      exhaustedSince: situation.exhaustedSince,
      exhausted: null,
    };
  }

  expire(): void {
    for (const lease of this.active.values()) if (lease.expiresAt <= this.now) this.end(lease, "expired");
  }

  /** The outcome where that is clear at once; acquires get theirs when the queue is served. */
  begin(operation: Operation): Outcome | undefined {
    switch (operation.kind) {
      case "acquire":
        return this.join(operation);
      case "release":
        return this.release(operation.leaseId);
      case "renew":
        return this.renew(operation.leaseId, operation.leaseSeconds);
      case "leave":
        return this.leave(operation.ticket);
      case "expire":
        return { kind: "done" };
    }
  }

  serve(): void {
    let free = this.freeSlots().length;
    let ahead = 0;
    for (const ticket of this.present()) {
      const ask = this.asking.get(ticket.id);
      // Of another replica: what it is about to take is not ours to give.
      if (ticket.count <= free && ask) this.grant(ask, ticket, ahead);
      else if (ticket.count > free) this.block(ticket, ahead);
      if (!this.tickets.has(ticket.id)) free -= ticket.count;
      else {
        free = ticket.count <= free ? free - ticket.count : 0;
        ahead += 1;
      }
    }
  }

  outcomeOf(operation: Acquire, early: Outcome | undefined): Outcome {
    if (early) return early;
    const id = this.ticketOf.get(operation)!;
    const outcome = this.served.get(id);
    if (outcome?.kind === "granted") return outcome;
    const ahead = outcome?.kind === "waiting" ? outcome.ahead : 0;
    return operation.isLast ? this.refuse(operation, id, ahead) : { kind: "waiting", ahead };
  }

  finish(): Changes {
    const { changes, now } = this;
    if (this.blocked > 0 && changes.exhaustedSince === null) {
      changes.exhaustedSince = now;
      changes.exhausted = { waiting: this.blocked, leased: this.leased() };
    } else if (this.blocked === 0 && this.leased() <= RECOVERED * this.situation.definition.slots.length) {
      changes.exhaustedSince = null;
    }
    changes.ticketsKept = [...this.touched].flatMap((id) => this.tickets.get(id) ?? []);
    return changes;
  }

  private join(operation: Acquire): Outcome | undefined {
    const { definition, byKey } = this.situation;
    const { key, request } = operation;
    const earlier = key && byKey.get(key.value);
    if (earlier) {
      if (earlier.requestHash === key.requestHash) {
        return {
          kind: "granted",
          lease: this.active.get(earlier.lease.id) ?? earlier.lease,
          created: false,
          decision: null,
        };
      }
      return failed(keyReused(key.value, definition.name));
    }
    if (request.count > definition.slots.length) {
      return failed(tooMany(request.count, definition));
    }
    const ticket = this.placeOf(operation);
    if (key && ticket && ticket.requestHash !== key.requestHash) return failed(keyReused(key.value, definition.name));
    if (!ticket && this.tickets.size >= definition.slots.length + MOST_WAITING) {
      return failed(queueFull(definition.name, this.tickets.size));
    }
    const id = ticket?.id ?? operation.ticket;
    const presentUntil = this.now + this.timing.presenceMilliseconds;
    this.put({
      id,
      position: ticket?.position ?? (this.lastPosition += 1),
      count: request.count,
      holder: request.holder,
      key: key?.value ?? null,
      requestHash: key?.requestHash ?? null,
      askedAt: ticket?.askedAt ?? operation.askedAt,
      presentUntil,
      keptUntil: presentUntil + (key ? this.timing.placeMilliseconds : 0),
    });
    this.asking.set(id, operation);
    this.ticketOf.set(operation, id);
    return undefined;
  }

  /** A request that comes again under its key takes up the place that it left. */
  private placeOf({ ticket, key }: Acquire): Ticket | undefined {
    return this.tickets.get(ticket) ?? (key ? [...this.tickets.values()].find((t) => t.key === key.value) : undefined);
  }

  private block(ticket: Ticket, ahead: number): void {
    this.blocked += 1;
    this.served.set(ticket.id, { kind: "waiting", ahead });
  }

  private grant(ask: Acquire, ticket: Ticket, ahead: number): void {
    const { definition } = this.situation;
    const { now } = this;
    const free = this.freeSlots();
    const lease: Lease = {
      id: ask.leaseId,
      pool: definition.name,
      slots: free.slice(0, ticket.count),
      holder: ask.request.holder,
      site: ask.request.site,
      fencingToken: (this.changes.fence += 1),
      grantedAt: now,
      expiresAt: now + (ask.request.leaseSeconds ?? definition.leaseSeconds) * 1000,
      endedAt: null,
      endReason: null,
    };
    const circumstances = { ...this.circumstances(ask, ticket.askedAt, ahead), free: free.length };
    const decision = granted(circumstances);
    this.active.set(lease.id, lease);
    this.drop(ticket.id);
    this.changes.granted.push({ lease, decision, key: ask.key });
    this.served.set(ticket.id, { kind: "granted", lease, created: true, decision });
  }

  private refuse(ask: Acquire, id: string, ahead: number): Outcome {
    const ticket = this.tickets.get(id);
    const decision = refused(this.circumstances(ask, ticket?.askedAt ?? ask.askedAt, ahead));
    this.changes.refused.push(decision);
    this.leave(id);
    return { kind: "refused", decision, placeKept: this.tickets.has(id) };
  }

  private circumstances(ask: Acquire, askedAt: number, ahead: number): Circumstances {
    const { definition } = this.situation;
    const leases = [...this.active.values()];
    const id = decisionIdOf(ask.leaseId);
    return {
      id,
      now: this.now,
      definition,
      request: ask.request,
      // By the asking replica's idea of the database's time, which is a hair off.
      askedAt: Math.min(askedAt, this.now),
      ahead,
      free: this.freeSlots().length,
      leases,
    };
  }

  private release(leaseId: string): Outcome {
    const lease = this.active.get(leaseId);
    if (lease) {
      this.end(lease, "released");
      return { kind: "done" };
    }
    return this.over.get(leaseId) === "released" ? { kind: "done" } : failed(leaseOver(leaseId));
  }

  private renew(leaseId: string, leaseSeconds: number | null): Outcome {
    const lease = this.active.get(leaseId);
    if (!lease) return failed(leaseOver(leaseId));
    const seconds = leaseSeconds ?? this.situation.definition.leaseSeconds;
    const renewed = { ...lease, expiresAt: this.now + seconds * 1000 };
    this.active.set(leaseId, renewed);
    this.changes.renewed.push(renewed);
    return { kind: "renewed", lease: renewed };
  }

  private leave(id: string): Outcome {
    const ticket = this.tickets.get(id);
    const { placeMilliseconds } = this.timing;
    if (ticket && ticket.key !== null && placeMilliseconds > 0) {
      this.put({ ...ticket, presentUntil: this.now, keptUntil: this.now + placeMilliseconds });
    } else if (ticket) this.drop(id);
    return { kind: "done" };
  }

  private end(lease: Lease, reason: EndReason): void {
    this.active.delete(lease.id);
    this.over.set(lease.id, reason);
    this.changes.ended.push({ lease: { ...lease, endedAt: this.now, endReason: reason }, reason });
  }

  private put(ticket: Ticket): void {
    this.tickets.set(ticket.id, ticket);
    this.touched.add(ticket.id);
  }

  private drop(id: string): void {
    this.tickets.delete(id);
    if (this.situation.tickets.some((ticket) => ticket.id === id)) this.changes.ticketsDropped.push(id);
  }

  private present(): Ticket[] {
    return [...this.tickets.values()]
      .filter(({ presentUntil }) => presentUntil > this.now)
      .sort((a, b) => a.position - b.position);
  }

  private freeSlots(): string[] {
    const held = new Set([...this.active.values()].flatMap(({ slots }) => slots));
    return this.situation.definition.slots.filter((slot) => !held.has(slot));
  }

  private leased(): number {
    return [...this.active.values()].reduce((sum, { slots }) => sum + slots.length, 0);
  }
}
