import { Cron } from "croner";

/** When a recurring job is due; each run is planned by itself, from its own time on. */
export interface Schedule {
  /** Five fields, or six with seconds. */
  cron: string;
  /** IANA name. */
  timeZone: string;
}

/** Pure: the first time at `from` or later, ms since the epoch; null where none comes any more. Errors: croner's, of a wrong expression or time zone. */
export function occurrenceFrom({ cron, timeZone }: Schedule, from: number): number | null {
  // Without a function to call it starts no timer.
  const next = new Cron(cron, { timezone: timeZone, paused: true }).nextRun(new Date(from - 1));
  return next?.getTime() ?? null;
}
