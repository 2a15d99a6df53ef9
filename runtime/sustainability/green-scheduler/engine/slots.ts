import { cheapestChunks } from "./chunks";
import type { Place } from "./outlook";
import { cheapestPieces } from "./pieces";
import { type Task } from "./task";
import type { Slot } from "./types";
import { workUntil } from "./window";

/** How often a plan is made to end earlier, so that there is room for the reserve behind it. */
const MAX_ATTEMPTS = 3;

/**
 * Where an interruptible job of the expected length runs cheapest, with `task.high - task.mean` kept free behind it: should it
 * take longer, it goes on without a pause, and the deadline holds. Undefined where that does not fit.
 */
export function bestSlots(task: Task, place: Place): Slot[] | undefined {
  const spare = task.high - task.mean;
  const { grid, room } = place;
  const isFree = task.startup === 0 && task.checkpoint === 0 && task.minChunk <= grid.stepMs;
  let until = workUntil(task, grid, spare);
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const slots = isFree ? cheapestPieces(task, place, until) : cheapestChunks(task, place, until);
    if (!slots || spare === 0) return slots;
    const last = slots[slots.length - 1]!;
    const end = last.to + spare;
    const blocked = room.blockedAt(last.to, end, task.cores);
    if (blocked < 0) {
      last.to = end;
      return slots;
    }
    until = Math.min(last.to - 1, grid.from + blocked * grid.stepMs - spare);
    if (until < task.soonest + task.mean) return undefined;
  }
  return undefined;
}
