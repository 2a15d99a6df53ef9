import { MnoError } from "../../exports";
import type { Clock } from "../clock";
import { Alarm } from "./alarm";
import { Care } from "./care";
import { Closing } from "./closing";
import { creationsNeeded, smoothed } from "./demand";
import type { Entry } from "./entry";
import { factoryError, timeoutError } from "./errors";
import type { DestroyReason, Factory } from "./factory";
import { Lease, type Lender } from "./lease";
import type { PoolSettings } from "./options";
import type { PoolStats } from "./stats";
import { Supply } from "./supply";
import { inspect } from "./upkeep";
import type { Origin } from "./waiters";
import { WaitingRoom } from "./waiting-room";

/** Weight of the latest lease in the mean time that one is held. */
const HELD_WEIGHT = 0.1;

interface StockEvents {
  created(): void;
  /** So often that the factory counts as failing. */
  failing(): void;
}

/** The resources of a pool, who holds them and who waits for them. */
export class Stock<T> implements Lender<T> {
  readonly supply: Supply<T>;
  readonly room: WaitingRoom<Lease<T>>;
  isPaused = false;
  limit: number;
  private readonly care: Care<T>;
  private readonly upkeep: Alarm;
  /** A stack: the latest returned is lent next, so that what is superfluous stays idle, and ends. */
  private idle: Entry<T>[] = [];
  private leased = 0;
  private released = 0;
  private heldTotal = 0;
  private heldMean: number | undefined;
  private closing: Closing | undefined;

  constructor(
    factory: Factory<T>,
    private readonly settings: PoolSettings,
    private readonly clock: Clock,
    random: () => number,
    private readonly events: StockEvents,
  ) {
    this.limit = settings.maximum;
    this.supply = new Supply(factory, settings, clock, random, {
      created: (entry) => this.added(entry),
      createFailed: () => this.createFailed(),
      destroyed: () => this.replenish(clock.now()),
    });
    this.care = new Care(factory, settings, clock, (entry, works) => {
      if (works) this.offer(entry, clock.now());
      else this.discard(entry, "invalid");
    });
    this.room = new WaitingRoom(settings, clock, {
      stirred: (now) => this.pump(now),
      left: () => this.settle(),
      timedOut: (waited) => timeoutError(settings.name, waited, this.stats(), this.supply.breaker),
    });
    this.upkeep = new Alarm(clock, () => this.look());
  }

  /** Whether nobody waits and something that needs no test is idle. */
  get canLend(): boolean {
    return this.idle.length > 0 && this.room.size === 0 && this.leased < this.limit && !this.isPaused && !this.closing;
  }

  get isClosing(): boolean {
    return this.closing !== undefined;
  }

  /** Lends an idle resource that is neither too old nor due for a test; undefined where there is none. */
  lendIdle(origin: Origin | undefined): Lease<T> | undefined {
    const entry = this.idle[this.idle.length - 1]!;
    const now = this.clock.now();
    if (entry.expiresAt <= now || this.care.isStale(entry, now)) return undefined;
    this.idle.pop();
    return this.lend(entry, now, now, origin);
  }

  takeBack(lease: Lease<T>, broken: boolean): void {
    const now = this.clock.now();
    const { entry } = lease;
    const held = now - lease.since;
    entry.lease = undefined;
    this.leased -= 1;
    this.released += 1;
    this.heldTotal += held;
    this.heldMean = smoothed(this.heldMean, held, HELD_WEIGHT);
    this.settings.observer.released?.(held);
    entry.idleSince = entry.provenAt = now;
    if (broken) this.discard(entry, "broken");
    else if (this.care.canReset) this.care.reset(entry);
    else this.offer(entry, now);
  }

  stats(): PoolStats {
    return {
      limit: this.limit,
      idle: this.idle.length,
      leased: this.leased,
      inCare: this.care.testing + this.care.resetting,
      creating: this.supply.creating,
      destroying: this.supply.destroying,
      waiting: this.room.size,
      released: this.released,
      heldMilliseconds: this.heldTotal,
    };
  }

  close(deadline: number): Promise<void> {
    if (this.closing === undefined) {
      this.closing = new Closing(this.clock, deadline, () => this.force());
      this.upkeep.cancel();
      this.isPaused = false;
      this.pump(this.clock.now());
    }
    return this.closing.done;
  }

  /** Serves those who wait from what is idle, and sees to it that more comes where it has to. */
  pump(now: number): void {
    const { room, care } = this;
    while (this.idle.length > 0 && room.size > care.testing && this.leased < this.limit && !this.isPaused) {
      const entry = this.idle.pop()!;
      entry.isIdle = false;
      if (entry.expiresAt <= now) this.supply.destroy(entry, "lifetime");
      else if (care.isStale(entry, now)) care.test(entry);
      else this.offer(entry, now);
    }
    this.replenish(now);
  }

