import { placeOf } from "./outlook";
import { coresOf, expect, taskOf } from "./task";
import type { Job, PlanningContext, StartCost } from "./types";
import { straight } from "./window";

/**
 * What a job would emit if it ran without a pause from each start there is: as soon as it may, and from each step on, in each
 * region that is allowed to it. Throws RangeError as `planAll` does.
 */
export function whatIf(job: Job, { grid, now, regions }: PlanningContext): StartCost[] {
  const task = taskOf(job, now);
  const { soonest, latest } = task;
  const starts = [soonest];
  for (let step = 0; step < grid.steps; step++) {
    const start = grid.from + step * grid.stepMs;
    if (start > soonest) starts.push(start);
  }
  return regions
    .filter(({ region }) => job.regions.includes(region))
    .flatMap((outlook) => {
      const place = placeOf(outlook, grid);
      return starts.map((start): StartCost => {
        const slot = straight(task, start);
        const hasRoom = place.room.blockedAt(slot.from, slot.to, coresOf(task, slot.replicas)) < 0;
        const expectedGrams = expect(task, [slot], place.given).grams * place.pue;
        return { region: place.region, start, expectedGrams, safe: start <= latest && hasRoom };
      });
    });
}
