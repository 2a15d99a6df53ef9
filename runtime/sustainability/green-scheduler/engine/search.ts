import { type Candidate, candidatesOf, costOf } from "./candidates";
import { cheapest, hold, isUnhappy, type Mover, soonestOf } from "./improve";
import type { Grid } from "./types";

/** Placements that are tried in all: some tens of milliseconds. With more jobs than that, the rounds before have to do. */
const EFFORT = 2_000;
/** Attempts in a row without success after which nothing more is expected. */
const PATIENCE = 60;
/** Jobs that are taken out and put back at once. */
const NEIGHBOURS = 7;

interface State {
  baseline: Candidate;
  chosen: Candidate;
  cost: number;
  late: boolean;
}

/** Lateness outweighs all carbon; less of it is better. */
function burden({ task }: Mover, { chosen, cost, late }: State): number {
  return late ? 1e12 + (chosen.slots[0]!.from - task.latest) : cost;
}

function overlaps(a: Candidate, b: Candidate): boolean {
  return a.place === b.place && a.slots.some((x) => b.slots.some((y) => x.from < y.to && y.from < x.to));
}

/**
 * Large neighbourhood search (Shaw 1998) for what the rounds left: a job that is not where it would be best, and some of those
 * in its way, are taken out and put back in another order; what is better on the whole stays. No job is left with more than
 * its soonest start emits. The same jobs give the same plan: the choices follow a fixed sequence.
 */
export function search(movers: readonly Mover[], grid: Grid): void {
  let state = 1;
  const below = (count: number): number => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5;
    return ((((state ^ (state >>> 13)) >>> 0) / 2 ** 32) * count) | 0;
  };
  let idle = 0;
  for (let effort = EFFORT; effort > movers.length && idle < PATIENCE;) {
    const unhappy = movers.filter(isUnhappy);
    if (unhappy.length === 0) return;
    const first = unhappy[below(unhappy.length)]!;
    const rivals = movers.filter((mover) => mover !== first && overlaps(mover.chosen, first.ideal));
    const group = [first];
    while (group.length < NEIGHBOURS && rivals.length > 0) group.push(...rivals.splice(below(rivals.length), 1));
    while (group.length < 3 && group.length < movers.length) {
      const other = movers[below(movers.length)]!;
      if (!group.includes(other)) group.push(other);
    }
    // The first stays first half of the time: it came for its place.
    for (let i = group.length - 1; i > 0; i--) {
      const j = below(i + 1);
      if (j === 0 && effort % 2 === 0) continue;
      [group[i], group[j]] = [group[j]!, group[i]!];
    }
    effort -= group.length;
    idle = rearrange(group, grid) ? 0 : idle + 1;
  }
}

/** True: the group is better off. Equal plans are taken too: they lead on to others. */
function rearrange(group: readonly Mover[], grid: Grid): boolean {
  const before = group.map(({ baseline, chosen, cost, late }): State => ({ baseline, chosen, cost, late }));
  for (const mover of group) hold(mover.task, mover.chosen, -1);
  let change = 0;
  let placed = 0;
  for (; placed < group.length; placed++) {
    const mover = group[placed]!;
    const after = settle(mover, grid);
    if (!after) break;
    change += burden(mover, after) - burden(mover, before[placed]!);
    Object.assign(mover, after);
    hold(mover.task, mover.chosen, 1);
  }
  if (placed === group.length && change <= 0) return change < -1e-9 * before.reduce((sum, { cost }) => sum + cost, 0);
  for (const mover of group.slice(0, placed)) hold(mover.task, mover.chosen, -1);
  group.forEach((mover, i) => {
    Object.assign(mover, before[i]);
    hold(mover.task, mover.chosen, 1);
  });
  return false;
}

/** The best there is for it now; undefined where that is worse than what it was promised. */
function settle(mover: Mover, grid: Grid): State | undefined {
  const { task, places, baseline } = mover;
  const found = cheapest(task, candidatesOf(task, places, grid), Infinity);
  if (!found) {
    const chosen = mover.late ? soonestOf(task, places, grid) : undefined;
    return chosen && { baseline, chosen, cost: costOf(task, chosen), late: true };
  }
  const [chosen, cost] = found;
  // A late run would be no fair comparison.
  if (baseline.slots[0]!.from > task.latest) return { baseline: chosen, chosen, cost, late: false };
  const promised = costOf(task, baseline);
  return cost <= promised * (1 + 1e-9) ? { baseline, chosen, cost, late: false } : undefined;
}
