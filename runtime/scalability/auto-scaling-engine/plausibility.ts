import type { Memory } from "./memory";

/** Two readings of one truth differ by no more than this factor. */
const CONFIRMS = 10;

/** What of the metrics' totals may be believed; `memory` is for the next evaluation. */
export interface Belief {
  believed: Record<string, number>;
  doubted: Record<string, number>;
}

/**
 * Whether a metric's total can be: a jump to `mostGrowth` times what was last believed (or the target, if that is more) is a
 * broken counter or a changed unit more often than a load. One that stays is believed at the second look; from then on the scaling policies and maxReplicas bound it.
 * Returns why it is not believed, and notes in `belief` what to remember.
 */
export function doubt(
  metric: string,
  total: number,
  target: number,
  mostGrowth: number,
  { believed = {}, doubted = {} }: Memory,
  belief: Belief,
): string | undefined {
  const last = believed[metric];
  const before = doubted[metric];
  const confirmed = before !== undefined && total <= before * CONFIRMS && total >= before / CONFIRMS;
  if (last === undefined || total <= mostGrowth * Math.max(last, target) || confirmed) {
    belief.believed[metric] = total;
    return undefined;
  }
  belief.believed[metric] = last;
  belief.doubted[metric] = total;
  return (
    `jumped to ${total.toPrecision(4)} from ${last.toPrecision(4)}, more than ${String(mostGrowth)} times: ` +
    "it is not believed until the next evaluation confirms it"
  );
}

/** Keeps what is known of a metric that could not be read: what comes after an outage is no first reading. */
export function carryOver(metric: string, { believed = {}, doubted = {} }: Memory, belief: Belief): void {
  const [last, before] = [believed[metric], doubted[metric]];
  if (last !== undefined) belief.believed[metric] = last;
  if (before !== undefined) belief.doubted[metric] = before;
}
