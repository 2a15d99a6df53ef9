import { setImmediate } from "node:timers/promises";
import { Pool } from "undici";
import type { Clock } from "../../runtime/kernel/clock";
import type { Tally } from "./tally";
import type { Arrival } from "./trace";

/** Requests sent in one go while behind schedule, before sockets get their turn. */
const BURST = 64;

interface ReplayOptions {
  /** Origin of the service, such as http://127.0.0.1:4680. */
  url: string;
  schedule: readonly Arrival[];
  /** Requests sent and not answered; one more is shed, so that a dead service cannot make the client grow without bound. */
  maxInFlight: number;
  /** A request that is not answered by then has failed. Milliseconds. */
  timeoutMs: number;
  clock: Clock;
  /** Ends the replay early; what is in flight is still awaited. */
  signal: AbortSignal;
}

/**
 * Sends the schedule open loop: each request at its time, whether or not earlier ones were answered. Latency counts from the
 * intended time, so that a stalled service (or client) cannot hide the requests that it delayed.
 * Resolves when the last request has ended; `tally` is live meanwhile.
 */
export async function replay(options: ReplayOptions, tally: Tally): Promise<void> {
  const { schedule, clock, signal } = options;
  const pool = new Pool(options.url, {
    connections: options.maxInFlight,
    pipelining: 1,
    connectTimeout: options.timeoutMs,
    headersTimeout: options.timeoutMs,
    bodyTimeout: options.timeoutMs,
  });
  const pending = new Set<Promise<void>>();
  const startedAt = clock.now();
  try {
    for (const [index, arrival] of schedule.entries()) {
      const dueAt = startedAt + arrival.atMs;
      const early = dueAt - clock.now();
      if (early > 0) await clock.sleep(early, signal).catch(() => undefined);
      else if (index % BURST === 0) await setImmediate();
      if (signal.aborted) break;
      tally.offered += 1;
      if (pending.size >= options.maxInFlight) {
        tally.shed += 1;
        continue;
      }
      const request = send(pool, arrival.tokens, dueAt, clock, tally).finally(() => pending.delete(request));
      pending.add(request);
    }
    await Promise.all(pending);
  } finally {
    await pool.destroy();
  }
}

async function send(pool: Pool, tokens: number, dueAt: number, clock: Clock, tally: Tally): Promise<void> {
  try {
    const { statusCode, body } = await pool.request({ path: `/?tokens=${String(tokens)}`, method: "GET" });
    await body.dump();
    if (statusCode >= 200 && statusCode < 300) tally.succeed(clock.now() - dueAt);
    else tally.fail(`HTTP ${String(statusCode)}`);
  } catch (error) {
    tally.fail((error as NodeJS.ErrnoException).code ?? (error as Error).name);
  }
}
