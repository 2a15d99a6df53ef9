import assert from "node:assert/strict";
import { REFERENCES } from "../../../bench/cache/references";
import type { Trace } from "../../../bench/cache/traces";
import { AdaptiveCache } from "../../../runtime/kernel/cache/eviction/adaptive-cache";
import { mixBits } from "../../../runtime/kernel/cache/eviction/hash";
import { seeded } from "../../../runtime/kernel/random";

const LENGTH = 60_000;

/** Requests that each want another policy. */
function traces(seed: number): Record<string, Int32Array> {
  const random = seeded(seed);
  const skewed = (n: number): number => Math.floor(n ** random()) - 1;
  const make = (next: (at: number) => number): Int32Array => Int32Array.from({ length: LENGTH }, (_, at) => next(at));
  return {
    "a loop": make((at) => at % 1_500),
    "a popular few": make(() => skewed(20_000)),
    "a popular few and a scan": make((at) => (at % 2 === 0 ? skewed(2_000) : 5_000 + at)),
    "what was asked just now": make((at) => Math.max(0, Math.floor(at / 3) - (at % 3) * 250)),
    "a few that change": make((at) => Math.floor(at / 10_000) * 700 + Math.floor(random() * 600)),
    "a loop after a popular few": make((at) => (at < LENGTH / 2 ? skewed(20_000) : 20_000 + (at % 1_500))),
  };
}

const percent = (hits: number): number => (100 * hits) / LENGTH;

function adaptive(requests: Int32Array, capacity: number): number {
  const cache = new AdaptiveCache<number, true>(capacity, mixBits);
  let hits = 0;
  for (const key of requests) {
    if (cache.get(key)) hits += 1;
    else cache.set(key, true);
  }
  return percent(hits);
}

describe("AdaptiveCache", function () {
  this.timeout(30_000);

  for (const [name, requests] of Object.entries(traces(7))) {
    it(`is within a point of the best policy for ${name}, at any size`, () => {
      const trace: Trace = { name, requests, unique: requests.reduce((a, b) => Math.max(a, b), 0) + 1 };
      for (const capacity of [100, 500, 1_000]) {
        const best = Math.max(...Object.values(REFERENCES).map((run) => percent(run(trace, capacity))));
        const ours = adaptive(requests, capacity);
        assert.ok(ours >= best - 1, `${capacity} entries: ${ours.toFixed(2)} %, the best has ${best.toFixed(2)} %`);
      }
    });
  }

  it("keeps what it holds when it follows another policy", () => {
    const cache = new AdaptiveCache<number, number>(1_000, mixBits);
    const { "what was asked just now": requests } = traces(3);
    let switches = 0;
    let size = 0;
    let policy: string = cache.policy;
    for (const key of requests!) {
      if (cache.get(key) === undefined) cache.set(key, key);
      assert.ok(cache.size >= size, "nothing is dropped without something in its place");
      size = cache.size;
      if (cache.policy !== policy) switches += 1;
      policy = cache.policy;
    }
    assert.ok(switches > 0);
    assert.equal(size, 1_000);
  });

  it("refuses a capacity that is none", () => {
    for (const capacity of [0, -1, 1.5, Number.NaN]) {
      assert.throws(() => new AdaptiveCache(capacity, mixBits), RangeError);
    }
  });
});
