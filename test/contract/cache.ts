import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import pino from "pino";
import type { Cache } from "../../runtime/kernel/cache/cache";
import type { CacheDependencies } from "../../runtime/kernel/cache/open";
import { createMetrics, type Metrics } from "../../runtime/kernel/telemetry/metrics";

/** Dependencies of a cache in tests; `random` 0 takes nothing off the TTL. */
export function cacheDependencies(namespace: string): Omit<CacheDependencies, "url"> {
  return { log: pino({ level: "silent" }), metrics: createMetrics(), random: () => 0, namespace };
}

/** Look-ups so far as `level result` -> number, zeros left out. */
export async function lookUps(metrics: Metrics): Promise<Record<string, number>> {
  const metric = await metrics.registry.getSingleMetric("mno_cache_requests_total")!.get();
  return Object.fromEntries(
    metric.values.map(({ labels, value }) => [`${labels["level"]} ${labels["result"]}`, value]),
  );
}

/** A load that waits until told what to come to. */
export function controlledLoad<T>() {
  let calls = 0;
  let begin: () => void;
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const load = (): Promise<T> => {
    calls += 1;
    begin();
    return promise;
  };
  return { load, begun, resolve, reject, calls: () => calls };
}

/** Waits until `condition` holds, looking every 2 ms; fails after `milliseconds`. */
export async function eventually(condition: () => boolean | Promise<boolean>, milliseconds = 5_000): Promise<void> {
  for (const end = performance.now() + milliseconds; performance.now() < end; await sleep(2)) {
    if (await condition()) return;
  }
  assert.fail(`did not come true within ${milliseconds} ms: ${condition.toString()}`);
}

/** What every Cache does; `open` makes one of a namespace. Expiry is the server's, on the real clock, so these TTLs are short. */
export function cacheContract(name: string, open: (dependencies: Omit<CacheDependencies, "url">) => Cache): void {
  describe(`cache contract: ${name}`, () => {
    const minute = { ttlSeconds: 60 };
    /** Expires 20 ms after the load and is of use for a minute more. */
    const brief = { ttlSeconds: 0.02, staleSeconds: 60 };
    const expire = (): Promise<void> => sleep(30);
    let dependencies: Omit<CacheDependencies, "url">;
    let cache: Cache;
    let tests = 0;

    beforeEach(() => {
      dependencies = cacheDependencies(`contract-${process.pid}-${++tests}`);
      cache = open(dependencies);
    });
    afterEach(() => cache.close());

    const never = (): Promise<never> => assert.fail("this must not load");

    it("loads a value once and gives every reader a copy of its JSON", async () => {
      const value = { at: new Date(0), list: [1, null], nothing: undefined };
      const json = { at: "1970-01-01T00:00:00.000Z", list: [1, null] };
      const first = await cache.get<unknown>("key", minute, async () => value);
      assert.deepEqual(first, json);
      first.list.push(2);
      assert.deepEqual(await cache.get("key", minute, never), json);
    });

    for (const value of [null, false, 0, "", []]) {
      it(`keeps ${JSON.stringify(value)}`, async () => {
        assert.deepEqual(await cache.get<unknown>("key", minute, async () => value), value);
        assert.deepEqual(await cache.get("key", minute, never), value);
      });
    }

    it("refuses a value that is not JSON, by the key's name", async () => {
      await assert.rejects(
        cache.get("odd", minute, async () => undefined),
        /loaded for "odd" is not JSON/,
      );
    });

    it("keeps keys apart", async () => {
      assert.equal(await cache.get("a", minute, async () => 1), 1);
      assert.equal(await cache.get("a:b", minute, async () => 2), 2);
      assert.equal(await cache.get("a", minute, never), 1);
    });

    it("flies once for all who ask at the same time, and each gets a value of its own", async () => {
      const { load, begun, resolve, calls } = controlledLoad<number[]>();
      const readers = Array.from({ length: 50 }, () => cache.get("key", minute, load));
      await begun;
      readers.push(cache.get("key", minute, load));
      resolve([1]);
      const values = await Promise.all(readers);
      assert.equal(calls(), 1);
      assert.deepEqual(values, Array(51).fill([1]));
      assert.equal(new Set(values).size, 51);
    });

    it("tells all who asked at the same time of a failure, once loaded, and loads again for the next", async () => {
      const failure = new Error("on purpose");
      const { load, begun, reject, calls } = controlledLoad<number>();
      const readers = Array.from({ length: 10 }, () => cache.get("key", minute, load));
      const outcomes = Promise.allSettled(readers);
      await begun;
      reject(failure);
      for (const outcome of await outcomes) assert.equal((outcome as PromiseRejectedResult).reason, failure);
      assert.equal(calls(), 1);
      assert.equal(await cache.get("key", minute, async () => 2), 2);
    });

    it("loads again after the TTL where no staleness is allowed", async () => {
      const options = { ttlSeconds: 0.02 };
      assert.equal(await cache.get("key", options, async () => 1), 1);
      await expire();
      assert.equal(await cache.get("key", options, async () => 2), 2);
    });

    it("serves the stale value at once while one load runs, then the new one", async () => {
      await cache.get("key", brief, async () => "old");
      await expire();
      const { load, begun, resolve, calls } = controlledLoad<string>();
      assert.deepEqual(
        await Promise.all(Array.from({ length: 10 }, () => cache.get("key", brief, load))),
        Array(10).fill("old"),
      );
      await begun;
      assert.equal(await cache.get("key", brief, load), "old");
      assert.equal(calls(), 1);
      resolve("new");
      const slow = { ...brief, ttlSeconds: 60 };
      await eventually(async () => (await cache.get("key", slow, async () => "new")) === "new");
    });

    it("serves the stale value when the load fails", async () => {
      await cache.get("key", brief, async () => "old");
      await expire();
      let failures = 0;
      const fail = (): Promise<string> => {
        failures += 1;
        return Promise.reject(new Error("on purpose"));
      };
      assert.equal(await cache.get("key", brief, fail), "old");
      assert.equal(await cache.get("key", brief, fail), "old");
      await eventually(() => failures >= 1);
      assert.equal((await lookUps(dependencies.metrics))["l1 stale"], 2);
    });

    it("does not serve it beyond the stale window", async () => {
      const options = { ttlSeconds: 0.02, staleSeconds: 0.02 };
      await cache.get("key", options, async () => "old");
      await sleep(60);
      assert.equal(await cache.get("key", options, async () => "new"), "new");
    });

    it("invalidates: the next reader loads", async () => {
      await cache.get("key", { ...minute, staleSeconds: 60 }, async () => "old");
      await cache.invalidate("key");
      await cache.invalidate("absent");
      assert.equal(await cache.get("key", minute, async () => "new"), "new");
    });

    it("never keeps what was being loaded when it was invalidated", async () => {
      const before = controlledLoad<string>();
      const early = cache.get("key", minute, before.load);
      await before.begun;
      await cache.invalidate("key");
      const late = cache.get("key", minute, async () => "new");
      before.resolve("old");
      assert.equal(await early, "old");
      assert.equal(await late, "new");
      assert.equal(await cache.get("key", minute, never), "new");
    });

    it("counts each look-up", async () => {
      await cache.get("key", minute, async () => 1);
      await cache.get("key", minute, never);
      await cache.get("key", minute, never);
      const { "l1 hit": hit, "l1 miss": miss, "loader success": loaded } = await lookUps(dependencies.metrics);
      assert.deepEqual({ hit, miss, loaded }, { hit: 2, miss: 1, loaded: 1 });
    });
  });
}
