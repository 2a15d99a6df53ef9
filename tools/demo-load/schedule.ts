import type { Arrival } from "./trace";

interface ScheduleOptions {
  /** How many times faster than recorded. */
  speed: number;
  /** How many times the recorded number of requests; a fraction thins the trace, more than 1 multiplies it. */
  scale: number;
  /** Larger requests are cut to this many tokens. */
  maxTokens: number;
  /** Cuts the replay off after this many seconds; the whole trace without it. */
  seconds?: number;
}

/**
 * When to send what: the trace's arrivals in replay time. Scaling is even and needs no chance: a running total of `scale`
 * per arrival says how many requests each arrival stands for, and those are spread up to the next arrival.
 */
export function scheduleOf(trace: readonly Arrival[], options: ScheduleOptions): Arrival[] {
  const endMs = options.seconds === undefined ? Infinity : options.seconds * 1000;
  const schedule: Arrival[] = [];
  for (const [index, arrival] of trace.entries()) {
    const atMs = arrival.atMs / options.speed;
    if (atMs >= endMs) break;
    const untilMs = Math.min((trace[index + 1]?.atMs ?? arrival.atMs) / options.speed, endMs);
    const copies = Math.floor((index + 1) * options.scale) - Math.floor(index * options.scale);
    const tokens = Math.min(arrival.tokens, options.maxTokens);
    for (let copy = 0; copy < copies; copy += 1) {
      schedule.push({ atMs: atMs + ((untilMs - atMs) * copy) / copies, tokens });
    }
  }
  return schedule;
}
