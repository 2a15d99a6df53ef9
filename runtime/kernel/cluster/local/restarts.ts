import type { WorkloadSpec } from "../../../exports";

const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 30_000;
/** Health for this long makes earlier failures count no more. */
const HEALTHY_MS = 60_000;
/** How often a job's completion is tried again before it has failed. */
const JOB_RETRIES = 3;

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** Why there was no process at all. */
  error?: string;
}

export type AfterExit =
  | { phase: "succeeded" }
  | { phase: "failed" }
  | { phase: "backoff"; delayMs: number; /** Failures in a row, this one included. */ failures: number };

/**
 * What becomes of a replica whose process ended by itself: a service runs again after 1 s, doubled with each failure in a
 * row up to 30 s; a job's completion is tried again three times, with the same delays.
 */
export function afterExit(kind: WorkloadSpec["kind"], exit: Exit, failures: number, healthyMs: number): AfterExit {
  if (kind === "job" && exit.code === 0) return { phase: "succeeded" };
  if (kind === "job" && failures >= JOB_RETRIES) return { phase: "failed" };
  const counted = healthyMs >= HEALTHY_MS ? 0 : failures;
  return {
    phase: "backoff",
    delayMs: Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** counted),
    failures: counted + 1,
  };
}

export function describeExit(exit: Exit): string {
  if (exit.error !== undefined) return `could not start: ${exit.error}`;
  return exit.signal ? `ended by ${exit.signal}` : `exited with code ${String(exit.code)}`;
}
