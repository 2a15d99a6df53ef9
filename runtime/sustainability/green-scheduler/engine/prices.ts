import { best } from "./candidates";
import { type Place, Prices, type Room, viewOf } from "./outlook";
import type { Placed } from "./placed";
import { coresOf } from "./task";

/** Rounds without a better bound after which the step is halved, and the halvings after which no more is expected. */
const PATIENCE = 4;
const MAX_HALVINGS = 8;
/** How far above the best bound the optimum is taken to be, for the length of a step. */
const AIM = 0.02;

/** The prices of all places, and what the jobs emit at least by them: no plan that keeps to the cores can emit less. */
export interface Priced {
  prices: ReadonlyMap<Place, Prices>;
  bound: number;
}

/**
 * What a core is worth in each step: the Lagrange multipliers of the limits, by Held and Karp's subgradient method with
 * Polyak's steps. Jobs are asked where they would go at the prices; where they ask for more than there is, the price rises.
 * `jobs` may be a sample that stands for `share` of all; `free` is what all of them may use.
 */
export function pricesOf(
  jobs: readonly Placed[],
  free: ReadonlyMap<Place, Room>,
  share: number,
  rounds: number,
): Priced {
  const limits = [...free].map(([place, room]) => ({
    place,
    cores: room.free!.map((value) => Math.max(0, value * share)),
    prices: new Float64Array(place.grid.steps),
    asked: new Float64Array(place.grid.steps),
  }));
  let found: Priced = { prices: new Map(), bound: -Infinity };
  let factor = 1;
  let idle = 0;
  for (let round = 0; round < rounds && factor > 2 ** -MAX_HALVINGS; round++) {
    const prices = new Map(limits.map(({ place, prices }) => [place, new Prices(place.grid, prices)]));
    const bound = ask(jobs, prices, limits);
    if (bound > found.bound) {
      found = { prices, bound };
      idle = 0;
    } else if (++idle >= PATIENCE) {
      factor /= 2;
      idle = 0;
      for (const { place, prices } of limits) prices.set(found.prices.get(place)!.values);
      continue;
    }
    let norm = 0;
    for (const { cores, prices, asked } of limits) {
      asked.forEach((value, i) => {
        const excess = value - cores[i]!;
        if (excess > 0 || prices[i]! > 0) norm += excess ** 2;
      });
    }
    if (norm === 0) break;
    const step = (factor * Math.max(AIM * Math.abs(found.bound), found.bound * (1 + AIM) - bound)) / norm;
    for (const { cores, prices, asked } of limits) {
      asked.forEach((value, i) => (prices[i] = Math.max(0, prices[i]! + step * (value - cores[i]!))));
    }
  }
  return found;
}

interface Limit {
  place: Place;
  /** There are. */
  cores: Float64Array;
  prices: Float64Array;
  /** Cores asked for at these prices. */
  asked: Float64Array;
}

/** Where the jobs would go, were there only the prices; returns the lower bound that follows. */
function ask(jobs: readonly Placed[], prices: ReadonlyMap<Place, Prices>, limits: readonly Limit[]): number {
  const views = new Map<Place, Place>();
  const viewsOf = (places: readonly Place[]): Place[] =>
    places.map((place) => {
      const view = views.get(place) ?? viewOf(place, false, prices.get(place) ?? null);
      views.set(place, view);
      return view;
    });
  const byPlace = new Map(limits.map((limit) => [limit.place, limit]));
  let bound = 0;
  for (const { asked } of limits) asked.fill(0);
  for (const { task, places } of jobs) {
    const found = best(task, viewsOf(places));
    if (!found) continue;
    bound += found.priced;
    const asked = byPlace.get(found.place)?.asked;
    if (!asked) continue;
    const { from: origin, stepMs } = found.place.grid;
    for (const { from, to, replicas } of found.slots) {
      const end = Math.min(asked.length, Math.ceil((to - origin) / stepMs));
      for (let step = Math.max(0, Math.floor((from - origin) / stepMs)); step < end; step++) {
        asked[step]! += coresOf(task, replicas);
      }
    }
  }
  for (const { cores, prices: at } of limits) at.forEach((price, i) => (bound -= price * cores[i]!));
  return bound;
}
