import { build } from "hdr-histogram-js";
import { Pool } from "undici";
import { seeded } from "../../../runtime/kernel/random";
import { exponential, logNormal } from "../random";
import { answerParent } from "./messages";

export interface LoadOptions {
  port: number;
  /** Mean of the Poisson arrivals. */
  perSecond: number;
  meanServiceMs: number;
  sigma: number;
  seed: number;
  /** Milliseconds since the Unix epoch. */
  startAt: number;
  warmUpMs: number;
  durationMs: number;
}

export interface LoadResult {
  /** Milliseconds from the intended time of sending, of the requests after the warm-up. */
  p50: number;
  p99: number;
  p999: number;
  /** All, the warm-up's among them. */
  requests: number;
  /** Of all: not answered with 200, and the first few by what they were. */
  errors: number;
  faults: string[];
  /** The longest that a request was sent late by this process, milliseconds. */
  worstLagMs: number;
}

const ANSWER_WITHIN_MS = 30_000;
const FAULTS_KEPT = 5;

/** An open loop: requests leave when they are due, however many are still under way. */
async function load(options: LoadOptions): Promise<LoadResult> {
  const { port, perSecond, meanServiceMs, sigma, startAt, warmUpMs, durationMs } = options;
  const arrivals = seeded(options.seed);
  const works = seeded(options.seed ^ 0x5bd1e995);
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: null, headersTimeout: ANSWER_WITHIN_MS });
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 120_000_000,
    numberOfSignificantValueDigits: 3,
  });
  const result = { requests: 0, errors: 0, faults: [] as string[], worstLagMs: 0 };
  const clock = (): number => performance.timeOrigin + performance.now() - startAt;

  const send = async (dueAt: number): Promise<void> => {
    const work = logNormal(works, meanServiceMs, sigma);
    result.requests++;
    result.worstLagMs = Math.max(result.worstLagMs, clock() - dueAt);
    try {
      const { statusCode, body } = await pool.request({
        path: "/",
        method: "GET",
        headers: { "x-work": work.toFixed(3) },
      });
      await body.dump();
      if (statusCode !== 200) throw new Error(`status ${statusCode}`);
    } catch (error) {
      result.errors++;
      if (result.faults.length < FAULTS_KEPT)
        result.faults.push(`${Math.round(dueAt)} ms: ${(error as Error).message}`);
    }
    if (dueAt >= warmUpMs) histogram.recordValue(Math.max(1, Math.round((clock() - dueAt) * 1000)));
  };
  const sent: Promise<void>[] = [];
  await new Promise<void>((resolve) => {
    let dueAt = exponential(arrivals, 1000 / perSecond);
    const pump = (): void => {
      for (; dueAt <= clock() && dueAt < durationMs; dueAt += exponential(arrivals, 1000 / perSecond))
        sent.push(send(dueAt));
      if (dueAt >= durationMs) resolve();
      else setTimeout(pump, Math.max(0, dueAt - clock()));
    };
    pump();
  });
  await Promise.all(sent);
  await pool.destroy();
  const at = (percent: number): number => histogram.getValueAtPercentile(percent) / 1000;
  return { ...result, p50: at(50), p99: at(99), p999: at(99.9) };
}

answerParent({ load });