  private lend(entry: Entry<T>, since: number, now: number, origin: Origin | undefined): Lease<T> {
    const lease = new Lease<T>(this, entry, now, origin);
    entry.lease = lease;
    entry.isIdle = entry.isReported = false;
    this.leased += 1;
    this.settings.observer.acquired?.(now - since);
    return lease;
  }

  /** Gives a free resource to who waits longest, or keeps it. */
  private offer(entry: Entry<T>, now: number): void {
    if (entry.expiresAt <= now) return this.discard(entry, "lifetime");
    if (this.room.size > 0 && this.leased < this.limit && !this.isPaused) {
      const waiter = this.room.next()!;
      return waiter.resolve(this.lend(entry, waiter.since, now, waiter.origin));
    }
    entry.isIdle = true;
    this.idle.push(entry);
    if (this.closing) this.settle();
  }

  private discard(entry: Entry<T>, reason: DestroyReason): void {
    this.supply.destroy(entry, reason);
    this.pump(this.clock.now());
  }

  private added(entry: Entry<T>): void {
    const now = this.clock.now();
    this.offer(entry, now);
    this.replenish(now);
    this.events.created();
  }

  private createFailed(): void {
    this.replenish(this.clock.now());
    if (this.supply.breaker.isOpen) this.events.failing();
  }

  private replenish(now: number): void {
    const { supply, settings, room } = this;
    const wanted = this.wanted(now);
    const { breaker } = supply;
    const batch = Math.max(settings.initialCreates, supply.entries.size);
    const allowed = Math.min(breaker.allowance(now, supply.creating), batch - supply.creating);
    for (let count = Math.min(wanted, allowed); count > 0; count--) supply.create();
    if (wanted > 0 && now < breaker.retryAt) room.wakeBy(breaker.retryAt);
    if (room.size > 0 && supply.total < this.limit) {
      const spikeEnds = room.nonEmptySince + (supply.createMilliseconds ?? Infinity);
      if (spikeEnds > now) room.wakeBy(spikeEnds);
    }
    // Nothing there, nothing coming, and the factory failing: no wait would be of use.
    if (breaker.isOpen && now < breaker.retryAt && supply.creating === 0 && supply.entries.size === 0) {
      room.clear(() => factoryError(settings.name, breaker));
    }
    if (this.closing) this.settle();
    else if (supply.total > 0) this.upkeep.by(now + settings.upkeepInterval);
  }

  /** Resources to create now, if the factory were known to work. */
  private wanted(now: number): number {
    const { supply, settings, room, care } = this;
    const free = Math.max(this.limit, settings.minimum) - supply.total;
    if (free <= 0) return 0;
    const missing = this.closing ? 0 : settings.minimum - supply.entries.size - supply.creating;
    const needed = creationsNeeded({
      waiting: room.size - this.idle.length,
      coming: supply.creating + care.testing + care.resetting,
      working: this.leased,
      createMilliseconds: supply.createMilliseconds,
      heldMilliseconds: this.heldMean,
      queuedMilliseconds: now - room.nonEmptySince,
    });
    return Math.min(free, Math.max(missing, needed));
  }

  private look(): void {
    inspect(this.supply.entries, this.clock.now(), this.settings, {
      test: (entry) => this.care.test(entry),
      destroy: (entry, reason) => this.supply.destroy(entry, reason),
      reclaim: (entry, why) => this.revoke(entry, why, "reclaimed"),
    });
    this.idle = this.idle.filter((entry) => entry.isIdle);
    this.pump(this.clock.now());
  }

  /** Its holder may still be using it, so it is not lent again. */
  private revoke(entry: Entry<T>, why: string, reason: DestroyReason): void {
    entry.lease?.revoke(why);
    entry.lease = undefined;
    this.leased -= 1;
    this.supply.destroy(entry, reason);
  }

  /** The end of a pool that does not end by itself. */
  private force(): void {
    const { name } = this.settings;
    this.room.clear(() => new MnoError("MNO_POOL_CLOSED", `Pool ${name} was closed before the caller's turn`));
    for (const entry of [...this.supply.entries]) {
      if (entry.lease) this.revoke(entry, `Pool ${name} was closed; the lease outlived its deadline`, "closed");
    }
    this.settle();
  }

  /** Where the pool is closing: destroys what is free once nobody waits, and says when nothing is left. */
  private settle(): void {
    const { closing, supply, room } = this;
    if (closing === undefined || room.size > 0) return;
    supply.close();
    const { idle } = this;
    this.idle = [];
    for (const entry of idle) supply.destroy(entry, "closed");
    if (supply.entries.size + supply.destroying > 0 || (supply.creating > 0 && !closing.isForced)) return;
    room.close();
    closing.finish();
  }
}
