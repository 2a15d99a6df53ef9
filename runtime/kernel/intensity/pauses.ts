import type { Clock } from "../clock";
import { FeedFault } from "./feed";
import { DAY_MS, MINUTE_MS } from "./series";

const FIRST_PAUSE_MS = 15_000;
const LONGEST_PAUSE_MS = 30 * MINUTE_MS;
/** Questions, answers and regions that are kept; the oldest goes first. */
const MOST_KEPT = 256;
const WHOLE_FEED = "";

/** What a feed is not to be asked for a while: after a fault, longer after each, or as long as it wants peace itself. */
export class Pauses {
  private readonly pauses = new Map<string, { until: number; failures: number; why: string }>();

  constructor(private readonly clock: Clock) {}

  /** Errors: FeedFault while there is a pause. */
  check(question: string): void {
    for (const key of [WHOLE_FEED, question]) {
      const pause = this.pauses.get(key);
      if (!pause || this.clock.now() >= pause.until) continue;
      throw new FeedFault(`${pause.why}; not asked again before ${new Date(pause.until).toISOString()}`);
    }
  }

  /** Begins a pause after the fault, which it gives back. */
  after(question: string, fault: FeedFault): FeedFault {
    const now = this.clock.now();
    if (fault.retryAfterMilliseconds !== undefined) {
      const until = now + Math.min(fault.retryAfterMilliseconds, DAY_MS);
      this.pauses.set(WHOLE_FEED, { until, failures: 1, why: fault.message });
      return fault;
    }
    const failures = (this.pauses.get(question)?.failures ?? 0) + 1;
    const until = now + Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS);
    bounded(this.pauses).set(question, { until, failures, why: fault.message });
    return fault;
  }

  end(question: string): void {
    this.pauses.delete(question);
  }
}

/** Makes room for one more. */
export function bounded<V>(map: Map<string, V>): Map<string, V> {
  if (map.size >= MOST_KEPT) map.delete(map.keys().next().value!);
  return map;
}
