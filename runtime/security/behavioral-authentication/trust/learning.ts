import type { Level, Outcome } from "../schemas";

/** What a user's history may take in of one UTC day, in logins: nobody can make himself a habit of somebody within a day. */
const DAILY_WEIGHT = 3;
const DAY = 86_400_000;

/** What was learned on the day, bounded by the daily weight. */
export interface LearnedToday {
  /** Days since 1970, UTC. */
  day: number;
  total: number;
  /** Pseudonym of the address -> times that it was learned from. */
  sources: Record<string, number>;
}

export interface Lesson {
  /** 0: nothing is learned. */
  weight: number;
  why: string;
  today: LearnedToday;
}

/**
 * What a user's history takes from an attempt. Only attempts that succeeded at low risk, or that another factor confirmed,
 * teach; each further one of a day from the same source counts half, and no day more than DAILY_WEIGHT: so an attacker who
 * once got in cannot quickly become the user, and failed attempts never teach anything.
 */
export function lessonOf(
  outcome: Outcome,
  { level, coldStart, source, time }: { level: Level; coldStart: boolean; source: string; time: number },
  before: LearnedToday | undefined,
): Lesson {
  const day = Math.floor(time / DAY);
  const today: LearnedToday = before?.day === day ? before : { day, total: 0, sources: {} };
  const nothing = (why: string): Lesson => ({ weight: 0, why, today });
  if (outcome === "confirmed-fraud") return nothing("a fraud teaches nothing about the user");
  if (outcome === "failure" || outcome === "step-up-failed") return nothing("failed attempts teach nothing");
  if (outcome === "success" && coldStart) return nothing("a user without history is learned from another factor only");
  if (outcome === "success" && level !== "low") {
    return nothing(`a success at ${level} risk teaches nothing unless another factor confirmed it`);
  }
  if (before !== undefined && before.day > day) return nothing("it is older than what was learned since");
  const times = Object.hasOwn(today.sources, source) ? today.sources[source]! : 0;
  const weight = Math.min(2 ** -times, DAILY_WEIGHT - today.total);
  if (weight < 0.01) return nothing("enough was learned today");
  return {
    weight,
    why: outcome === "success" ? "it succeeded at low risk" : "another factor confirmed it",
    today: { day, total: today.total + weight, sources: { ...today.sources, [source]: times + 1 } },
  };
}
