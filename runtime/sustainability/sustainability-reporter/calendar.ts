import type { Period } from "./market";
import { DAY } from "./record";

/** The last calendar month (UTC) that ended at least so many days ago. */
export function monthToClose(now: number, afterDays: number): Period {
  const then = new Date(now - afterDays * DAY);
  const start = (monthsBack: number): number => Date.UTC(then.getUTCFullYear(), then.getUTCMonth() - monthsBack, 1);
  return { from: start(1), to: start(0) };
}
