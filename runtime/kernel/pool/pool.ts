import { MnoError } from "../../exports";
import type { Clock } from "../clock";
import { factoryError } from "./errors";
import type { Factory } from "./factory";
import type { Lease } from "./lease";
import { type PoolOptions, type PoolSettings, settingsOf } from "./options";
import type { PoolStats } from "./stats";
import { Stock } from "./stock";
import type { Origin } from "./waiters";
import type { AcquireOptions } from "./waiting-room";

export interface PoolDependencies {
  clock: Clock;
  /** Uniform in [0, 1). */
  random: () => number;
}

/**
 * Resources made before they are needed, and lent one holder at a time.
 *
 * Who comes while others wait waits behind them, and what comes back goes to who waits longest. A pool makes no more
 * resources than those who wait have use for (demand.ts), and keeps its distance from a factory that fails (breaker.ts).
 * Nothing runs until the first `acquire` or `warmUp`; from then on timers may do, until `close`.
 */
export class Pool<T> {
  private readonly settings: PoolSettings;
  private readonly stock: Stock<T>;
  private warming: PromiseWithResolvers<void> | undefined;

  /** Errors: MNO_POOL_OPTIONS_INVALID. */
  constructor(
    factory: Factory<T>,
    options: PoolOptions,
    private readonly dependencies: PoolDependencies,
  ) {
    const { clock, random } = dependencies;
    this.settings = settingsOf(options);
    this.stock = new Stock(factory, this.settings, clock, random, {
      created: () => this.created(),
      failing: () => this.failing(),
    });
  }

  /**
   * Lends a resource, at once where one is idle and nobody waits. Errors: MNO_POOL_ACQUIRE_TIMEOUT, MNO_POOL_FACTORY_FAILED
   * (both with the factory's latest error as `cause`), MNO_POOL_QUEUE_FULL, MNO_POOL_CLOSED; the signal's reason.
   */
  acquire(options?: AcquireOptions): Promise<Lease<T>> {
    if (options?.signal?.aborted) return Promise.reject(options.signal.reason as Error);
    const { stock } = this;
    const origin = this.origin();
    const lease = stock.canLend ? stock.lendIdle(origin) : undefined;
    if (lease !== undefined) return Promise.resolve(lease);
    if (!stock.isClosing) return stock.room.enter(options, origin);
    return stock.room.turnedAway(this.closed());
  }

  /** A resource that can be lent now: idle, not due for validation, and nobody waits for it; else undefined. */
  tryAcquire(): Lease<T> | undefined {
    return this.stock.canLend ? this.stock.lendIdle(this.origin()) : undefined;
  }

  /** Lends a resource to `work`, until that settles. */
  async use<R>(work: (resource: T, lease: Lease<T>) => Promise<R>, options?: AcquireOptions): Promise<R> {
    const lease = await this.acquire(options);
    try {
      return await work(lease.resource, lease);
    } finally {
      lease.release();
    }
  }

  /** Resolves when the minimum is there. Errors: MNO_POOL_FACTORY_FAILED, after which the pool goes on trying; MNO_POOL_CLOSED. */
  warmUp(): Promise<void> {
    if (this.stock.isClosing) return Promise.reject(this.closed());
    if (this.stock.supply.entries.size >= this.settings.minimum) return Promise.resolve();
    this.warming ??= Promise.withResolvers();
    const { promise } = this.warming;
    this.stock.pump(this.dependencies.clock.now());
    return promise;
  }

  /** Lends nothing until `resume`: who asks waits. Leases that there are go on. */
  pause(): void {
    this.stock.isPaused = true;
  }

  resume(): void {
    this.stock.isPaused = false;
    this.stock.pump(this.dependencies.clock.now());
  }

  /** Lends at most so many at once, from 1 to the maximum; resources beyond it end when they have been idle for long. */
  setLimit(limit: number): void {
    this.stock.limit = Math.min(this.settings.maximum, Math.max(1, Math.floor(limit)));
    this.stock.pump(this.dependencies.clock.now());
  }

  stats(): PoolStats {
    return this.stock.stats();
  }

  /**
   * Refuses who comes from now on, serves those who wait, and resolves when everything is back and destroyed. At the
   * deadline
   * (milliseconds, default 5000) those who still wait are refused (MNO_POOL_CLOSED) and what is lent is taken back.
   */
  close(deadline = 5000): Promise<void> {
    this.warming?.reject(this.closed());
    this.warming = undefined;
    return this.stock.close(deadline);
  }

  private closed(): MnoError {
    return new MnoError("MNO_POOL_CLOSED", `Pool ${this.settings.name} is closed`);
  }

  private created(): void {
    if (this.stock.supply.entries.size < this.settings.minimum) return;
    this.warming?.resolve();
    this.warming = undefined;
  }

  private failing(): void {
    this.warming?.reject(factoryError(this.settings.name, this.stock.supply.breaker));
    this.warming = undefined;
  }

  /** Where the caller asked, if leaks are to be named. */
  private origin(): Origin | undefined {
    const { leakStackSampling } = this.settings;
    if (leakStackSampling === 0) return undefined;
    if (leakStackSampling < 1 && this.dependencies.random() >= leakStackSampling) return undefined;
    const origin: Origin = {};
    Error.captureStackTrace(origin);
    return origin;
  }
}
