import { LRUCache } from "lru-cache";
import LRUMap from "mnemonist/lru-map";
import { newCache } from "transitory";
import { AdaptiveCache } from "../../runtime/kernel/cache/eviction/adaptive-cache";
import { mixBits } from "../../runtime/kernel/cache/eviction/hash";
import type { BenchRow } from "../contract";
import { optimum, REFERENCES } from "./references";
import type { Trace } from "./traces";

/** What a cache must offer to be replayed through. */
export interface Replayed {
  get(key: number): unknown;
  set(key: number, value: number): unknown;
}

export const OURS = (capacity: number): Replayed => new AdaptiveCache<number, number>(capacity, mixBits);

/** Caches from npm, as published. transitory evicts in idle time, of which a replay has none: it holds a little more than its capacity. */
export const PACKAGES: Record<string, (capacity: number) => Replayed> = {
  "lru-cache": (capacity) => new LRUCache<number, number>({ max: capacity }),
  mnemonist: (capacity) => new LRUMap<number, number>(capacity),
  transitory: (capacity) => {
    const cache = newCache<number, number>().maxSize(capacity).build();
    return { get: (key) => cache.getIfPresent(key) ?? undefined, set: (key, value) => cache.set(key, value) };
  },
};

/** Capacities of the published comparisons, beside the shares of each trace's keys. */
const PUBLISHED: Record<string, readonly number[]> = {
  OLTP: [1_000, 5_000],
  P3: [32_768, 65_536],
  "orm-busy": [763, 7_634],
  "scarab-recs": [2_583],
  loop: [512],
  web12: [1_375],
  "orm-night": [864],
  w106: [2_751],
  corda: [904],
  sprite: [1_000],
};
const SHARES = [0.001, 0.01, 0.1];

/** Published ones, and 0.1, 1 and 10 % of the keys where that is at least 10 and not about the same. */
export function capacitiesFor({ name, unique }: Trace): number[] {
  const published = PUBLISHED[name] ?? [];
  const shares = SHARES.map((share) => Math.ceil(share * unique)).filter(
    (capacity) => capacity >= 10 && !published.some((other) => Math.abs(other / capacity - 1) < 0.01),
  );
  return [...published, ...shares].sort((a, b) => a - b);
}

/** Share of the requests that hit, in percent: look-up, and insertion on a miss. */
export function replay(cache: Replayed, requests: Int32Array): number {
  let hits = 0;
  for (const key of requests) {
    if (cache.get(key) !== undefined) hits += 1;
    else cache.set(key, key);
  }
  return (100 * hits) / requests.length;
}

/** Exact: nothing of it depends on time or chance, but for transitory's own. */
export function hitRows(trace: Trace): BenchRow[] {
  const percent = (hits: number): number => (100 * hits) / trace.requests.length;
  return capacitiesFor(trace).flatMap((capacity) => {
    const references = Object.fromEntries(
      Object.entries(REFERENCES).map(([name, run]) => [name, percent(run(trace, capacity))]),
    );
    // mnemonist's is an LRU like lru-cache, and hits the same.
    const packages = Object.fromEntries(
      ["lru-cache", "transitory"].map((name) => [name, replay(PACKAGES[name]!(capacity), trace.requests)]),
    );
    const ours = replay(OURS(capacity), trace.requests);
    const best = Math.max(...Object.values(references));
    const work = `${trace.name}, ${capacity} entries`;
    return [
      {
        ...{ work, metric: "hit_percent", unit: "%", better: "higher" as const, ours, spread: 0 },
        peers: { ...references, ...packages },
        bound: percent(optimum(trace, capacity)),
      },
      {
        ...{
          work,
          metric: "hit_points_below_best",
          unit: "points",
          better: "lower" as const,
          ours: best - ours,
          spread: 0,
        },
        peers: Object.fromEntries(Object.entries(references).map(([name, value]) => [name, best - value])),
        source: "the best of LRU, S3-FIFO, W-TinyLFU and SIEVE at this size; negative is better than any",
      },
    ];
  });
}
