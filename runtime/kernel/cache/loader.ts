import type { Logger } from "pino";
import { type Clock, within } from "../clock";
import type { CacheOptions } from "./cache";
import type { Instruments } from "./instruments";
import type { L1 } from "./l1";
import type { Found, L2, Lease, Loaded } from "./l2";
import type { Work } from "./under-way";

type Load = () => Promise<unknown>;

/** How long a replica waits for another one's load before it loads for itself; milliseconds. */
const WAIT_AT_MOST = 10_000;
/** A message may be lost, and a lease's owner may die: who waits looks again after so long. */
const LOOK_AGAIN = 100;

/** Gets values out of L2 and out of the caller's load, and keeps them in the levels above. */
export class Loader {
  private readonly waiting = new Map<string, Set<() => void>>();

  constructor(
    private readonly l1: L1,
    private readonly l2: L2 | undefined,
    private readonly instruments: Instruments,
    private readonly clock: Clock,
    private readonly random: () => number,
    private readonly log: Logger,
  ) {}

  /** A value for those who wait: out of L2, or by a load of this replica or of another. `behind` runs what nobody waits for. */
  async find(
    work: Work,
    options: CacheOptions,
    load: Load,
    behind: (run: (work: Work) => Promise<string>) => void,
  ): Promise<string> {
    await this.settled(work);
    const giveUpAt = this.clock.now() + WAIT_AT_MOST;
    for (;;) {
      const wait = this.awaitRelease(work.key);
      try {
        const asked = this.clock.now();
        const found = await this.look(work.key);
        if (found === undefined) return await this.load(work, options, load);
        const { value } = found;
        if (value && (found.state === "fresh" || value.age < value.fresh + (options.staleSeconds ?? 0) * 1000)) {
          this.keep(work, value, asked);
          if (found.state === "lease") {
            behind((own) => this.load(own, options, load, found.lease));
          }
          return value.body;
        }
        if (found.state === "lease") return await this.load(work, options, load, found.lease);
        if (this.clock.now() >= giveUpAt) return await this.load(work, options, load);
        await wait.release();
      } finally {
        wait.end();
      }
    }
  }

  /** Replaces a value that is served meanwhile, unless another replica does; `early` though it is fresh. */
  async renew(work: Work, options: CacheOptions, load: Load, early: boolean): Promise<string> {
    await this.settled(work);
    const asked = this.clock.now();
    const found = await this.look(work.key, early);
    if (found === undefined) return this.load(work, options, load);
    if (found.state === "lease") return this.load(work, options, load, found.lease);
    if (found.state === "fresh") this.keep(work, found.value, asked);
    return "";
  }

  /** Who waits for the key looks again. */
  wake(key: string): void {
    for (const wake of this.waiting.get(key) ?? []) wake();
  }

  wakeAll(): void {
    for (const key of this.waiting.keys()) this.wake(key);
  }

  private async settled(work: Work): Promise<void> {
    await this.l2?.settled();
    // Whatever came so far, nothing was looked at before it.
    work.invalidated = false;
  }

  /** What L2 says; undefined where there is none, or none that answers. */
  private async look(key: string, force = false): Promise<Found | undefined> {
    if (!this.l2) return undefined;
    const started = this.clock.now();
    try {
      const found = await this.l2.look(key, force);
      this.instruments.observe("l2", (this.clock.now() - started) / 1000);
      const result = found.state === "fresh" ? "hit" : found.value ? "stale" : found.state === "busy" ? "busy" : "miss";
      this.instruments.count("l2", result);
      return found;
    } catch {
      // The connections' log says so, once an outage.
      this.instruments.count("l2", "error");
      return undefined;
    }
  }

  /** Loads, under the lease where there is one: only then L2 keeps it. */
  private async load(work: Work, options: CacheOptions, load: Load, lease?: Lease): Promise<string> {
    const began = this.clock.now();
    const run = (): Promise<Omit<Loaded, "age">> => this.run(work.key, options, load, began);
    const loaded = lease && this.l2 ? await this.l2.whileLeased(lease, run) : await run();
    // Refused where the key was invalidated while it loaded; where L2 has gone meanwhile, L1 may keep it for a while.
    const kept = lease === undefined || (await this.l2?.fill(lease, loaded).catch(() => true));
    if (kept) this.keep(work, { ...loaded, age: this.clock.now() - began }, began);
    return loaded.body;
  }

  private async run(key: string, options: CacheOptions, load: Load, began: number): Promise<Omit<Loaded, "age">> {
    try {
      const value = await load();
      const { ttlSeconds, staleSeconds = 0, jitter = 0.1, negativeTtlSeconds } = options;
      const isNegative = negativeTtlSeconds !== undefined && (value === null || value === undefined);
      const body = isNegative ? "null" : toJson(key, value);
      const seconds = isNegative ? negativeTtlSeconds : ttlSeconds;
      const fresh = Math.max(1, Math.round(seconds * 1000 * (1 - jitter * this.random())));
      const took = this.clock.now() - began;
      this.instruments.count("loader", "success");
      this.instruments.observe("loader", took / 1000);
      return { body, fresh, usable: fresh + (isNegative ? 0 : Math.round(staleSeconds * 1000)), took };
    } catch (error) {
      this.instruments.count("loader", "error");
      this.log.warn({ err: error, key }, "loading a cached value failed");
      throw error;
    }
  }

  private keep({ key, invalidated }: Work, { body, age, fresh, usable, took }: Loaded, knownAt: number): void {
    if (invalidated) return;
    const loadedAt = this.clock.now() - age;
    this.l1.set(key, { body, knownAt, freshUntil: loadedAt + fresh, usableUntil: loadedAt + usable, took });
  }

  /** Begun before the look, so that no release between the two is missed. */
  private awaitRelease(key: string): { release: () => Promise<void>; end: () => void } {
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting = this.waiting.get(key) ?? new Set();
    this.waiting.set(key, waiting.add(resolve));
    const quiet = (): Error => new Error("no message came");
    return {
      release: () => within(this.clock, LOOK_AGAIN, () => promise, quiet).catch(() => undefined),
      end: () => {
        waiting.delete(resolve);
        if (waiting.size === 0 && this.waiting.get(key) === waiting) this.waiting.delete(key);
      },
    };
  }
}

/** The value as every reader gets it, the first too. */
function toJson(key: string, value: unknown): string {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw new TypeError(`The value loaded for "${key}" is not JSON: ${typeof value}`);
  return text;
}
