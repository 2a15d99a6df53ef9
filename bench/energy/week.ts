import { CONSOLIDATION_OPTIONS } from "../../runtime/sustainability/energy-optimizer/consolidate";
import type { FleetNode } from "../../runtime/sustainability/energy-optimizer/fleet";
import { type Judged, realisation } from "../../runtime/sustainability/energy-optimizer/realisation";
import type { Need } from "../../runtime/sustainability/energy-optimizer/room";
import { type Policy, Replay } from "./replay";
import { type TimedPod, WEEK_SECONDS } from "./trace";

const HOUR_SECONDS = 3600;
/** Hours for which the engine's plans count on what they free, and after which they are judged. */
export const { lifetimeHours: LIFETIME_HOURS } = CONSOLIDATION_OPTIONS;

/** A week to replay: the fleet, what comes, and what is known to have come before. */
export interface Drawn {
  fleet: readonly FleetNode[];
  week: readonly TimedPod[];
  before: readonly Need[];
}

export interface Outcome {
  kwh: number;
  breaches: number;
  waitP99: number;
  moves: number;
  /** As promised, and as it came. */
  judged: Judged[];
  /** The same before what the moves cost, and as it was promised before anything was learned. */
  lessons: Judged[];
}

/**
 * The week under a policy; it plans every hour. A plan's saving is measured against its adjusted baseline: a second replay
 * that goes on from the same hour on the same arrivals without it, for `LIFETIME_HOURS`. Both have all earlier plans and no
 * later one, so that no saving is counted twice. A plan promises what it frees times what plans came to that are over:
 * `learned` elsewhere, and this week's; where it is absent, plans are not judged.
 */
export function replayWeek({ fleet, week, before }: Drawn, policy: Policy, learned?: readonly Judged[]): Outcome {
  const replay = new Replay(fleet, week, policy, before);
  const judged: Judged[] = [];
  const lessons: (Judged & { over: number })[] = [];
  for (let hour = HOUR_SECONDS; hour < WEEK_SECONDS; hour += HOUR_SECONDS) {
    replay.runUntil(hour);
    const plan = replay.plan();
    if (!plan || plan.emptied.length === 0) continue;
    const over = hour + LIFETIME_HOURS * HOUR_SECONDS;
    if (learned && over <= WEEK_SECONDS) {
      const share = realisation([...learned, ...lessons.filter((lesson) => lesson.over <= hour)]);
      const [without, withIt] = [replay.fork(), replay.fork()];
      withIt.carryOut(plan);
      without.runUntil(over);
      withIt.runUntil(over);
      const savedKwh = without.kwh - withIt.kwh;
      const gross = plan.savedKwh + plan.costKwh;
      judged.push({ expectedKwh: share * gross - plan.costKwh, savedKwh });
      lessons.push({ expectedKwh: gross, savedKwh: savedKwh + plan.costKwh, over });
    }
    replay.carryOut(plan);
  }
  replay.runUntil(WEEK_SECONDS);
  replay.finish();
  const { kwh, breaches, moves, waits } = replay;
  const waitP99 = waits.toSorted((a, b) => a - b)[Math.ceil(waits.length * 0.99) - 1] ?? 0;
  return { kwh, breaches, waitP99, moves, judged, lessons };
}
