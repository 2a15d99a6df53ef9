import type { Demand } from "./demand";
import type { NodeTable } from "./node-table";
import { devicesNeeded, perDevice } from "./devices";
import { entriesOf } from "./quantities";
import type { Shape } from "./request-mix";
import { ScoreCache } from "./score-cache";

/** Futures that are looked at, and the requests in each. */
const FUTURES = 12;
const LENGTH = 256;

/** A shape as the inner loops read it. */
export interface Need {
  readonly cpuMilli: number;
  readonly memoryBytes: number;
  readonly gpuMilli: number;
  /** Thousandths of each device, and devices. */
  readonly share: number;
  readonly devices: number;
  readonly models: ReadonlySet<string | undefined> | undefined;
  readonly custom: readonly (readonly [resource: string, count: number])[];
  /** Part of all requests. */
  readonly popularity: number;
}

/**
 * A few sequences of requests as they may come next, drawn from the mix, always the same ones from the same mix: nodes are
 * compared by how they would fare in the same futures (common random numbers). Keeps what was computed from it.
 */
export class Futures {
  readonly needs: readonly Need[];
  /** Each is a list of indices into `needs`. */
  readonly sequences: readonly Uint16Array[];
  private readonly caches = new Map<string, { totals: string; scores: ScoreCache }>();

  constructor(shapes: readonly Shape[]) {
    const total = shapes.reduce((sum, { count }) => sum + count, 0);
    this.needs = shapes.map((shape) => needOf(shape, shape.count / total));
    this.sequences = this.needs.length === 0 ? [] : draw(this.needs, generator(0x6d6e6f));
  }

  /** What was computed from these futures by the strategy of that name, for a cluster that has in all what the table has. */
  cache(name: string, table: NodeTable): ScoreCache {
    const totals = table.resources.map((resource, index) => `${resource}=${table.total(index)}`).join();
    let kept = this.caches.get(name);
    if (kept?.totals !== totals) this.caches.set(name, (kept = { totals, scores: new ScoreCache() }));
    return kept.scores;
  }

  /** Of one request, what it asks for of the table's resources on average. */
  meanDemand({ resources }: NodeTable): Float64Array {
    const mean = new Float64Array(resources.length);
    for (const { cpuMilli, memoryBytes, gpuMilli, custom, popularity } of this.needs) {
      for (const [name, value] of entriesOf({ cpuMilli, memoryBytes, gpuMilli, custom: Object.fromEntries(custom) })) {
        const resource = resources.indexOf(name);
        if (resource >= 0) mean[resource] = (mean[resource] as number) + popularity * value;
      }
    }
    return mean;
  }
}

export function needOf({ amount, gpuModels }: Pick<Demand, "amount" | "gpuModels">, popularity = 1): Need {
  const { cpuMilli, memoryBytes, gpuMilli = 0, custom = {} } = amount;
  return {
    cpuMilli,
    memoryBytes,
    gpuMilli,
    share: perDevice(gpuMilli),
    devices: devicesNeeded(gpuMilli),
    models: gpuModels && new Set(gpuModels),
    custom: Object.entries(custom),
    popularity,
  };
}

/** At each place the futures hold requests from equal parts of the mix, in the order of their size: a Latin hypercube. */
function draw(needs: readonly Need[], random: () => number): Uint16Array[] {
  const bySize = needs.map((_, index) => index).sort((a, b) => sizeOf(needs[a] as Need) - sizeOf(needs[b] as Need));
  const sequences = Array.from({ length: FUTURES }, () => new Uint16Array(LENGTH));
  const strata = sequences.map((_, stratum) => stratum);
  for (let at = 0; at < LENGTH; at++) {
    for (let last = FUTURES - 1; last > 0; last--) {
      const other = Math.floor(random() * (last + 1));
      [strata[last], strata[other]] = [strata[other] as number, strata[last] as number];
    }
    for (let future = 0; future < FUTURES; future++) {
      let left = ((strata[future] as number) + random()) / FUTURES;
      let rank = 0;
      while (rank < bySize.length - 1 && left >= (needs[bySize[rank] as number] as Need).popularity) {
        left -= (needs[bySize[rank] as number] as Need).popularity;
        rank += 1;
      }
      (sequences[future] as Uint16Array)[at] = bySize[rank] as number;
    }
  }
  return sequences;
}

/** To put requests in an order: GPUs before CPU. */
function sizeOf({ gpuMilli, cpuMilli }: Need): number {
  return gpuMilli * 1e6 + cpuMilli;
}

/** Uniform in [0, 1): the splitmix32 sequence of the seed. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}
