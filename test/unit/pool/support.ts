import { ManualClock } from "../../../runtime/kernel/clock";
import type { DestroyReason, Factory, Leak, PoolObserver } from "../../../runtime/kernel/pool/factory";
import type { PoolOptions } from "../../../runtime/kernel/pool/options";
import { Pool } from "../../../runtime/kernel/pool/pool";

export interface Thing {
  id: number;
  works: boolean;
}

/** A factory on a manual clock that does as it is told, and remembers what was asked of it. */
export class FakeFactory implements Factory<Thing> {
  createMilliseconds = 0;
  /** What create() rejects with while it is set. */
  fault: Error | undefined;
  created = 0;
  attempts: number[] = [];
  readonly alive = new Set<Thing>();
  readonly destroyed: { id: number; reason: DestroyReason }[] = [];
  validated: number[] = [];

  constructor(private readonly clock: ManualClock) {}

  async create(signal: AbortSignal): Promise<Thing> {
    this.attempts.push(this.clock.now());
    if (this.createMilliseconds > 0) await this.clock.sleep(this.createMilliseconds, signal);
    if (this.fault) throw this.fault;
    const thing = { id: ++this.created, works: true };
    this.alive.add(thing);
    return thing;
  }

  destroy(thing: Thing, reason: DestroyReason): void {
    if (!this.alive.delete(thing)) throw new Error(`${thing.id} was destroyed twice`);
    this.destroyed.push({ id: thing.id, reason });
  }

  async validate(thing: Thing): Promise<boolean> {
    this.validated.push(thing.id);
    return thing.works;
  }
}

export interface Bench {
  clock: ManualClock;
  factory: FakeFactory;
  pool: Pool<Thing>;
  leaks: Leak[];
  waits: number[];
}

export function openPool(
  options: Partial<PoolOptions> = {},
  prepare: (factory: FakeFactory) => void = () => undefined,
  random: () => number = () => 0.5,
): Bench {
  const clock = new ManualClock(1_000_000);
  const factory = new FakeFactory(clock);
  prepare(factory);
  const leaks: Leak[] = [];
  const waits: number[] = [];
  const observer: PoolObserver = {
    leaked: (leak) => void leaks.push(leak),
    acquired: (waited) => void waits.push(waited),
    ...options.observer,
  };
  const pool = new Pool(factory, { name: "test", maximum: 3, ...options, observer }, { clock, random });
  return { clock, factory, pool, leaks, waits };
}

/** Lets promises that are due settle, without moving the clock. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export type Settled<T> = { value: T; error?: undefined } | { value?: undefined; error: unknown } | undefined;

/** What a promise has come to so far; undefined while it is pending. */
export function watch<T>(promise: Promise<T>): () => Settled<T> {
  let settled: Settled<T>;
  promise.then(
    (value) => (settled = { value }),
    (error: unknown) => (settled = { error }),
  );
  return () => settled;
}
