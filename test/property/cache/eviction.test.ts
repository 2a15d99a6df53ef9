import assert from "node:assert/strict";
import fc from "fast-check";
import { optimum, REFERENCES } from "../../../bench/cache/references";
import type { Trace } from "../../../bench/cache/traces";
import { AdaptiveCache } from "../../../runtime/kernel/cache/eviction/adaptive-cache";
import { mixBits } from "../../../runtime/kernel/cache/eviction/hash";
import { Lru } from "../../../runtime/kernel/cache/eviction/lru";
import { NONE, type Policy } from "../../../runtime/kernel/cache/eviction/policy";
import { S3Fifo } from "../../../runtime/kernel/cache/eviction/s3-fifo";
import { Sieve } from "../../../runtime/kernel/cache/eviction/sieve";
import { WTinyLfu } from "../../../runtime/kernel/cache/eviction/w-tiny-lfu";

const KEYS = 64;
const requestsOf = fc.array(fc.nat(KEYS - 1), { maxLength: 600 });
const capacityOf = fc.integer({ min: 1, max: 20 });

function policies(capacity: number): Record<string, Policy> {
  const hashes = Int32Array.from({ length: KEYS }, (_, key) => mixBits(key + 1));
  return {
    lru: new Lru(capacity, KEYS),
    "s3-fifo": new S3Fifo(capacity, KEYS, hashes),
    "w-tinylfu": new WTinyLfu(capacity, KEYS, hashes),
    sieve: new Sieve(capacity, KEYS),
  };
}

/** Hits, and what is held, checked against the capacity at each step. */
function replay(policy: Policy, capacity: number, requests: readonly number[]): number {
  const held = new Set<number>();
  let hits = 0;
  for (const key of requests) {
    if (held.has(key)) {
      hits += 1;
      policy.hit(key);
      continue;
    }
    held.add(key);
    const victim = policy.admit(key);
    if (victim === NONE) assert.ok(held.size <= capacity);
    else assert.ok(held.delete(victim), "a victim was held");
    assert.ok(held.size <= capacity);
  }
  return hits;
}

describe("eviction policies", () => {
  for (const name of ["lru", "s3-fifo", "w-tinylfu", "sieve"]) {
    it(`${name} holds no more than its capacity, and gives up only what it holds`, () => {
      fc.assert(
        fc.property(requestsOf, capacityOf, (requests, capacity) => {
          replay(policies(capacity)[name]!, capacity, requests);
        }),
      );
    });
  }

  // The others' sketch and ghosts depend on hashes; the benchmark compares those on traces.
  for (const name of ["lru", "sieve"]) {
    it(`${name} hits as the plain form of it does`, () => {
      fc.assert(
        fc.property(requestsOf, capacityOf, (requests, capacity) => {
          const trace: Trace = { name, requests: Int32Array.from(requests), unique: KEYS };
          assert.equal(replay(policies(capacity)[name]!, capacity, requests), REFERENCES[name]!(trace, capacity));
        }),
      );
    });
  }
});

describe("the benchmark's references", () => {
  it("LRU is a Map whose order is that of use, and none beats the optimum", () => {
    fc.assert(
      fc.property(requestsOf, capacityOf, (requests, capacity) => {
        const trace: Trace = { name: "", requests: Int32Array.from(requests), unique: KEYS };
        const held = new Set<number>();
        let hits = 0;
        for (const key of requests) {
          if (held.delete(key)) hits += 1;
          else if (held.size >= capacity) held.delete(held.values().next().value!);
          held.add(key);
        }
        assert.equal(REFERENCES["lru"]!(trace, capacity), hits);
        const best = optimum(trace, capacity);
        for (const [name, run] of Object.entries(REFERENCES)) assert.ok(run(trace, capacity) <= best, name);
      }),
    );
  });
});

describe("AdaptiveCache", () => {
  it("is a map that forgets: never a wrong value, never more than its capacity", () => {
    const actionOf = fc.record({
      key: fc.nat(KEYS - 1),
      action: fc.constantFrom("get", "set", "read", "delete", "clear"),
    });
    fc.assert(
      fc.property(fc.array(actionOf, { maxLength: 800 }), capacityOf, (actions, capacity) => {
        const cache = new AdaptiveCache<number, number>(capacity, mixBits);
        const model = new Map<number, number>();
        actions.forEach(({ key, action }, at) => {
          if (action === "delete") {
            cache.delete(key);
            model.delete(key);
          } else if (action === "clear" && at % 50 === 0) {
            cache.clear();
            model.clear();
          } else if (action === "set") {
            cache.set(key, at);
            model.set(key, at);
          } else {
            const value = cache.get(key);
            if (value !== undefined) assert.equal(value, model.get(key));
            else if (action === "read") {
              cache.set(key, at);
              model.set(key, at);
            }
          }
          assert.ok(cache.size <= capacity);
        });
      }),
      { numRuns: 300 },
    );
  });

  it("never loses what it holds but to make room: below its capacity nothing goes", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(19), { maxLength: 500 }), (keys) => {
        const cache = new AdaptiveCache<number, number>(20, mixBits);
        const seen = new Set<number>();
        for (const key of keys) {
          assert.equal(cache.get(key) !== undefined, seen.has(key));
          cache.set(key, key);
          seen.add(key);
        }
      }),
    );
  });
});
