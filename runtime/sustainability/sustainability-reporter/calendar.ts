import type { Period } from "./market";
import { DAY } from "./record";

/** A year back: whoever was away for longer closes what is older by hand. */
const MOST_MONTHS = 12;

/**
 * The calendar months (UTC) since the first record that ended at least so many days ago, the earliest first: not the last
 * alone, for nobody may have been there to close those before it.
 */
export function monthsToClose(now: number, afterDays: number, firstRecord: number): Period[] {
  const then = new Date(now - afterDays * DAY);
  const start = (monthsBack: number): number => Date.UTC(then.getUTCFullYear(), then.getUTCMonth() - monthsBack, 1);
  return Array.from({ length: MOST_MONTHS }, (_, index) => ({ from: start(index + 1), to: start(index) }))
    .filter(({ to }) => to > firstRecord)
    .reverse();
}
