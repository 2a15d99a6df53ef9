import type { Place } from "./outlook";
import type { Task } from "./task";
import type { Grid, Slot } from "./types";
import { coresOf } from "./window";

/** Cells of the table above which neighbouring steps are planned as one: keeps a long job on a fine grid from costing seconds. */
const MAX_CELLS = 30_000;

interface Setting {
  /** Blocks of the window: block b covers [start + b * length, start + (b + 1) * length). */
  start: number;
  length: number;
  blocks: number;
  /** Blocks of work, the last of which may be partly used. */
  work: number;
  /** Blocks a chunk has at least. */
  least: number;
  /** Intensity times hours of each block; Infinity without room. */
  cost: Float64Array;
  /** Blocks that start-up and checkpoint spill over behind a chunk, and what they cost there. */
  spill: number;
  spillCost: (block: number) => number;
  lastSpillCost: (block: number) => number;
  resumed: number;
}

function settingOf(task: Task, place: Place, grid: Grid, until: number): Setting | undefined {
  const { from: origin, stepMs } = grid;
  const isRunning = task.job.runningIn !== undefined;
  const firstStep = Math.max(0, Math.ceil((task.soonest - origin) / stepMs));
  // A running job's first chunk begins now, in the middle of a step, or pausing at once would be its only choice.
  const start = isRunning || firstStep === 0 ? task.soonest : origin + firstStep * stepMs;
  const steps = Math.floor((until - start) / stepMs);
  const group = Math.max(1, Math.ceil(Math.sqrt((steps * (task.mean / stepMs)) / MAX_CELLS)));
  const length = group * stepMs;
  const blocks = Math.floor((until - start) / length);
  const work = Math.ceil(task.mean / length);
  if (blocks < work) return undefined;
  const cores = coresOf(task, task.sizes[0]!.replicas);
  const { choice, room } = place;
  const at = (block: number): number => start + block * length;
  const cost = new Float64Array(blocks);
  for (let block = 0; block < blocks; block++) {
    const isBlocked = room.limited && room.blockedAt(at(block), at(block + 1), cores) >= 0;
    cost[block] = isBlocked ? Infinity : choice.integral(at(block), at(block + 1));
  }
  const overhead = task.startup + task.checkpoint;
  const spillOf = (block: number, ms: number): number => {
    if (ms === 0) return 0;
    if (room.limited && room.blockedAt(at(block), at(block) + ms, cores) >= 0) return Infinity;
    return at(block) + ms > until ? Infinity : choice.integral(at(block), at(block) + ms);
  };
  return {
    ...{ start, length, blocks, work, cost },
    least: Math.max(1, Math.min(work, Math.ceil((task.job.minChunkSeconds * 1000) / length))),
    spill: Math.ceil(overhead / length),
    spillCost: (block) => spillOf(block, overhead),
    lastSpillCost: (block) => spillOf(block, task.startup),
    // Where it already runs, going on saves a pause and a start.
    resumed: isRunning ? choice.integral(start, start + overhead) : 0,
  };
}

/**
 * The cheapest way to cut the expected work into chunks, when each start and each pause costs time and energy: dynamic
 * programming over (block, work done, running or not), exact on whole steps. Start-up and checkpoint are charged in the time
 * right behind the chunk. Undefined where no such plan fits into [soonest, until].
 */
export function cheapestChunks(task: Task, place: Place, grid: Grid, until: number): Slot[] | undefined {
  const setting = settingOf(task, place, grid, until);
  if (!setting) return undefined;
  const { blocks, work, least, cost, spill, resumed } = setting;
  const width = work + 1;
  // off: free before block b with w blocks done. on: a chunk has run right up to b.
  const off = new Float64Array((blocks + 1) * width).fill(Infinity);
  const on = new Float64Array((blocks + 1) * width).fill(Infinity);
  const opening = new Float64Array(blocks).fill(Infinity);
  const spills = new Float64Array(blocks + 1);
  for (let b = 0; b <= blocks; b++) {
    spills[b] = setting.spillCost(b);
    if (b + least > blocks) continue;
    opening[b] = b === 0 ? -resumed : 0;
    for (let i = 0; i < least; i++) opening[b]! += cost[b + i]!;
  }
  for (let b = 0; b <= blocks; b++) {
    const row = b * width;
    for (let w = 0; w <= Math.min(b, work); w++) {
      let free = w === 0 ? 0 : b > 0 ? off[row - width + w]! : Infinity;
      if (b >= spill) free = Math.min(free, on[row - spill * width + w]! + spills[b - spill]!);
      off[row + w] = free;
      if (w > 0 && b > 0) on[row + w] = Math.min(on[row + w]!, on[row - width + w - 1]! + cost[b - 1]!);
      if (w + least <= work && b + least <= blocks) {
        const ahead = row + least * width + w + least;
        on[ahead] = Math.min(on[ahead]!, free + opening[b]!);
      }
    }
  }
  let end = -1;
  let lowest = Infinity;
  for (let b = work; b <= blocks; b++) {
    const total = on[b * width + work]! + setting.lastSpillCost(b);
    if (total >= lowest) continue;
    lowest = total;
    end = b;
  }
  return end < 0 ? undefined : slotsOf(task, setting, trace(setting, on, off, opening, end));
}

/** The chunks, as [first block, block after the last], of the cheapest plan that ends before block `end`. */
function trace(
  { work, least, cost, spill, spillCost }: Setting,
  on: Float64Array,
  off: Float64Array,
  opening: Float64Array,
  end: number,
): [number, number][] {
  const width = work + 1;
  const chunks: [number, number][] = [];
  let b = end;
  let w = work;
  while (w > 0) {
    const stop = b;
    // Back to the opening of this chunk.
    while (!isOpening(b, w)) {
      b--;
      w--;
    }
    b -= least;
    w -= least;
    chunks.unshift([b, stop]);
    if (w === 0) break;
    while (!(b >= spill && off[b * width + w] === on[(b - spill) * width + w]! + spillCost(b - spill))) b--;
    b -= spill;
  }
  return chunks;

  function isOpening(at: number, done: number): boolean {
    const b0 = at - least;
    if (b0 < 0 || done < least) return false;
    const opened = off[b0 * width + done - least]! + opening[b0]!;
    const continued = at > 0 && done > 0 ? on[(at - 1) * width + done - 1]! + cost[at - 1]! : Infinity;
    return opened <= continued;
  }
}

function slotsOf(task: Task, setting: Setting, chunks: [number, number][]): Slot[] {
  const { start, length, work } = setting;
  const { replicas } = task.sizes[0]!;
  // The last chunk is as much shorter as the last block of work is not filled.
  const surplus = work * length - task.mean;
  return chunks.map(([first, end], i) => {
    const isLast = i === chunks.length - 1;
    const resumed = task.job.runningIn !== undefined && first === 0;
    const startup = resumed ? 0 : task.startup;
    const overhead = startup + (isLast ? -surplus : task.checkpoint);
    return { from: start + first * length, to: start + end * length + overhead, replicas };
  });
}
