import type { Place } from "./outlook";
import type { Task } from "./task";
import type { Slot } from "./types";

/** Cells of the table above which neighbouring steps are planned as one: keeps a long job on a fine grid from costing seconds. */
const MAX_CELLS = 30_000;

/** Scratch, used again by every call. off: free before block b with w blocks done. on: a chunk has run right up to b. */
let off = new Float64Array(4096);
let on = new Float64Array(4096);
/** Of each block: its cost, Infinity without room; what a chunk that opens there costs; what spills over behind one that ends. */
let cost = new Float64Array(256);
let opening = new Float64Array(256);
let spills = new Float64Array(256);
let lastSpills = new Float64Array(256);

interface Setting {
  /** Blocks of the window: block b covers [start + b * length, start + (b + 1) * length). */
  start: number;
  length: number;
  blocks: number;
  /** Blocks of work, the last of which may be partly used. */
  work: number;
  /** Blocks a chunk has at least. */
  least: number;
  /** Blocks that start-up and checkpoint spill over behind a chunk. */
  spill: number;
}

/** Lays out the blocks and fills in their costs; undefined where there are too few. */
function settingOf(task: Task, place: Place, until: number): Setting | undefined {
  const { soonest, mean, cores, isRunning, startup, checkpoint } = task;
  const { choice, prices, grid } = place;
  const { from: origin, stepMs } = grid;
  const firstStep = Math.max(0, Math.ceil((soonest - origin) / stepMs));
  // A running job's first chunk begins now, in the middle of a step, or pausing at once would be its only choice.
  const start = isRunning || firstStep === 0 ? soonest : origin + firstStep * stepMs;
  const steps = Math.floor((until - start) / stepMs);
  const group = Math.max(1, Math.ceil(Math.sqrt((steps * (mean / stepMs)) / MAX_CELLS)));
  const length = group * stepMs;
  const blocks = Math.floor((until - start) / length);
  const work = Math.ceil(mean / length);
  if (blocks < work) return undefined;
  reserve(blocks, work);
  const least = Math.max(1, Math.min(work, Math.ceil(task.minChunk / length)));
  const overhead = startup + checkpoint;
  // What a core is worth to others, as intensity times hours.
  const scale = prices ? (1000 * cores) / (task.watts * place.pue) : 0;
  const isAligned = length === stepMs && (start - origin) % stepMs === 0 && overhead < stepMs;
  if (isAligned) fillAligned(task, place, Math.round((start - origin) / stepMs), blocks, scale, until);
  else fill(task, place, { start, length, blocks }, scale, until);
  // Where it already runs, going on saves a pause and a start.
  const resumed = isRunning ? choice.integral(start, start + overhead) : 0;
  for (let block = 0; block + least <= blocks; block++) {
    let sum = block === 0 ? -resumed : 0;
    for (let i = 0; i < least; i++) sum += cost[block + i]!;
    opening[block] = sum;
  }
  return { start, length, blocks, work, least, spill: Math.ceil(overhead / length) };
}

/** The costs of blocks that are steps of the grid, with overheads of less than a step. */
function fillAligned(task: Task, place: Place, first: number, blocks: number, scale: number, until: number): void {
  const { cores, startup, checkpoint } = task;
  const { choice, room, prices, grid } = place;
  for (let block = 0; block <= blocks; block++) {
    const step = first + block;
    const taken =
      step >= grid.steps || !room.isFreeAt(step, cores) ? Infinity : prices ? scale * prices.values[step]! : 0;
    const value = choice.at(step, 1) - choice.at(step, 0);
    const left = (until - grid.from) / grid.stepMs - step;
    const spillOf = (ms: number): number => {
      if (ms === 0) return 0;
      const part = ms / grid.stepMs;
      return part > left ? Infinity : value * part * choice.hours + taken;
    };
    if (block < blocks) cost[block] = value * choice.hours + taken;
    spills[block] = spillOf(startup + checkpoint);
    lastSpills[block] = spillOf(startup);
  }
}

