import { seeded } from "../../../kernel/random";
import type { Candidate } from "./candidates";
import { cellsOf, type Work } from "./effort";
import { burden, hold, isUnhappy, LATE, type Placed, settle, settleSoonest, Snapshot } from "./placed";
import type { Views } from "./views";

/** Jobs that are taken out and put back at once. */
const LEAST_GROUP = 2;
const MOST_GROUP = 8;
/** Jobs that are looked at for those. */
const MOST_LOOKED_AT = 300;
/** Attempts to make room for a late one. */
const TRIES = 30;
/** How much worse, by the mean job, a plan may become at first that is searched on from. */
const WARMTH = 0.05;
/** The same by the weight of a late job, as long as there are some: ten hours of lateness. */
const CURE = 0.01;
/** Attempts in a row without a better plan after which nothing more is expected: some, and some for each job. */
const PATIENCE = 1500;
const PATIENCE_BY_JOB = 250;

/**
 * Large neighbourhood search (Shaw 1998) with threshold accepting (Dueck and Scheuer 1990): a job that is not where it would be
 * best, and some of those around a time it might run at, are taken out and put back in another order, by the prices or by their
 * own grams. Each `round` is another sequence, which strays further. The best plan that was met stays. Ends at the goal, with the budget, or when nothing better is found any more. The
 * same jobs give the same plan: the choices follow a fixed sequence.
 */
export function search(movers: readonly Placed[], views: Views, goal: number, work: Work, round: number): void {
  const random = seeded(2 + round);
  const below = (count: number): number => Math.floor(random() * count);
  let leader = new Snapshot(movers);
  let isKept = true;
  let least = leader.burden;
  let current = least;
  const budget = work.cells;
  const patience = PATIENCE + PATIENCE_BY_JOB * movers.length;
  const carbon = movers.reduce((sum, { chosen }) => sum + chosen.cost, 0) / movers.length;
  for (let idle = 0; idle < patience && work.cells > 0 && least > goal; idle++) {
    // For half of the time, another may be late instead, and for longer: it may have an easier way out.
    const isCuring = current >= LATE && work.cells > budget / 2 && idle < patience / 2;
    const late = isCuring ? movers.filter((placed) => placed.late) : [];
    const group = neighbourhood(late.length > 0 && random() < 0.5 ? late : movers, movers, below);
    work.cells -= isCuring ? movers.length : 0;
    for (const placed of group) work.cells -= cellsOf(placed);
    const warmth = WARMTH * 2 ** round * carbon * (work.cells / budget) * Math.max(0, 1 - (2 * idle) / patience);
    const threshold = isCuring ? CURE * LATE : warmth;
    const isPriced = random() < 0.5;
    // Before the best plan is left.
    if (!isKept) {
      leader = new Snapshot(movers);
      work.cells -= movers.length;
      isKept = true;
    }
    const change = rearrange(group, isPriced ? views : undefined, threshold, isCuring);
    current += change;
    if (current >= least - 1e-9 * carbon) continue;
    least = current;
    idle = 0;
    isKept = false;
  }
  if (isKept) leader.restore();
}

/** Takes the late ones into time, as far as some tries to make room around them do: for many jobs, of which few are late. */
export function cure(movers: readonly Placed[], late: readonly Placed[], work: Work): void {
  const random = seeded(1);
  const below = (count: number): number => Math.floor(random() * count);
  for (const placed of late) {
    for (let tries = 0; tries < TRIES && placed.late && work.cells > 0; tries++) {
      const group = neighbourhood([placed], movers, below);
      for (const one of group) work.cells -= cellsOf(one);
      rearrange(group, undefined, 0, false);
    }
  }
}

function neighbourhood(
  firsts: readonly Placed[],
  movers: readonly Placed[],
  below: (count: number) => number,
): Placed[] {
  let first = firsts[below(firsts.length)]!;
  for (let tries = 0; tries < 8 && !isUnhappy(first); tries++) first = firsts[below(firsts.length)]!;
  const { task } = first;
  const from = task.soonest + below(Math.max(1, task.latest - task.soonest));
  const to = from + task.high;
  const size = LEAST_GROUP + below(MOST_GROUP - LEAST_GROUP + 1);
  const group = [first];
  // From anywhere on, around once, so that all have the same chance.
  const offset = below(movers.length);
  for (let i = 0; i < Math.min(movers.length, MOST_LOOKED_AT) && group.length < size; i++) {
    const other = movers[(offset + i) % movers.length]!;
    const { place, slots } = other.chosen;
    if (other === first || !first.places.includes(place)) continue;
    if (slots.some((slot) => slot.from < to && slot.to > from)) group.push(other);
  }
  if (group.length === 1)
    group.push(movers[offset] === first ? movers[(offset + 1) % movers.length]! : movers[offset]!);
  // The first stays first half of the time: it came for its place.
  const fixed = below(2);
  for (let i = group.length - 1; i > fixed; i--) {
    const j = fixed + below(i + 1 - fixed);
    [group[i], group[j]] = [group[j]!, group[i]!];
  }
  return group;
}

/** Returns by how much the burden changed; 0, and nothing changed, where it would rise by more than the threshold. */
function rearrange(group: readonly Placed[], views: Views | undefined, threshold: number, mayBeLate: boolean): number {
  const before = group.map(({ chosen, late }): [Candidate, boolean] => [chosen, late]);
  let change = 0;
  for (const placed of group) {
    change -= burden(placed);
    hold(placed.task, placed.chosen, -1);
  }
  let settled = 0;
  for (const placed of group) {
    if (!settle(placed, views?.of(placed.places) ?? placed.places) && !(mayBeLate && settleSoonest(placed))) break;
    change += burden(placed);
    settled++;
    if (change > threshold) break;
  }
  if (settled === group.length && change <= threshold) return change;
  for (const placed of group.slice(0, settled)) hold(placed.task, placed.chosen, -1);
  group.forEach((placed, i) => {
    [placed.chosen, placed.late] = before[i]!;
    hold(placed.task, placed.chosen, 1);
  });
  return 0;
}
