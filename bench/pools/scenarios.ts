import { pause } from "./database";
import { type Library, open } from "./libraries";

/** What runs in a process of its own, for some libraries do not survive it. Figures by name. */
export const SCENARIOS = { outage, starvation, leak } as const;
export type Scenario = keyof typeof SCENARIOS;
export type Figures = Record<string, number>;

/** What the process prints before it begins. */
export const LOADED = "loaded\n";

const OUTAGE_MILLISECONDS = 10_000;
const RECOVERY_MILLISECONDS = 3000;
const DOWN = new Error("connection refused");

/** Whether somebody who is told `error` learns why the factory fails. */
function hasCause(error: unknown): boolean {
  return error === DOWN || (error as Error | undefined)?.cause === DOWN;
}

/** create() rejects after 1 ms for 10 s, then works; 20 borrowers go on asking. */
async function outage(library: Library): Promise<Figures> {
  const start = performance.now();
  let attempts = 0;
  let served = 0;
  const create = async (): Promise<{ id: number }> => {
    const isDown = performance.now() - start < OUTAGE_MILLISECONDS;
    if (isDown) attempts += 1;
    await pause(1);
    if (isDown) throw DOWN;
    return { id: 0 + ++served };
  };
  const pool = open(library, { create, maximum: 10, acquireTimeout: 1000 });
  let firstServed = 0;
  let refused = 0;
  let told = 0;
  const borrow = async (): Promise<void> => {
    while (performance.now() - start < OUTAGE_MILLISECONDS + RECOVERY_MILLISECONDS) {
      try {
        const loan = await pool.acquire();
        firstServed ||= performance.now();
        await pause(5);
        pool.release(loan);
      } catch (error) {
        refused += 1;
        if (hasCause(error)) told += 1;
        await pause(20);
      }
    }
  };
  await Promise.all(Array.from({ length: 20 }, borrow));
  return {
    creates_per_second: (attempts * 1000) / OUTAGE_MILLISECONDS,
    recovery_ms: firstServed === 0 ? RECOVERY_MILLISECONDS : firstServed - start - OUTAGE_MILLISECONDS,
    refused_with_cause_percent: refused === 0 ? 0 : (100 * told) / refused,
  };
}

/** create() rejects at once; how late is a timer of 10 ms at worst, and when does one acquire get its answer? */
async function starvation(library: Library): Promise<Figures> {
  const create = (): Promise<never> => Promise.reject(DOWN);
  const pool = open(library, { create, maximum: 10, acquireTimeout: 1000 });
  let latest = 0;
  let expected = performance.now() + 10;
  const timer = setInterval(() => {
    latest = Math.max(latest, performance.now() - expected);
    expected = performance.now() + 10;
  }, 10);
  const start = performance.now();
  await pool.acquire().catch(() => undefined);
  const answered = performance.now() - start;
  await pause(100);
  clearInterval(timer);
  return { worst_timer_delay_ms: latest, answered_ms: answered };
}

const LEAK_MILLISECONDS = 5000;
const LEASE_LIMIT = 500;

/** 50 borrowers, of whose leases 1 in 100 is never released. */
async function leak(library: Library): Promise<Figures> {
  let named = 0;
  let id = 0;
  const pool = open(library, {
    create: async () => ({ id: ++id }),
    maximum: 10,
    acquireTimeout: 1000,
    leaseLimit: LEASE_LIMIT,
    onLeak: ({ stack }) => void (named += stack?.includes("forgetfulBorrower") ? 1 : 0),
  });
  const start = performance.now();
  const finished: number[] = [];
  let leases = 0;
  let leaked = 0;
  const forgetfulBorrower = async (): Promise<void> => {
    while (performance.now() - start < LEAK_MILLISECONDS) {
      try {
        const loan = await pool.acquire();
        leases += 1;
        const forgets = leases % 100 === 0;
        await pause(5);
        if (forgets) leaked += 1;
        else pool.release(loan);
        finished.push(performance.now() - start);
      } catch {
        await pause(20); // timed out
      }
    }
  };
  await Promise.all(Array.from({ length: 50 }, forgetfulBorrower));
  await pause(2 * LEASE_LIMIT);
  return {
    leases_in_last_second: finished.filter((at) => at > LEAK_MILLISECONDS - 1000 && at <= LEAK_MILLISECONDS).length,
    leaks_named_percent: leaked === 0 ? 0 : (100 * named) / leaked,
  };
}
