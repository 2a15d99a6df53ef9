import type { Place } from "./outlook";
import { type Task } from "./task";
import type { Grid, Slot } from "./types";
import { coresOf, workUntil } from "./window";
import { cheapestPieces } from "./pieces";
import { cheapestChunks } from "./chunks";

/**
 * Where an interruptible job of the expected length runs cheapest, with `task.high - task.mean` kept free behind it: should it
 * take longer, it goes on without a pause, and the deadline holds. Undefined where that does not fit.
 */
export function bestSlots(task: Task, place: Place, grid: Grid): Slot[] | undefined {
  const spare = task.high - task.mean;
  const until = workUntil(task, grid, spare);
  const isFree = task.startup === 0 && task.checkpoint === 0 && task.job.minChunkSeconds * 1000 <= grid.stepMs;
  const slots = isFree ? cheapestPieces(task, place, grid, until) : cheapestChunks(task, place, grid, until);
  if (!slots || spare === 0) return slots;
  const last = slots[slots.length - 1]!;
  const extended = { ...last, to: last.to + spare };
  if (place.room.blockedAt(last.to, extended.to, coresOf(task, last.replicas)) >= 0) return undefined;
  return [...slots.slice(0, -1), extended];
}
