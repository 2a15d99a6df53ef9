import { type Clock, within } from "../clock";
import { Breaker } from "./breaker";
import { smoothed } from "./demand";
import { Entry } from "./entry";
import type { DestroyReason, Factory } from "./factory";
import type { PoolSettings } from "./options";

export interface SupplyEvents<T> {
  created(entry: Entry<T>): void;
  createFailed(): void;
  /** A destroyed resource has made room. */
  destroyed(): void;
}

/** Makes and ends the pool's resources, each within its time, and counts them. */
export class Supply<T> {
  /** Those that are there: neither being created nor being destroyed. */
  readonly entries = new Set<Entry<T>>();
  creating = 0;
  destroying = 0;
  createMilliseconds: number | undefined;
  readonly breaker: Breaker;
  private readonly aborts = new Set<AbortController>();
  private isClosed = false;

  constructor(
    private readonly factory: Factory<T>,
    private readonly settings: PoolSettings,
    private readonly clock: Clock,
    private readonly random: () => number,
    private readonly events: SupplyEvents<T>,
  ) {
    const { failures, ...backoff } = settings.breaker;
    this.breaker = new Breaker(failures, backoff, random);
  }

  /** What counts towards the maximum: a resource holds its place until it is destroyed, for the other side counts it too. */
  get total(): number {
    return this.entries.size + this.creating + this.destroying;
  }

  create(): void {
    this.creating += 1;
    const startedAt = this.clock.now();
    const abort = new AbortController();
    this.aborts.add(abort);
    // Async, so that a factory that throws is one that rejects.
    const making = (async () => this.factory.create(abort.signal))();
    const { createTimeout, name } = this.settings;
    const late = (): Error => new Error(`pool ${name}: create() took longer than ${createTimeout} ms`);
    const end = (): void => {
      this.creating -= 1;
      this.aborts.delete(abort);
    };
    void within(this.clock, createTimeout, () => making, late).then(
      (resource) => {
        end();
        this.created(resource, startedAt);
      },
      (error: unknown) => {
        end();
        abort.abort(error);
        // It may come all the same, after its time.
        making.then(
          (resource) => this.end(resource, "closed"),
          () => undefined,
        );
        this.breaker.failed(startedAt, this.clock.now(), error);
        this.settings.observer.createFailed?.(error);
        this.events.createFailed();
      },
    );
  }

  destroy(entry: Entry<T>, reason: DestroyReason): void {
    this.entries.delete(entry);
    this.end(entry.resource, reason);
  }

  /** Ends the creates under way; what comes of them is destroyed. */
  close(): void {
    this.isClosed = true;
    for (const abort of this.aborts) abort.abort(new Error(`pool ${this.settings.name} is closed`));
  }

  private created(resource: T, startedAt: number): void {
    const { maximumLifetime, lifetimeJitter, observer } = this.settings;
    const now = this.clock.now();
    this.breaker.succeeded();
    this.createMilliseconds = smoothed(this.createMilliseconds, now - startedAt, 0.3);
    observer.created?.(now - startedAt);
    if (this.isClosed) return this.end(resource, "closed");
    const entry = new Entry(resource, now, now + maximumLifetime * (1 - lifetimeJitter * this.random()));
    this.entries.add(entry);
    this.events.created(entry);
  }

  private end(resource: T, reason: DestroyReason): void {
    const { destroyTimeout, name, observer } = this.settings;
    this.destroying += 1;
    observer.destroyed?.(reason);
    const late = (): Error => new Error(`pool ${name}: destroy() took longer than ${destroyTimeout} ms`);
    void within(this.clock, destroyTimeout, async () => this.factory.destroy(resource, reason), late)
      .catch((error: unknown) => observer.destroyFailed?.(error))
      .then(() => {
        this.destroying -= 1;
        this.events.destroyed();
      });
  }
}
