/**
 * Holds the share of moments at which the demand exceeded what was provisioned at the wanted one, by moving the probability
 * with which a single upper bound may be exceeded: adaptive conformal inference (Gibbs and Candès, NeurIPS 2021), in logarithms.
 * The two differ because replicas come whole, and stay a while: most bounds are exceeded far less often than they may be.
 */
export interface MissControl {
  logTail: number;
  /** What was provisioned for which moment, ascending in time. */
  provisions: { time: number; load: number }[];
}

/** What is provisioned is held at least this long (`combine`): less would follow the noise. */
export const LEAST_HOLD_MS = 60_000;
const STEP_PER_MISS = 0.02;
/** How much more often a bound may be exceeded than the provision that results from it, before experience says. */
const FIRST_RATIO = 4;
const LOWEST = Math.log(1e-4);
const HIGHEST = Math.log(0.3);
/** 20 minutes of moments 15 s apart. */
const MOST_PROVISIONS = 80;

export const newMissControl = (missRate: number): MissControl => ({
  logTail: clamp(Math.log(missRate * FIRST_RATIO)),
  provisions: [],
});

export const tail = ({ logTail }: MissControl): number => Math.exp(logTail);

export function provide(control: MissControl, time: number, load: number): void {
  control.provisions = control.provisions.filter((known) => known.time < time);
  control.provisions.push({ time, load });
  if (control.provisions.length > MOST_PROVISIONS) control.provisions.shift();
}

/**
 * Compares the demand with the replicas there were at its moment. What is asked for is held until the moment it was asked for
 * (`combine`), and a replica is there only if it was wanted all the time of its start-up: so what counts is the most that was
 * provisioned for the moment or within `holdMs` before, but no more than the most for the moment or within `holdMs` after.
 */
export function judge(control: MissControl, time: number, demand: number, holdMs: number, missRate: number): void {
  control.provisions = control.provisions.filter((known) => known.time >= time - holdMs);
  let [before, after] = [-1, -1];
  for (const known of control.provisions) {
    if (known.time <= time) before = Math.max(before, known.load);
    if (known.time >= time && known.time <= time + holdMs) after = Math.max(after, known.load);
  }
  if (before < 0 || after < 0) return;
  const missed = Math.min(before, after) < demand ? 1 : 0;
  control.logTail = clamp(control.logTail + STEP_PER_MISS * (missRate - missed));
}

function clamp(logTail: number): number {
  return Math.min(Math.max(logTail, LOWEST), HIGHEST);
}
