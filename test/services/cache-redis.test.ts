import assert from "node:assert/strict";
import type { Cache } from "../../runtime/kernel/cache/cache";
import { openCache } from "../../runtime/kernel/cache/open";
import { RedisServer } from "../support/redis-server";
import { cacheContract, cacheDependencies, controlledLoad, eventually, lookUps } from "../contract/cache";

describe("Redis", function () {
  this.timeout(20_000);
  const minute = { ttlSeconds: 60 };
  const never = (): Promise<never> => assert.fail("this must not load");
  let server: RedisServer;

  before(async () => {
    server = new RedisServer();
    await server.start();
  });
  after(() => server?.remove());

  cacheContract("redis", (dependencies) => openCache({ ...dependencies, url: server.url }));

  describe("two replicas", () => {
    let tests = 0;
    let dependencies: [ReturnType<typeof cacheDependencies>, ReturnType<typeof cacheDependencies>];
    let one: Cache;
    let two: Cache;

    beforeEach(async () => {
      const namespace = `replicas-${++tests}`;
      dependencies = [cacheDependencies(namespace), cacheDependencies(namespace)];
      one = openCache({ ...dependencies[0], url: server.url });
      two = openCache({ ...dependencies[1], url: server.url });
      await invalidationsFlow();
    });
    afterEach(async () => {
      await one.close();
      await two.close();
    });

    /** Both are subscribed and hear each other, which takes a moment after (re)connecting. */
    async function invalidationsFlow(): Promise<void> {
      for (const [from, to] of [
        [one, two],
        [two, one],
      ] as const) {
        await eventually(async () => {
          await to.get("probe", minute, async () => 0);
          await from.invalidate("probe");
          await new Promise((resolve) => setTimeout(resolve, 20));
          let loaded = false;
          await to.get("probe", minute, async () => {
            loaded = true;
            return 0;
          });
          return loaded;
        });
      }
    }

    it("share values through L2", async () => {
      await one.get("key", minute, async () => ({ from: "one" }));
      const before = await lookUps(dependencies[1].metrics);
      assert.deepEqual(await two.get("key", minute, never), { from: "one" });
      const after = await lookUps(dependencies[1].metrics);
      assert.equal((after["l2 hit"] ?? 0) - (before["l2 hit"] ?? 0), 1);
      assert.deepEqual(await two.get("key", minute, never), { from: "one" });
      assert.equal((await lookUps(dependencies[1].metrics))["l2 hit"], after["l2 hit"]);
    });

    it("empty each other's L1 within 100 ms of an invalidation", async () => {
      await one.get("key", minute, async () => "old");
      await two.get("key", minute, never);
      const start = performance.now();
      await one.invalidate("key");
      // Only L1 could still have it: a look-up that finds it there does not load.
      await eventually(async () => (await two.get("key", minute, async () => "new")) === "new", 100);
      assert.ok(performance.now() - start < 100);
      assert.equal(await one.get("key", minute, never), "new");
    });

    it("do not keep what they were loading when the other invalidated it", async () => {
      const before = controlledLoad<string>();
      const early = two.get("key", minute, before.load);
      await before.begun;
      await one.invalidate("key");
      // The next message on the same connection tells that the first has arrived.
      await two.get("after", minute, async () => 1);
      await one.invalidate("after");
      await eventually(async () => (await two.get("after", minute, async () => 2)) === 2);
      before.resolve("old");
      assert.equal(await early, "old");
      assert.equal(await two.get("key", minute, async () => "new"), "new");
    });

    it("go on with L1 and the loader while the server is away, and share again when it is back", async () => {
      await one.get("before", minute, async () => 1);
      await server.stop();
      const start = performance.now();
      assert.equal(await one.get("before", minute, never), 1);
      assert.equal(await one.get("during", minute, async () => 2), 2);
      assert.equal(await one.get("during", minute, never), 2);
      assert.ok(performance.now() - start < 500, "an absent server costs no time-out");
      assert.ok((await lookUps(dependencies[0].metrics))["l2 error"]! >= 1);
      await server.start();
      await invalidationsFlow();
      await one.get("after", minute, async () => 3);
      assert.equal(await two.get("after", minute, never), 3);
    });

    it("send the invalidations of an outage when it is over", async () => {
      await one.get("key", minute, async () => "old");
      await two.get("key", minute, never);
      await server.stop();
      await one.invalidate("key");
      // Nobody reaches the other replica now: its L1 is what it has.
      assert.equal(await two.get("key", minute, never), "old");
      await server.start();
      await eventually(async () => (await two.get("key", minute, async () => "new")) === "new");
      assert.equal(await one.get("key", minute, async () => "new"), "new");
    });

    it("wait for a hung server once, not for every request", async () => {
      server.process!.kill("SIGSTOP");
      try {
        assert.equal(await one.get("first", minute, async () => 1), 1);
        const start = performance.now();
        for (let n = 0; n < 20; n++) await one.get(`next-${n}`, minute, async () => n);
        assert.ok(performance.now() - start < 1_000, `${performance.now() - start} ms for 20 requests`);
      } finally {
        server.process!.kill("SIGCONT");
      }
      await invalidationsFlow();
    });
  });

  it("may ask for a password, and no log line shows it", async () => {
    const lines: string[] = [];
    const record = (...parts: unknown[]): void => void lines.push(JSON.stringify(parts));
    const log = { child: () => log, info: record, warn: record, error: record };
    const url = server.url.replace("redis://", "redis://nobody:s3cret@");
    const dependencies = { ...cacheDependencies("password"), log: log as never };
    const cache = openCache({ ...dependencies, url });
    assert.equal(await cache.get("key", minute, async () => 1), 1);
    await eventually(() => lines.length > 0);
    await cache.close();
    assert.doesNotMatch(lines.join(), /s3cret/);
    assert.match(lines.join(), /WRONGPASS|does not answer/);
  });
});
