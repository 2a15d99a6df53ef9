import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { openCache } from "../../runtime/kernel/cache/open";
import { cacheContract, cacheDependencies } from "./cache";

cacheContract("memory", openCache);

describe("L1", () => {
  it("holds at most maxEntries and lets the least recently used go", async () => {
    const cache = openCache({ ...cacheDependencies("full"), maxEntries: 2 });
    const loads: string[] = [];
    const read = (key: string): Promise<string> =>
      cache.get(key, { ttlSeconds: 60 }, async () => {
        loads.push(key);
        return key;
      });
    for (const key of ["a", "b", "a", "c", "a", "b"]) await read(key);
    assert.deepEqual(loads, ["a", "b", "c", "b"]);
    await cache.close();
  });

  it("takes up to the jitter's share off the TTL, as chance has it", async () => {
    let chance = 0;
    const cache = openCache({ ...cacheDependencies("jitter"), random: () => chance });
    const options = { ttlSeconds: 10, jitter: 0.999 };
    await cache.get("whole", options, async () => "old");
    chance = 1 - Number.EPSILON;
    await cache.get("short", options, async () => "old");
    await sleep(30);
    assert.equal(await cache.get("whole", options, async () => "new"), "old");
    assert.equal(await cache.get("short", options, async () => "new"), "new");
    await cache.close();
  });
});
