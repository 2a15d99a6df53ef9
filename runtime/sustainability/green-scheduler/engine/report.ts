import type { Candidate } from "./candidates";
import { isLate, type Placed } from "./placed";
import { expect, type Run, type Task } from "./task";
import type { Plan, PlanOutcome } from "./types";

/** What is told of a job that has no place. */
export function unplaced(task: Task, isKnown: boolean): Plan {
  const { id, regions } = task.job;
  const nothing = { expectedGrams: 0, baselineGrams: 0, expectedKwh: 0, slackSeconds: 0, slots: [] };
  const reason = isKnown ? "no room for it on the grid" : "no intensity is known for its regions";
  return { ...nothing, job: id, region: regions[0]!, latestStart: task.latest, outcome: "unplaced", reason };
}

/** What is told of a job that has one, reckoned on the forecast as it was given. */
export function planOf({ task, chosen, baseline, late }: Placed): Plan {
  const { job } = task;
  const run = reckon(task, chosen);
  // A late run would be no fair comparison.
  const compared = !late && isLate(task, baseline) ? chosen : baseline;
  const base = compared === chosen ? run.grams : reckon(task, compared).grams;
  const budget = job.carbonBudgetGrams ?? Infinity;
  const outcome: PlanOutcome = late
    ? "late"
    : run.grams > budget
      ? "over-budget"
      : isSame(chosen, compared)
        ? "at-once"
        : "shifted";
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
    reason: reasonOf(task, chosen, compared, outcome, run.grams, base),
  };
}

function isSame(a: Candidate, b: Candidate): boolean {
  if (a === b) return true;
  if (a.place !== b.place || a.slots.length !== b.slots.length) return false;
  return a.slots.every(({ from, to, replicas }, i) => {
    const other = b.slots[i]!;
    return from === other.from && to === other.to && replicas === other.replicas;
  });
}

/** At the meter of the place. */
function reckon(task: Task, { place, slots }: Candidate): Run {
  const run = expect(task, slots, place.given);
  run.grams *= place.pue;
  run.kwh *= place.pue;
  return run;
}

/** With one decimal, or two digits where that would leave none; faster than toFixed. */
function decimal(value: number): string {
  if (value !== 0 && Math.abs(value) < 1) return String(Number(value.toPrecision(2)));
  const tenths = Math.round(value * 10);
  return tenths % 10 === 0 ? `${String(tenths / 10)}.0` : String(tenths / 10);
}

function reasonOf(
  task: Task,
  chosen: Candidate,
  baseline: Candidate,
  outcome: PlanOutcome,
  grams: number,
  base: number,
): string {
  if (outcome === "late") return "no room before its last safe start; it runs as soon as there is room";
  if (outcome === "over-budget") {
    return `expected ${decimal(grams)} g, over its budget of ${decimal(task.job.carbonBudgetGrams!)} g; the deadline leaves nothing that emits less`;
  }
  if (outcome === "at-once") {
    return task.latest > task.soonest ? "no later start saves carbon" : "no slack: it starts as soon as it may";
  }
  const { place, slots } = chosen;
  const hours = (slots[0]!.from - task.soonest) / 3_600_000;
  const where = place === baseline.place ? "" : `in ${place.region} instead of ${baseline.place.region}, `;
  const stretches = slots.length > 1 ? `, in ${String(slots.length)} stretches` : "";
  const why = grams > base ? "; it leaves cleaner hours to jobs that save more there" : "";
  return `${where}after ${decimal(hours)} h${stretches}: ${decimal(grams)} g instead of ${decimal(base)} g${why}`;
}
