import { MnoError } from "../../exports";
import type { PoolObserver } from "./factory";

/** All times in milliseconds. Infinity switches a limit off where that is said. */
export interface PoolOptions {
  /** Names the pool in errors. */
  name: string;
  /** Most resources at once, those being created and destroyed included. */
  maximum: number;
  /** Resources kept even when nobody asks. Default 0. */
  minimum?: number;
  /** How long `acquire` waits. Default 30 s; Infinity waits for ever. */
  acquireTimeout?: number;
  /** How many may wait; more are refused at once. Default Infinity. */
  maximumWaiting?: number;
  /** Levels of `AcquireOptions.priority`; 0 is served first. Default 1. */
  priorities?: number;
  /** A resource's age at which it is replaced, when it is next idle. Default 30 min; Infinity for ever. */
  maximumLifetime?: number;
  /**
   * Part of the lifetime, in [0, 1), by which it is shortened at random, so that resources made together do not end
   * together (HikariCP: "to avoid mass-extinction in the pool"). Default 0.1.
   */
  lifetimeJitter?: number;
  /** Idle time after which a resource above the minimum is destroyed. Default 30 s; Infinity never. */
  idleTimeout?: number;
  /** Idle time after which a resource is validated outside the pool, without a borrower waiting. Default Infinity: never. */
  keepAlive?: number;
  /** `acquire` validates a resource that has been idle for longer than this; 0 always, Infinity never. Default 500. */
  validateAfterIdle?: number;
  createTimeout?: number;
  validateTimeout?: number;
  resetTimeout?: number;
  destroyTimeout?: number;
  /** Creates under way at once in an empty pool; a pool that works may double (slow start). Default 10. */
  initialCreates?: number;
  /**
   * What follows on `failures` failed creates in a row, when the pool has no resource left: all that wait are refused with
   * the cause, and so is who comes before the next attempt. Attempts are `firstMilliseconds` apart, doubling up to
   * `capMilliseconds`, one at a time. Defaults 1, 100, 500.
   */
  breaker?: { failures?: number; firstMilliseconds?: number; capMilliseconds?: number };
  /** Holding a resource for longer is reported as a leak. Default Infinity: never. */
  leakThreshold?: number;
  /** Part of the acquires whose stack is captured for leak reports, in [0, 1]. Default 1; 0 where there is no threshold. */
  leakStackSampling?: number;
  /**
   * A resource held for longer is taken back: its lease is revoked, it is destroyed and replaced. Default Infinity:
   * never.
   */
  leaseLimit?: number;
  /** How often lifetimes, idle times and leaks are looked at. Default 1000. */
  upkeepInterval?: number;
  observer?: PoolObserver;
}

export type PoolSettings = Required<Omit<PoolOptions, "observer" | "breaker">> & {
  breaker: Required<NonNullable<PoolOptions["breaker"]>>;
  observer: PoolObserver;
};

const SECOND = 1000;

/** Every option, defaults filled in. Errors: MNO_POOL_OPTIONS_INVALID with all faults at once. */
export function settingsOf(options: PoolOptions): PoolSettings {
  const settings: PoolSettings = {
    minimum: 0,
    acquireTimeout: 30 * SECOND,
    maximumWaiting: Infinity,
    priorities: 1,
    maximumLifetime: 1800 * SECOND,
    lifetimeJitter: 0.1,
    idleTimeout: 30 * SECOND,
    keepAlive: Infinity,
    validateAfterIdle: 500,
    createTimeout: 30 * SECOND,
    validateTimeout: 5 * SECOND,
    resetTimeout: 5 * SECOND,
    destroyTimeout: 5 * SECOND,
    initialCreates: 10,
    leakThreshold: Infinity,
    leakStackSampling: options.leakThreshold === undefined && options.leaseLimit === undefined ? 0 : 1,
    leaseLimit: Infinity,
    upkeepInterval: SECOND,
    ...options,
    breaker: { failures: 1, firstMilliseconds: 100, capMilliseconds: 500, ...options.breaker },
    observer: guarded(options.observer ?? {}),
  };
  const faults = faultsOf(settings);
  if (faults.length > 0) {
    throw new MnoError("MNO_POOL_OPTIONS_INVALID", `Pool ${settings.name}: ${faults.join("; ")}`);
  }
  return settings;
}

const COUNTS = ["maximum", "priorities", "initialCreates"] as const;
const POSITIVE = ["createTimeout", "validateTimeout", "resetTimeout", "destroyTimeout", "upkeepInterval"] as const;
const ANY = [
  "acquireTimeout",
  "maximumWaiting",
  "idleTimeout",
  "keepAlive",
  "validateAfterIdle",
  "leakThreshold",
  "leaseLimit",
] as const;

function faultsOf(settings: PoolSettings): string[] {
  const { minimum, maximum, lifetimeJitter, leakStackSampling, breaker } = settings;
  const faults: string[] = [];
  const expect = (right: boolean, key: string, rule: string): void =>
    void (right || faults.push(`${key} must be ${rule}`));
  for (const key of COUNTS) expect(isCount(settings[key], 1), key, "an integer of at least 1");
  for (const key of POSITIVE) expect(settings[key] > 0 && settings[key] < Infinity, key, "above 0 and finite");
  for (const key of ANY) expect(settings[key] >= 0, key, "at least 0");
  expect(isCount(minimum, 0) && minimum <= maximum, "minimum", `an integer from 0 to the maximum, not ${minimum}`);
  expect(settings.maximumLifetime > 0, "maximumLifetime", "above 0");
  expect(lifetimeJitter >= 0 && lifetimeJitter < 1, "lifetimeJitter", "in [0, 1)");
  expect(leakStackSampling >= 0 && leakStackSampling <= 1, "leakStackSampling", "in [0, 1]");
  expect(isCount(breaker.failures, 1), "breaker.failures", "an integer of at least 1");
  // At 0 a factory that rejects at once would be asked again in the same turn of the event loop, for ever.
  expect(breaker.firstMilliseconds >= 1, "breaker.firstMilliseconds", "at least 1");
  expect(breaker.capMilliseconds >= breaker.firstMilliseconds, "breaker.capMilliseconds", "at least the first");
  return faults;
}

const isCount = (value: number, least: number): boolean => Number.isInteger(value) && value >= least;

/** What an observer throws is thrown outside the pool: a metric's fault must not lose a lease. */
function guarded(observer: PoolObserver): PoolObserver {
  const guard =
    <A extends unknown[]>(member: (...values: A) => void) =>
    (...values: A): void => {
      try {
        member.apply(observer, values);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    };
  const { acquired, released, refused, created, createFailed, destroyed, destroyFailed, leaked } = observer;
  return {
    ...(acquired && { acquired: guard(acquired) }),
    ...(released && { released: guard(released) }),
    ...(refused && { refused: guard(refused) }),
    ...(created && { created: guard(created) }),
    ...(createFailed && { createFailed: guard(createFailed) }),
    ...(destroyed && { destroyed: guard(destroyed) }),
    ...(destroyFailed && { destroyFailed: guard(destroyFailed) }),
    ...(leaked && { leaked: guard(leaked) }),
  };
}
