import type { DurationEstimate } from "./types";

/** A run that was seen: to its end, or (still running, or stopped by somebody) at least this long. */
export interface SeenRun {
  seconds: number;
  finished: boolean;
}

export interface LengthQuestion {
  /** Runs of the same kind: the same recurring job, or the same queue. In any order. */
  seen: readonly SeenRun[];
  /** What its owner says. Counts as `SHARES` runs that were seen. */
  declaredSeconds: number;
  /** How long it has run already: shorter lengths are ruled out. */
  ranSeconds: number;
}

/** Quantiles that carbon is averaged over: the midpoints of as many equal shares. */
const SHARES = 8;
/**
 * Runs that would be seen if nothing but their mean were known: of an exponential distribution, which assumes least (maximum
 * entropy). Scaled so that their mean is 1.
 */
const UNKNOWN = scaled(Array.from({ length: SHARES }, (_, i) => -Math.log(1 - (i + 0.5) / SHARES)));
/** What deadlines are kept for. */
const HIGH = 0.99;
/** A declared length may be wrong by this factor, as long as little has been seen. */
const DOUBT = 2;

/**
 * The length a run will have, learnt from what was seen before it: the survival curve of Kaplan and Meier (1958), in which runs
 * that have not ended yet count for as long as they have lasted; left out, the long ones would be missing just while they run.
 * The estimate is of the time that is left.
 */
export function estimateLength({ seen, declaredSeconds, ranSeconds }: LengthQuestion): DurationEstimate {
  const outlived = ({ seconds }: SeenRun): boolean => seconds > ranSeconds;
  const declared = UNKNOWN.map((share) => ({ seconds: share * declaredSeconds, finished: true }));
  const likely = quantilesOf([...seen, ...declared].filter(outlived));
  const quantiles = Array.from({ length: SHARES }, (_, i) =>
    Math.max(1, (likely((i + 0.5) / SHARES) ?? ranSeconds * DOUBT) - ranSeconds),
  );
  const mean = quantiles.reduce((sum, value) => sum + value, 0) / SHARES;
  // A high quantile needs many runs: until they are there, more than the longest is to be reckoned with.
  const known = [...seen, { seconds: declaredSeconds, finished: true }].filter(outlived);
  const doubt = 1 + (DOUBT - 1) / Math.sqrt(1 + known.filter(({ finished }) => finished).length / 10);
  const high = (quantilesOf(known)(HIGH) ?? ranSeconds + 1) * doubt - ranSeconds;
  return { meanSeconds: mean, highSeconds: Math.max(mean, high), quantilesSeconds: quantiles };
}

function scaled(values: readonly number[]): number[] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.map((value) => value / mean);
}

/** The length that a share of the runs does not exceed; the longest that was seen where it is not reached; undefined for no runs. */
function quantilesOf(runs: SeenRun[]): (share: number) => number | undefined {
  runs.sort((a, b) => a.seconds - b.seconds || Number(b.finished) - Number(a.finished));
  const steps = survival(runs);
  return (share) => steps.find(({ alive }) => alive <= 1 - share + 1e-12)?.seconds ?? runs[runs.length - 1]?.seconds;
}

/** Share of the runs that last longer than each length at which one ended. */
function survival(runs: readonly SeenRun[]): { seconds: number; alive: number }[] {
  const steps: { seconds: number; alive: number }[] = [];
  let alive = 1;
  runs.forEach(({ seconds, finished }, i) => {
    if (!finished) return;
    alive *= 1 - 1 / (runs.length - i);
    steps.push({ seconds, alive });
  });
  return steps;
}
