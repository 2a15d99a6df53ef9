import { seeded } from "../../../kernel/random";
import { best } from "./candidates";
import { cellsOf, sortedBy, type Work } from "./effort";
import { type Place, Room } from "./outlook";
import { burden, hold, isUnhappy, LATE, type Placed, settle, settleSoonest, settleWanted, Snapshot } from "./placed";
import { type Priced, pricesOf } from "./prices";
import { cure, search } from "./search";
import { coresOf } from "./task";
import { Views } from "./views";

/**
 * Cells of planning that improvement may cost beyond what every job needs: some tenths of a second. Counted, not timed, so
 * that the same jobs give the same plan.
 */
const BUDGET = 40_000_000;
/** Of it, what prices may cost, and for how many rounds, by few jobs or many. */
const PRICES_SHARE = 0.1;
const FEW_ROUNDS = 150;
const MANY_ROUNDS = 30;
/** Jobs are few where all can be planned this many times. */
const FEW_PLANS = 20;
/** How much of a plan of all of them many jobs may be moved once more. */
const MANY_DESCENT = 0.2;
/** What is left of it for the search. */
const SEARCH_SHARE = 0.5;
/** Plans of few jobs made from nothing, of which the best is searched on from. */
const STARTS = 24;
/** Plans made again, each time with those first who were late the last time (squeaky wheel: Joslin and Clements 1999). */
const MAX_ATTEMPTS = 6;
/** Searches from the best plan on, one after the other. */
const SEARCHES = 4;
/** Rounds in which jobs may move again after others have: each finds room that moves before it left. */
const MAX_ROUNDS = 4;
/** A round that saves less than this share of all is the last one; and who is this near to the bound is there. */
const WORTHWHILE = 1e-4;

/**
 * Moves jobs, which all are where they run soonest, so that together they emit as little as possible. Cores get prices, by
 * which each job pays for what it takes from others (0 where there are enough: each goes where it is best for itself). Jobs
 * take the room they want by these prices, the rest the best of what is left. Few jobs are put in several orders, and a search
 * around the best plan uses up the budget. On the whole never worse than the soonest starts.
 */
export function improve(movers: readonly Placed[], limited: readonly Place[]): void {
  const all = movers.reduce((sum, placed) => sum + cellsOf(placed), 0);
  const work: Work = { cells: BUDGET };
  const isFew = FEW_PLANS * all <= BUDGET;
  if (isFew && takeIdeals(movers, limited)) return;
  const priced = priceOf(movers, limited, all, work);
  if (!isFew && isFree(priced) && takeIdeals(movers, limited)) return;
  want(movers, new Views(false, priced.prices));
  if (!isFew) for (const placed of movers) placed.idealCost = placed.wanted!.cost;
  const views = new Views(true, priced.prices);
  const soonest = new Snapshot(movers);
  let leader = soonest;
  let current = soonest;
  const keep = (): void => {
    current = new Snapshot(movers);
    if (current.burden < leader.burden) leader = current;
  };
  const random = seeded(1);
  for (let start = 0; start < (isFew ? STARTS : 1); start++) {
    let order = orderOf(movers, start, random);
    for (let attempt = 0; attempt < (isFew ? MAX_ATTEMPTS : 1); attempt++) {
      if (start > 0 && work.cells < SEARCH_SHARE * BUDGET) break;
      work.cells -= all;
      const late = fromNothing(order, views, soonest);
      if (!late) {
        current = soonest;
        break;
      }
      if (!isFew) {
        work.cells = MANY_DESCENT * all;
        cure(movers, late, work);
      }
      descend(order, work);
      keep();
      if (late.length === 0 || leader.burden < late.length * LATE) break;
      const first = new Set(late);
      order = [...late, ...order.filter((placed) => !first.has(placed))];
    }
  }
  if (isFew || leader === soonest) {
    soonest.restore();
    work.cells = Math.max(work.cells, all);
    descend(orderOf(movers, 0, random), work);
    keep();
  }
  if (leader !== current) leader.restore();
  const goal = priced.bound + WORTHWHILE * Math.abs(priced.bound);
  if (!isFew || movers.length < 2 || leader.burden <= goal) return;
  for (let round = 0; round < SEARCHES; round++) search(movers, views, goal, work, round);
}

/** Where each would go by the views, were there room. */
function want(movers: readonly Placed[], views: Views): void {
  for (const placed of movers) {
    const { task, places, baseline, late } = placed;
    const found = best(task, views.of(places));
    // The greedy scaling of an elastic job is not always better than its smallest size.
    placed.wanted = found && (late || !task.scale || found.cost < baseline.cost) ? found : baseline;
  }
}

