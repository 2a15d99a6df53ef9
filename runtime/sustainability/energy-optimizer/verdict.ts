import type { Expectation } from "./expectation";
import { HOURS_OF_30_DAYS } from "./expectation";
import { HOUR } from "./usage";

/** What a plan did, so far. */
export interface Measured {
  from: number;
  to: number;
  /** Share of the stretch that measurements cover. */
  coverage: number;
  /** What would have been used without the plan, and what was. */
  baselineKwh: number;
  usedKwh: number;
}

export type Verdict =
  | { verdict: "too-early"; reason: string }
  | { verdict: "kept" | "missed"; expectedKwh: number; savedKwh: number; reason: string };

export interface VerdictOptions {
  /** Hours that a plan is watched before it is judged. */
  leastHours: number;
  leastCoverage: number;
  /** Saved / expected below which the plan has missed, unless the expectation's interval covers what was saved. */
  leastShare: number;
}

export const VERDICT_OPTIONS: VerdictOptions = { leastHours: 168, leastCoverage: 0.9, leastShare: 0.5 };

/** The expectation, for a stretch that is not 30 days. */
export const expectedWithin = (expected: Expectation, from: number, to: number): number =>
  (expected.kwh.value * (to - from)) / HOUR / HOURS_OF_30_DAYS;

/**
 * Measured against expected. Missing measurements are never taken for savings: a stretch that is not covered is not judged.
 * A plan that uses more than before has missed, whatever it promised.
 */
export function judge(expected: Expectation, measured: Measured, options: VerdictOptions = VERDICT_OPTIONS): Verdict {
  const hours = (measured.to - measured.from) / HOUR;
  if (hours < options.leastHours) {
    return { verdict: "too-early", reason: `${Math.floor(hours)} of ${options.leastHours} hours have passed` };
  }
  if (measured.coverage < options.leastCoverage) {
    return {
      verdict: "too-early",
      reason: `measurements cover ${Math.round(measured.coverage * 100)} %; it takes ${options.leastCoverage * 100} %`,
    };
  }
  const expectedKwh = expectedWithin(expected, measured.from, measured.to);
  const savedKwh = measured.baselineKwh - measured.usedKwh;
  const low = (expected.kwh.low * hours) / HOURS_OF_30_DAYS;
  const kept = savedKwh > 0 && (savedKwh >= options.leastShare * expectedKwh || savedKwh >= low);
  const reason = `saved ${savedKwh.toPrecision(3)} kWh of ${expectedKwh.toPrecision(3)} kWh expected`;
  return { verdict: kept ? "kept" : "missed", expectedKwh, savedKwh, reason };
}
