import type { Level } from "../schemas";
import { type Calibration, scoreAt } from "./calibration";

/** Scores from which on a level begins. */
export interface Thresholds {
  medium: number;
  high: number;
  /** What they rest on. */
  basis: string;
}

export interface Rates {
  /** Share of the users' own attempts that may be asked for another factor. */
  stepUp: number;
  /** Share of them that may be advised against. */
  deny: number;
}

/** Probabilities at which levels begin while there are too few scores of genuine attempts. */
const PRIOR_MEDIUM = 0.01;
const PRIOR_HIGH = 0.2;

/**
 * The threshold that a next genuine attempt exceeds with a probability of at most `rate`, whatever the scores' distribution,
 * as long as attempts are exchangeable: the ⌈(n+1)(1-rate)⌉-th smallest of n genuine scores (split conformal prediction,
 * Vovk, Gammerman and Shafer 2005). undefined where n is too small for that.
 */
export function conformalThreshold(sortedScores: readonly number[], rate: number): number | undefined {
  const rank = Math.ceil((sortedScores.length + 1) * (1 - rate));
  return rank > sortedScores.length ? undefined : sortedScores[rank - 1];
}

/** From the scores of genuine attempts where there are enough, else from the calibration's probabilities. */
export function chooseThresholds(genuine: readonly number[], rates: Rates, calibration: Calibration): Thresholds {
  const sorted = Float64Array.from(genuine).sort();
  const scores = Array.from(sorted);
  const medium = conformalThreshold(scores, rates.stepUp);
  const high = conformalThreshold(scores, rates.deny);
  // Advice against is for what is both rare among genuine attempts and likely a fraud.
  const likely = scoreAt(PRIOR_HIGH, calibration);
  // Whoever makes many accounts that log in oddly must not lift the threshold beyond what is likely a fraud.
  const chosen = Math.min(medium ?? scoreAt(PRIOR_MEDIUM, calibration), likely);
  const percent = (share: number): string => `${String(Number((100 * share).toPrecision(3)))} %`;
  const basis = [
    medium === undefined
      ? `medium: probability ${String(PRIOR_MEDIUM)}, for ${String(scores.length)} genuine scores are too few`
      : `medium: exceeded by ${percent(rates.stepUp)} of ${String(scores.length)} genuine scores, or probability ${String(PRIOR_HIGH)}`,
    high === undefined
      ? `high: probability ${String(PRIOR_HIGH)}`
      : `high: exceeded by ${percent(rates.deny)} of genuine scores, and probability ${String(PRIOR_HIGH)}`,
  ].join("; ");
  return { medium: chosen, high: Math.max(chosen, high ?? likely, likely), basis };
}

/** What is no number is high: a fault must not pass for a low risk. */
export function levelOf(score: number, { medium, high }: Thresholds): Level {
  if (score <= medium) return "low";
  return score <= high ? "medium" : "high";
}