/** Each to where it would be best alone; false, and nothing moved, where cores do not allow it. */
function takeIdeals(movers: readonly Placed[], limited: readonly Place[]): boolean {
  want(movers, new Views(false));
  for (const { task, chosen } of movers) hold(task, chosen, -1);
  for (const placed of movers) {
    placed.idealCost = placed.wanted!.cost;
    hold(placed.task, placed.wanted!, 1);
  }
  const fit = !limited.some(({ room }) => room.isOverdrawn);
  for (const placed of movers) {
    if (fit) placed.late &&= placed.wanted === placed.chosen;
    else hold(placed.task, placed.wanted!, -1);
    if (fit) placed.chosen = placed.wanted!;
    else hold(placed.task, placed.chosen, 1);
  }
  return fit;
}

/** Cores are not scarce. */
function isFree({ prices }: Priced): boolean {
  return [...prices.values()].every(({ values }) => values.every((price) => price === 0));
}

/** Prices from all movers, or from a sample where they are many. */
function priceOf(movers: readonly Placed[], limited: readonly Place[], all: number, work: Work): Priced {
  const budget = PRICES_SHARE * BUDGET;
  const rounds = all * FEW_ROUNDS <= budget ? FEW_ROUNDS : MANY_ROUNDS;
  const stride = Math.ceil((all * rounds) / budget);
  const sample = movers.filter((_, i) => i % stride === 0);
  const timeOf = (jobs: readonly Placed[]): number =>
    jobs.reduce((sum, { task }) => sum + (task.cores * task.mean) / 1e6, 0);
  // Without what movers hold.
  const free = new Map(limited.map((place) => [place, new Room(place.grid, Float64Array.from(place.room.free!))]));
  for (const { task, chosen } of movers) {
    const room = free.get(chosen.place);
    if (room) for (const { from, to, replicas } of chosen.slots) room.take(from, to, -coresOf(task, replicas));
  }
  work.cells -= (all * rounds) / stride;
  const priced = pricesOf(sample, free, timeOf(sample) / timeOf(movers), rounds);
  // What a sample emits at least says nothing of all.
  return stride === 1 ? priced : { prices: priced.prices, bound: -Infinity };
}

/** To the cheapest room there is, where that is clearly cheaper. */
function move(placed: Placed): void {
  const { task, chosen, late } = placed;
  hold(task, chosen, -1);
  if (settle(placed, placed.places)) {
    if (late || placed.chosen.cost < chosen.cost * (1 - 1e-9)) return;
    hold(task, placed.chosen, -1);
  }
  placed.chosen = chosen;
  placed.late = late;
  hold(task, chosen, 1);
}

/** Each job to where it emits least in the room that is left; and again, while that is worth while. */
function descend(order: readonly Placed[], work: Work): void {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    let saved = 0;
    let total = 0;
    for (const placed of order) {
      if (work.cells < 0) return;
      const before = burden(placed);
      total += before;
      if (!isUnhappy(placed)) continue;
      work.cells -= cellsOf(placed);
      move(placed);
      saved += before - burden(placed);
    }
    if (saved <= WORTHWHILE * total) return;
  }
}

/** By what jobs may be put in order: slack, what they save by the core, urgency, size. */
const ORDERS: readonly ((placed: Placed) => number)[] = [
  ({ task }) => task.latest - task.soonest,
  ({ task, baseline, idealCost }) => (idealCost - baseline.cost) / (task.high * task.cores),
  ({ task }) => task.latest - task.job.releaseAt,
  ({ task }) => -task.cores * task.high,
];

/** In each order first as it is, then a little shuffled. */
function orderOf(movers: readonly Placed[], start: number, random: () => number): Placed[] {
  const keyOf = ORDERS[start % ORDERS.length]!;
  if (start < ORDERS.length) return sortedBy(movers, keyOf);
  return sortedBy(movers, (placed) => keyOf(placed) * (0.75 + 0.5 * random()));
}

/** A plan without the soonest starts in the way; returns who is late in it. Undefined, and all at their soonest starts, where not all have a place. */
function fromNothing(order: readonly Placed[], views: Views, soonest: Snapshot): Placed[] | undefined {
  for (const { task, chosen } of order) hold(task, chosen, -1);
  const left = order.filter((placed) => !settleWanted(placed) && !settle(placed, views.of(placed.places)));
  for (let i = 0; i < left.length; i++) {
    if (settle(left[i]!, left[i]!.places) || settleSoonest(left[i]!)) continue;
    const homeless = new Set(left.slice(i));
    for (const placed of order) if (!homeless.has(placed)) hold(placed.task, placed.chosen, -1);
    soonest.putBack();
    return undefined;
  }
  return left.filter(({ late }) => late);
}
