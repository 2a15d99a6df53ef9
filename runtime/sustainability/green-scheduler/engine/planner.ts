import { type Candidate, costOf } from "./candidates";
import { hold, improve, isUnhappy, moversOf, type Placed, soonestOf } from "./improve";
import { placeOf } from "./outlook";
import { search } from "./search";
import { expect, type Run, type Task, taskOf } from "./task";
import type { Grid, Job, Plan, PlanningContext, PlanOutcome } from "./types";

/** A job before it has a place; without one, there is no room for it on the grid. */
type Asked = Pick<Placed, "task" | "places"> & Partial<Placed>;

/**
 * A plan for every job, in the order given. First each job gets the soonest room there is (those without slack first, then by
 * the last safe start), so that no deadline depends on what is saved. Then each job with slack moves to the cheapest room that
 * is free, those first that save most by core, and again, until none finds better. So no deadline is missed that this order
 * can keep, no step holds more than its cores, a job without slack stays, and no job is expected to emit more than at its
 * soonest start. Pure: the context is not changed.
 *
 * Throws RangeError for series that do not fit the grid and jobs that make no sense.
 */
export function planAll(jobs: readonly Job[], context: PlanningContext): Plan[] {
  const { grid, now } = context;
  const places = new Map(context.regions.map((outlook) => [outlook.region, placeOf(outlook, grid)]));
  const all = jobs.map((job): Asked => {
    const allowed = job.runningIn === undefined ? job.regions : [job.runningIn];
    return { task: taskOf(job, now), places: allowed.flatMap((region) => places.get(region) ?? []) };
  });
  const isLimited = [...places.values()].some(({ room }) => room.limited);
  const order = isLimited ? all.toSorted(byUrgency) : all;
  // Who is late anyway takes no place from those who need not be.
  const rest = order.filter((asked) => !placeSoonest(asked, grid, false));
  for (const asked of rest) placeSoonest(asked, grid, true);
  const placed = all.filter(isPlaced);
  const movers = moversOf(placed, grid);
  improve(movers, grid);
  if (movers.some(isUnhappy)) search(movers, grid);
  return all.map((asked) => (isPlaced(asked) ? planOf(asked) : unplaced(asked)));
}

function byUrgency(a: Asked, b: Asked): number {
  const hasSlack = (task: Task): number => (task.latest > task.soonest ? 1 : 0);
  return hasSlack(a.task) - hasSlack(b.task) || a.task.latest - b.task.latest;
}

function isPlaced(asked: Asked): asked is Placed {
  return asked.chosen !== undefined;
}

function placeSoonest(asked: Asked, grid: Grid, mayBeLate: boolean): boolean {
  const { task, places } = asked;
  const chosen = soonestOf(task, places, grid);
  const late = chosen !== undefined && chosen.slots[0]!.from > task.latest;
  if (!chosen || (late && !mayBeLate)) return false;
  hold(task, chosen, 1);
  Object.assign(asked, { chosen, baseline: chosen, cost: costOf(task, chosen), late });
  return true;
}

function unplaced({ task, places }: Asked): Plan {
  const { id, regions } = task.job;
  const nothing = { expectedGrams: 0, baselineGrams: 0, expectedKwh: 0, slackSeconds: 0, slots: [] };
  const reason = places.length === 0 ? "no intensity is known for its regions" : "no room for it on the grid";
  return { ...nothing, job: id, region: regions[0]!, latestStart: task.latest, outcome: "unplaced", reason };
}

function planOf(placed: Placed): Plan {
  const { task, chosen, baseline, late } = placed;
  const { job } = task;
  const run = reckon(task, chosen);
  const base = reckon(task, baseline).grams;
  const budget = job.carbonBudgetGrams ?? Infinity;
  const isMoved = chosen !== baseline;
  const outcome: PlanOutcome = late ? "late" : run.grams > budget ? "over-budget" : isMoved ? "shifted" : "at-once";
  return {
    job: job.id,
    latestStart: task.latest,
    region: chosen.place.region,
    slots: chosen.slots,
    outcome,
    expectedGrams: run.grams,
    baselineGrams: base,
    expectedKwh: run.kwh,
    slackSeconds: Math.max(0, task.latest - chosen.slots[0]!.from) / 1000,
    reason: reasonOf(placed, outcome, run.grams, base),
  };
}

/** At the meter of the place. */
function reckon(task: Task, { place, slots }: Candidate): Run {
  const run = expect(task, slots, place.given);
  return { grams: run.grams * place.pue, kwh: run.kwh * place.pue, end: run.end };
}

function reasonOf({ task, chosen, baseline }: Placed, outcome: PlanOutcome, grams: number, base: number): string {
  if (outcome === "late") return "no room before its last safe start; it runs as soon as there is room";
  if (outcome === "over-budget") {
    return `expected ${grams.toFixed(1)} g, over its budget of ${task.job.carbonBudgetGrams!.toFixed(1)} g; the deadline leaves nothing that emits less`;
  }
  if (outcome === "at-once") {
    return task.latest > task.soonest ? "no later start saves carbon" : "no slack: it starts as soon as it may";
  }
  const { place, slots } = chosen;
  const hours = (slots[0]!.from - task.soonest) / 3_600_000;
  const how = [
    ...(place === baseline.place ? [] : [`in ${place.region} instead of ${baseline.place.region}`]),
    `after ${hours.toFixed(1)} h`,
    ...(slots.length > 1 ? [`in ${String(slots.length)} stretches`] : []),
  ];
  return `${how.join(", ")}: ${grams.toFixed(1)} g instead of ${base.toFixed(1)} g`;
}
