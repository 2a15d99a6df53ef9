import { createPool } from "generic-pool";
import { Pool as LightningPool } from "lightning-pool";
import { Pool as TarnPool } from "tarn";
import { type Clock, monotonicClock } from "../../runtime/kernel/clock";
import type { Leak } from "../../runtime/kernel/pool/factory";
import { Pool } from "../../runtime/kernel/pool/pool";

export const LIBRARIES = ["ours", "generic-pool", "tarn", "lightning-pool"] as const;
export type Library = (typeof LIBRARIES)[number];

export interface Resource {
  id: number;
}

export interface Setup {
  create: () => Promise<Resource>;
  minimum?: number;
  maximum: number;
  /**
   * Milliseconds. Each library's own where absent: 30 s with ours and tarn; generic-pool and lightning-pool then set
   * no timer.
   */
  acquireTimeout?: number;
  /** Ours alone has one. */
  leaseLimit?: number;
  onLeak?: (leak: Leak) => void;
}

/** One promise-based interface to all, as thin as each allows. */
export interface PoolUnderTest<Loan = unknown> {
  acquire(): Promise<Loan>;
  release(loan: Loan): void;
  /** Makes the minimum where the library does that by itself. */
  warm(): void;
}

/**
 * Beyond the setup's, options are each library's own defaults; only lightning-pool's retries are off, as users need
 * it in an outage.
 */
export function open(library: Library, setup: Setup): PoolUnderTest {
  const { create, maximum, minimum = 0, acquireTimeout } = setup;
  const timeout = acquireTimeout === undefined ? {} : { acquireTimeoutMillis: acquireTimeout };
  const destroy = (): Promise<void> => Promise.resolve();
  switch (library) {
    case "ours":
      return ours(setup);
    case "generic-pool": {
      const pool = createPool({ create, destroy }, { min: minimum, max: maximum, autostart: false, ...timeout });
      return adapt(
        () => pool.acquire(),
        (loan: Resource) => void pool.release(loan),
        () => pool.start(),
      );
    }
    case "tarn": {
      const pool = new TarnPool<Resource>({
        create,
        destroy,
        min: minimum,
        max: maximum,
        ...timeout,
      });
      return adapt(
        () => pool.acquire().promise,
        (loan: Resource) => void pool.release(loan),
        () => undefined,
      );
    }
    case "lightning-pool": {
      const pool = new LightningPool<Resource>(
        { create, destroy },
        { min: minimum, max: maximum, acquireMaxRetries: 0, ...timeout },
      );
      return adapt(
        () => pool.acquire(),
        (loan: Resource) => pool.release(loan),
        () => pool.start(),
      );
    }
  }
}

export function openOurs(setup: Setup, clock: Clock = monotonicClock): Pool<Resource> {
  const { create, minimum = 0, maximum, acquireTimeout, leaseLimit, onLeak } = setup;
  return new Pool<Resource>(
    { create, destroy: () => undefined },
    {
      name: "bench",
      minimum,
      maximum,
      ...(acquireTimeout !== undefined && { acquireTimeout }),
      ...(leaseLimit !== undefined && { leaseLimit, upkeepInterval: leaseLimit / 5 }),
      ...(onLeak && { observer: { leaked: onLeak } }),
    },
    { clock, random: Math.random },
  );
}

function ours(setup: Setup): PoolUnderTest {
  const pool = openOurs(setup);
  return adapt(
    () => pool.acquire(),
    (lease) => lease.release(),
    () => void pool.warmUp().catch(() => undefined),
  );
}

function adapt<Loan>(acquire: () => Promise<Loan>, release: (loan: Loan) => void, warm: () => void): PoolUnderTest {
  return { acquire, release: (loan) => release(loan as Loan), warm };
}
