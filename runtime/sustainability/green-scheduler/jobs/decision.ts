import type { DurationEstimate, Plan } from "../engine";
import type { Grounds } from "./forecasts";

/** One decision as it is kept: what was decided, from what, and why. Times are milliseconds since the epoch. */
export interface Decision {
  id: string;
  job: string;
  time: number;
  /** `plan`: when it is to run. `release`: let run although no slot of a plan says so. */
  kind: "plan" | "release";
  /** What brought it about. */
  trigger: string;
  /** Of the work that is left; null where the declaration is not valid. */
  duration: DurationEstimate | null;
  latestStart: number | null;
  intensity: Grounds[];
  plan: Plan | null;
  reason: string;
}

/** Would the job be treated alike by both plans from `now` on? */
export function samePlan(one: Plan | null, other: Plan, now: number): boolean {
  if (!one || one.region !== other.region) return false;
  const [before, after] = [one, other].map(({ slots }) =>
    slots.filter(({ to }) => to > now).map(({ from, to, replicas }) => [Math.max(from, now), to, replicas].join()),
  );
  return before!.join(";") === after!.join(";");
}
