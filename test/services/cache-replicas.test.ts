import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { checkHistory } from "../support/cache-history";
import { seeded } from "../../runtime/kernel/random";
import { CacheReplicas, type Replica } from "../support/cache-replicas";
import { RedisServer } from "../support/redis-server";

const minute = { ttlSeconds: 60 };

describe("Cache of many processes", function () {
  this.timeout(60_000);
  let server: RedisServer;
  let replicas: CacheReplicas;

  beforeEach(async () => {
    server = new RedisServer();
    replicas = await CacheReplicas.build();
    await server.start();
  });
  afterEach(async () => {
    await replicas?.remove();
    await server?.remove();
  });

  const startAll = (count: number, maxStaleSeconds = 1): Promise<Replica[]> =>
    Promise.all(Array.from({ length: count }, (_, at) => replicas.start(`r${at}`, server.url, maxStaleSeconds)));

  it("make one database call of 1,000 requests in 8 processes", async function () {
    const all = await startAll(8);
    replicas.database.delay = () => 50;
    for (let round = 0; round < 3; round++) {
      const before = replicas.database.loads;
      replicas.database.versions.set(`hot-${round}`, 7);
      const get = { do: "get", key: `hot-${round}`, count: 125, options: minute } as const;
      const values = await Promise.all(all.map((replica) => replica.run(get)));
      assert.deepEqual(values.flat(), Array(1_000).fill(7));
      assert.equal(replicas.database.loads - before, 1);
    }
  });

  it("take the load over from a replica that dies, within 3 s", async () => {
    const [first, second] = (await startAll(2)) as [Replica, Replica];
    replicas.database.delay = () => 30_000;
    const get = { do: "get", key: "key", count: 1, options: minute } as const;
    const lost = assert.rejects(first.run(get), /ended/);
    await until(() => replicas.database.loads === 1);
    const waiting = second.run(get);
    replicas.database.delay = () => 0;
    await first.kill();
    await lost;
    const started = performance.now();
    assert.deepEqual(await waiting, [0]);
    assert.ok(performance.now() - started < 3_000, `${performance.now() - started} ms`);
    assert.equal(replicas.database.loads, 2);
  });

  it("make one database call per process while L2 is away", async () => {
    const all = await startAll(4);
    replicas.database.delay = () => 100;
    await server.stop();
    const get = { do: "get", key: "hot", count: 100, options: minute } as const;
    await Promise.all(all.map((replica) => replica.run(get)));
    assert.equal(replicas.database.loads, 4);
  });

  it("trust nothing that L2 held before an outage: who should have invalidated it may be dead", async () => {
    const [first, second] = (await startAll(2, 30)) as [Replica, Replica];
    const { versions } = replicas.database;
    const get = { do: "get", key: "key", count: 1, options: minute } as const;
    assert.deepEqual([await first.run(get), await second.run(get)], [[0], [0]]);
    await server.stop(); // what it holds is saved
    versions.set("key", 1);
    await first.run({ do: "invalidate", key: "key" });
    await first.kill();
    await server.start();
    // Its L1 is bound to be cleared, and L2 to be asked, once it is connected.
    const answers: unknown[] = [];
    for (const end = performance.now() + 5_000; performance.now() < end && !answers.includes(1); await sleep(20)) {
      answers.push(...(await second.run(get)));
    }
    assert.equal(answers.at(-1), 1);
  });

  it("serve the old value while one of them loads the new one", async () => {
    const all = await startAll(4);
    const { database } = replicas;
    const options = { ttlSeconds: 1, jitter: 0, staleSeconds: 60 };
    const read = (): Promise<unknown[][]> =>
      Promise.all(all.map((replica) => replica.run({ do: "get", key: "key", count: 50, options })));
    await read();
    assert.equal(database.loads, 1);
    await sleep(1_050);
    database.versions.set("key", 1);
    database.delay = () => 2_000;
    assert.deepEqual((await read()).flat(), Array(200).fill(0));
    assert.deepEqual((await read()).flat(), Array(200).fill(0));
    // It goes on behind the answers.
    await until(() => database.loads === 2);
    assert.deepEqual((await read()).flat(), Array(200).fill(0));
    assert.equal(database.loads, 2);
    database.delay = () => 0;
    await until(async () => (await read()).flat().every((value) => value === 1));
  });

  it("load early, once for all, where a value is much asked for", async () => {
    const all = await startAll(2);
    const { database } = replicas;
    database.delay = () => 50;
    // Any moment of its TTL is close to its end, by this beta.
    const get = { do: "get", key: "key", count: 1, options: { ttlSeconds: 60, earlyRefresh: 1e9 } } as const;
    await all[0]!.run(get);
    await all[1]!.run({ ...get, options: minute });
    database.versions.set("key", 1);
    assert.deepEqual(await Promise.all(all.map((replica) => replica.run(get))), [[0], [0]]);
    // Whichever of them loaded has the new value; the other's is within its TTL.
    const held = async (): Promise<unknown[]> =>
      (await Promise.all(all.map((replica) => replica.run({ ...get, options: minute })))).flat();
    await until(async () => (await held()).includes(1));
    assert.equal(database.loads, 2);
  });

  it("keep the answer that there is nothing, and not longer than told", async () => {
    const [replica] = (await startAll(1)) as [Replica];
    replicas.database.versions.set("none", null);
    const get = { do: "get", key: "none", count: 2, options: { ttlSeconds: 60, negativeTtlSeconds: 0.1 } } as const;
    assert.deepEqual(await replica.run(get), [null, null]);
    assert.deepEqual(await replica.run(get), [null, null]);
    assert.equal(replicas.database.loads, 1);
    replicas.database.versions.set("none", 1);
    await sleep(120);
    assert.deepEqual(await replica.run(get), [1, 1]);
  });

  it("serve nothing that is stale beyond the bound, whoever crashes", async function () {
    const maxStaleSeconds = 1;
    const options = { ttlSeconds: 40, jitter: 0 };
    const keys = 40;
    const { database } = replicas;
    const random = seeded(1);
    database.delay = () => random() * 30;
    let seed = 0;
    const started = new Map<string, Replica>();
    const begin = async (name: string): Promise<void> => {
      const replica = await replicas.start(name, server.url, maxStaleSeconds);
      started.set(name, replica);
      await replica.run({ do: "work", keys, seed: ++seed, options });
    };
    const kill = (name: string): Promise<void> =>
      started
        .get(name)!
        .kill()
        .then(() => void started.delete(name));
    await Promise.all(["a", "b", "c", "d"].map(begin));

    await sleep(2_000);
    await kill("a"); // at work
    await begin("a2");
    await sleep(1_000);
    const inOrder = [...database.history];
    server.process!.kill("SIGKILL"); // L2 forgets everything
    await sleep(2_000);
    await server.start();
    await sleep(2_500);
    await cutSubscribers(server, 1_000); // L1s miss messages
    await sleep(1_500);
    await server.stop(); // L2 comes back with what it held
    await sleep(400);
    await kill("b"); // with invalidations that nobody was told of
    await begin("b2"); // knows nothing of the time before
    await server.start();
    await begin("b3");
    await sleep(2_500);
    server.process!.kill("SIGSTOP"); // hangs, and goes on
    await sleep(1_500);
    server.process!.kill("SIGCONT");
    await sleep(2_500);

    await Promise.all([...started.values()].map((replica) => replica.run({ do: "rest" })));
    const bounds = { maxStale: maxStaleSeconds * 1000, lifetime: 40_000, slack: 150 };
    const report = checkHistory(database.history, bounds);
    this.test!.title += `: ${report.reads} reads, ${report.staleReads} stale, by ${report.longestStale.toFixed(0)} ms at most`;
    assert.deepEqual(report.violations.slice(0, 5), []);
    assert.ok(report.reads > 5_000 && report.invalidations > 200, JSON.stringify(report));
    // While L2 was there: within 100 ms, but for what a busy machine adds.
    assert.deepEqual(checkHistory(inOrder, { ...bounds, maxStale: 100 }).violations.slice(0, 5), []);
    // None was lost: all agree with the database in the end.
    await sleep(maxStaleSeconds * 1000 + 200);
    const invalidated = [...database.versions].filter(([key, version]) =>
      database.history.some((event) => event.type === "invalidation" && event.key === key && event.version === version),
    );
    assert.ok(invalidated.length > 0);
    for (const [key, version] of invalidated) {
      for (const [name, replica] of started) {
        assert.deepEqual(await replica.run({ do: "get", key, count: 1, options }), [version], `${name} ${key}`);
      }
    }
  });
});

/** Ends the replicas' subscriptions again and again; they come back at once, and miss what is published in between. */
async function cutSubscribers(server: RedisServer, milliseconds: number): Promise<void> {
  const redis = new Redis(server.url);
  for (const end = performance.now() + milliseconds; performance.now() < end; await sleep(20)) {
    await redis.client("KILL", "TYPE", "PUBSUB");
  }
  redis.disconnect();
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = performance.now() + 5_000; performance.now() < end; await sleep(5)) if (await condition()) return;
  assert.fail(`did not come true: ${condition.toString()}`);
}
