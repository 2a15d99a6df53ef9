import type { Futures } from "./futures";
import { NodeState } from "./node-state";
import type { NodeTable } from "./node-table";
import { GPU } from "./quantities";

/** Of a node in that state: how much of it no request will use. Nodes' worth of the scarcest resource; less is better. */
export type Waste = (state: NodeState) => number;

/** Prepares the measure for the requests that may come to this cluster; undefined where nothing is known of them. */
export type WasteFactory = (futures: Futures, table: NodeTable) => Waste | undefined;

/**
 * Fragmentation as in FGD: the part of what is free that a request of the mix cannot use, on average over the mix. All of it
 * where the request does not fit; else the devices that have less left than its share.
 * Source: Weng et al., Beware of Fragmentation, USENIX ATC 2023, section 3. There for GPUs; here for the scarcest resource.
 */
export const fragmentation: WasteFactory = (futures, table) => {
  const scarcity = scarcityOf(futures, table);
  const scarcest = scarcity.indexOf(Math.max(...scarcity));
  if (!((scarcity[scarcest] as number) > 0)) return undefined;
  const unit = unitOf(table, scarcest);
  return (state) => {
    const free = state.free[scarcest] as number;
    if (free <= 0) return 0;
    let waste = 0;
    for (const need of futures.needs) {
      // The paper counts a GPU as lost to requests that ask for none.
      let unusable = free;
      if ((scarcest !== GPU || need.gpuMilli > 0) && state.fits(need)) {
        unusable = 0;
        for (let each = 0; scarcest === GPU && each < state.devices; each++) {
          const left = state.deviceFree[each] as number;
          if (left < need.share) unusable += left;
        }
      }
      waste += need.popularity * unusable;
    }
    return waste / unit;
  };
};

/** Requests in a row that no longer fit, after which a node counts as full. */
const MISSES = 20;
/** Scarcer resources count more: by their scarcity to this power, so that the scarcest decides, and two of a kind share. */
const SHARPNESS = 16;

/**
 * Fragmentation now, and what is left in the end. Fragmentation looks at the next request only, and knows for which kinds of
 * request there is no room; what is left in the end knows that requests compete for one node's CPU and that a device's rest
 * must serve what comes later, but takes small requests for endless. Each mends the other's flaw; they weigh the same.
 */
export const lookahead: WasteFactory = (futures, table) => {
  const now = fragmentation(futures, table);
  const later = leftover(futures, table);
  return now && later && ((state) => now(state) + later(state));
};

/** The node is filled with each of the futures until many requests in a row do not fit; what is then free is lost. */
const leftover: WasteFactory = (futures, table) => {
  const scarcity = scarcityOf(futures, table);
  const most = Math.max(...scarcity);
  if (!(most > 0)) return undefined;
  const scarcest = scarcity.indexOf(most);
  const prices = scarcity.map((each, resource) => {
    const unit = unitOf(table, resource);
    return unit > 0 ? (each / most) ** SHARPNESS / unit : 0;
  });
  const trial = new NodeState(table);
  return (state) => {
    let waste = 0;
    for (const sequence of futures.sequences) {
      trial.copy(state);
      for (let at = 0, misses = 0; at < sequence.length && misses < MISSES; at++) {
        if ((trial.free[scarcest] as number) <= 0) break;
        const need = futures.needs[sequence[at] as number] as Futures["needs"][number];
        if (trial.fits(need)) {
          trial.take(need);
          misses = 0;
        } else misses += 1;
      }
      for (let each = 0; each < prices.length; each++) {
        waste += (prices[each] as number) * Math.max(trial.free[each] as number, 0);
      }
    }
    return waste / futures.sequences.length;
  };
};

/** Mean demand of a request / what the cluster has, by resource. */
function scarcityOf(futures: Futures, table: NodeTable): Float64Array {
  return futures.meanDemand(table).map((demand, resource) => {
    const all = table.total(resource);
    return all > 0 ? demand / all : 0;
  });
}

/** What a node has of the resource on average. */
function unitOf(table: NodeTable, resource: number): number {
  return table.total(resource) / Math.max(table.size, 1);
}