/** The costs of any blocks. */
function fill(
  task: Task,
  place: Place,
  { start, length, blocks }: Pick<Setting, "start" | "length" | "blocks">,
  scale: number,
  until: number,
): void {
  const { cores, startup, checkpoint } = task;
  const { choice, room, prices } = place;
  const costOf = (from: number, to: number): number => {
    if (room.limited && room.blockedAt(from, to, cores) >= 0) return Infinity;
    return choice.integral(from, to) + (prices ? scale * prices.touched(from, to) : 0);
  };
  const spillOf = (from: number, ms: number): number => {
    if (ms === 0) return 0;
    return from + ms > until ? Infinity : costOf(from, from + ms);
  };
  for (let block = 0; block <= blocks; block++) {
    const at = start + block * length;
    if (block < blocks) cost[block] = costOf(at, at + length);
    spills[block] = spillOf(at, startup + checkpoint);
    lastSpills[block] = spillOf(at, startup);
  }
}

function reserve(blocks: number, work: number): void {
  const cells = (blocks + 1) * (work + 1);
  if (cells > off.length) {
    off = new Float64Array(2 * cells);
    on = new Float64Array(2 * cells);
  }
  if (blocks < cost.length) return;
  cost = new Float64Array(2 * blocks);
  opening = new Float64Array(2 * blocks);
  spills = new Float64Array(2 * blocks);
  lastSpills = new Float64Array(2 * blocks);
}

/**
 * The cheapest way to cut the expected work into chunks, when each start and each pause costs time and energy: dynamic
 * programming over (block, work done, running or not), exact on whole steps. Start-up and checkpoint are charged in the time
 * right behind the chunk. Undefined where no such plan fits into [soonest, until].
 */
export function cheapestChunks(task: Task, place: Place, until: number): Slot[] | undefined {
  const setting = settingOf(task, place, until);
  if (!setting) return undefined;
  const { blocks, work, least, spill } = setting;
  const width = work + 1;
  off.fill(Infinity, 0, (blocks + 1) * width);
  on.fill(Infinity, 0, (blocks + 1) * width);
  off[0] = 0;
  const openStep = least * width + least;
  for (let b = 1; b <= blocks; b++) {
    const row = b * width;
    off[row] = 0;
    const before = cost[b - 1]!;
    const isOpening = b >= least;
    const opened = isOpening ? opening[b - least]! : Infinity;
    const spilled = b >= spill ? spills[b - spill]! : Infinity;
    const most = b < work ? b : work;
    // With less done by now, too little would be left of the window.
    const fewest = work - blocks + b;
    for (let w = fewest > 1 ? fewest : 1; w <= most; w++) {
      let running = on[row - width + w - 1]! + before;
      if (isOpening && w >= least) {
        const fresh = off[row + w - openStep]! + opened;
        if (fresh < running) running = fresh;
      }
      on[row + w] = running;
      let free = off[row - width + w]!;
      if (b >= spill) {
        const paused = on[row - spill * width + w]! + spilled;
        if (paused < free) free = paused;
      }
      off[row + w] = free;
    }
  }
  let end = -1;
  let lowest = Infinity;
  for (let b = work; b <= blocks; b++) {
    const total = on[b * width + work]! + lastSpills[b]!;
    if (total >= lowest) continue;
    lowest = total;
    end = b;
  }
  return end < 0 ? undefined : slotsOf(task, setting, end);
}

/** The chunks of the cheapest plan that ends before block `end`, traced back through the tables. */
function slotsOf(task: Task, { start, length, work, least, spill }: Setting, end: number): Slot[] {
  const width = work + 1;
  const slots: Slot[] = [];
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
    const resumed = task.isRunning && b === 0;
    // The last chunk is as much shorter as the last block of work is not filled.
    const behind = slots.length === 0 ? task.mean - work * length : task.checkpoint;
    const overhead = (resumed ? 0 : task.startup) + behind;
    slots.push({ from: start + b * length, to: start + stop * length + overhead, replicas: 1 });
    if (w === 0) break;
    while (!(b >= spill && off[b * width + w] === on[(b - spill) * width + w]! + spills[b - spill]!)) b--;
    b -= spill;
  }
  return slots.reverse();

  function isOpening(at: number, done: number): boolean {
    if (at < least || done < least) return false;
    const fresh = off[(at - least) * width + done - least]! + opening[at - least]!;
    const running = on[(at - 1) * width + done - 1]! + cost[at - 1]!;
    return fresh <= running;
  }
}
