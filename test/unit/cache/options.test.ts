import assert from "node:assert/strict";
import type { MnoError } from "../../../runtime/exports";
import { L1, type L1Entry } from "../../../runtime/kernel/cache/l1";
import { openCache } from "../../../runtime/kernel/cache/open";
import { ManualClock } from "../../../runtime/kernel/clock";
import { cacheDependencies, eventually } from "../../contract/cache";

describe("cache options", () => {
  function open(random: () => number = () => 0) {
    const clock = new ManualClock(1_000_000);
    return { clock, cache: openCache({ ...cacheDependencies("options"), clock, random }) };
  }
  const never = (): Promise<never> => assert.fail("this must not load");

  it("counts the TTL from the begin of the load, on the clock it is given", async () => {
    const { clock, cache } = open();
    const slow = async (): Promise<string> => {
      await clock.advance(4_000);
      return "old";
    };
    assert.equal(await cache.get("key", { ttlSeconds: 10 }, slow), "old");
    await clock.advance(5_999);
    assert.equal(await cache.get("key", { ttlSeconds: 10 }, never), "old");
    await clock.advance(1);
    assert.equal(await cache.get("key", { ttlSeconds: 10 }, async () => "new"), "new");
  });

  for (const nothing of [null, undefined]) {
    it(`keeps ${nothing} as null for negativeTtlSeconds, and never stale`, async () => {
      const { clock, cache } = open();
      const options = { ttlSeconds: 60, staleSeconds: 60, negativeTtlSeconds: 5 };
      assert.equal(await cache.get<unknown>("key", options, async () => nothing), null);
      await clock.advance(4_999);
      assert.equal(await cache.get<unknown>("key", options, never), null);
      await clock.advance(1);
      assert.equal(await cache.get("key", options, async () => "there"), "there");
      await clock.advance(59_999);
      assert.equal(await cache.get("key", options, never), "there");
    });
  }

  it("serves no stale value to who allows none, whatever others allowed", async () => {
    const { clock, cache } = open();
    await cache.get("key", { ttlSeconds: 1, staleSeconds: 60 }, async () => "old");
    await clock.advance(2_000);
    assert.equal(await cache.get("key", { ttlSeconds: 1 }, async () => "new"), "new");
  });

  it("refreshes early as XFetch does: where chance wills, once the rest of the TTL is short beside the load", async () => {
    let chance = 0;
    const { clock, cache } = open(() => chance);
    let loads = 0;
    const load = async (): Promise<number> => {
      await clock.advance(100);
      return ++loads;
    };
    const options = { ttlSeconds: 10, earlyRefresh: 1 };
    await cache.get("key", options, load);
    await clock.advance(9_700); // 200 ms are left; -100 ln(1 - 0.86) = 197, -100 ln(1 - 0.87) = 204
    chance = 0.86;
    assert.equal(await cache.get("key", options, load), 1);
    assert.equal(loads, 1);
    chance = 0.87;
    assert.equal(await cache.get("key", { ttlSeconds: 10 }, never), 1);
    assert.equal(await cache.get("key", { ...options, jitter: 0 }, load), 1, "the old value is fresh, and served");
    await eventually(async () => (await cache.get("key", { ttlSeconds: 10 }, never)) === 2);
  });

  it("refuses bounds that are none", () => {
    for (const wrong of [
      { maxEntries: 0 },
      { maxEntries: 1.5 },
      { maxStaleSeconds: 0 },
      { maxStaleSeconds: Number.NaN },
    ]) {
      assert.throws(
        () => openCache({ ...cacheDependencies("x"), ...wrong }),
        (error: MnoError) => error.code === "MNO_CONFIG_INVALID" && error.message.includes(Object.keys(wrong)[0]!),
      );
    }
  });
});

describe("L1", () => {
  const entry: L1Entry = { body: "1", knownAt: 0, freshUntil: 60_000, usableUntil: 60_000, took: 1 };

  it("trusts an entry while messages are known to come, and for maxStale from when it was known to be current", async () => {
    const clock = new ManualClock();
    let trustedUntil = 0;
    const l1 = new L1(10, clock, () => trustedUntil, 5_000);
    l1.set("key", entry);
    await clock.advance(4_999);
    assert.equal(l1.get("key"), entry);
    trustedUntil = 10_000;
    await clock.advance(5_000);
    assert.equal(l1.get("key"), entry);
    await clock.advance(1);
    assert.equal(l1.get("key"), undefined);
    trustedUntil = 20_000;
    assert.equal(l1.get("key"), undefined, "what was not trusted once is gone");
  });
});
