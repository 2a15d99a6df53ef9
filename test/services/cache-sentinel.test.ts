import assert from "node:assert/strict";
import { CacheEviction, CachePersistence } from "../../components/cache/types";
import type { Cache } from "../../runtime/kernel/cache/cache";
import { openCache } from "../../runtime/kernel/cache/open";
import { CacheProcesses, PASSWORDS } from "../support/cache-processes";
import { cacheContract, cacheDependencies, eventually } from "../contract/cache";

/** Seconds from the primary's sudden death to the next shared write; docs/components/cache.md promises it. */
const FAILOVER_SECONDS = 15;

/**
 * The pods of the Cache component as processes: its generated configuration, users, TLS and start-up script, with Debian's
 * redis-server, and the kernel's cache as their client.
 */
describe("Cache with sentinels", function () {
  this.timeout(180_000);
  let pods: CacheProcesses;

  before(async () => {
    pods = new CacheProcesses(
      {
        persistence: CachePersistence.AppendOnly,
        eviction: CacheEviction.AllKeysLru,
        maxMemoryBytes: 64 * 1024 ** 2,
        minReplicasToWrite: 1,
      },
      true,
    );
    await pods.start();
    await allReady();
  });
  after(() => pods?.remove());

  const allReady = (): Promise<void> =>
    eventually(async () => {
      const ready = await Promise.all(pods.hosts.map((host) => pods.check(host, "ready")));
      return ready.every((code) => code === 0) && (await pods.primary()) !== undefined && (await knowAll());
    }, 120_000);

  /** Each sentinel knows both replicas and both other sentinels: only then can it fail over. */
  async function knowAll(): Promise<boolean> {
    const seen = await Promise.all(
      pods.hosts.map(async (host) => {
        const sentinel = pods.connect(host, { port: pods.sentinelPort });
        const counts = await Promise.all(
          ["replicas", "sentinels"].map(async (what) => {
            const known = (await sentinel.call("SENTINEL", what, "mno")) as string[][];
            return known.filter((entry) => !/down|disconnected/.test(entry[entry.indexOf("flags") + 1]!)).length;
          }),
        ).catch(() => [0, 0]);
        sentinel.disconnect();
        return counts;
      }),
    );
    return seen.every(([replicas, sentinels]) => replicas === 2 && sentinels === 2);
  }

  async function roles(): Promise<string[]> {
    return Promise.all(
      pods.hosts.map(async (host) => {
        const server = pods.connect(host);
        const info = await server.info("replication").catch(() => "role:away");
        server.disconnect();
        return /role:(\w+)/.exec(info)![1]!;
      }),
    );
  }

  const primaries = async (): Promise<number> => (await roles()).filter((role) => role === "master").length;

  cacheContract("redis behind sentinels, TLS", (dependencies) =>
    openCache({ ...dependencies, url: pods.url, ca: pods.ca }),
  );

  it("lets nobody in without a password, and the application no further than its data", async () => {
    const [host = ""] = pods.hosts;
    const outcome = async (options: object, ...command: string[]): Promise<string> => {
      const redis = pods.connect(host, options);
      const answer = await redis.call(command[0]!, ...command.slice(1)).catch((error: Error) => error.message);
      redis.disconnect();
      return String(answer);
    };
    const sentinel = { port: pods.sentinelPort };
    assert.match(await outcome({ username: "", password: "" }, "GET", "key"), /NOAUTH/);
    assert.match(await outcome({ ...sentinel, username: "", password: "" }, "SENTINEL", "masters"), /NOAUTH/);
    for (const command of [
      ["FLUSHALL"],
      ["CONFIG", "GET", "*"],
      ["ACL", "LIST"],
      ["KEYS", "*"],
      ["REPLICAOF", "NO", "ONE"],
    ]) {
      assert.match(await outcome({}, ...command), /NOPERM/, command.join(" "));
    }
    assert.match(await outcome(sentinel, "SENTINEL", "failover", "mno"), /NOPERM/);
    const exporter = { username: "exporter", password: PASSWORDS.exporter };
    assert.match(await outcome(exporter, "INFO"), /redis_version/);
    assert.match(await outcome(exporter, "GET", "key"), /NOPERM/);
  });

  it(`goes on within ${FAILOVER_SECONDS} s when the primary dies, and takes it back as a replica`, async function () {
    await allReady();
    const caches = ["a", "b"].map(() =>
      openCache({ ...cacheDependencies("failover"), url: pods.url, ca: pods.ca }),
    ) as [Cache, Cache];
    try {
      const died = (await pods.primary())!;
      let round = 0;
      /** Whether what one replica of an engine loads, the other finds in L2. */
      const shared = async (): Promise<boolean> => {
        const key = `key-${++round}`;
        await caches[0].get(key, { ttlSeconds: 60 }, async () => "shared");
        return (await caches[1].get(key, { ttlSeconds: 60 }, async () => "loaded again")) === "shared";
      };
      await eventually(shared);
      const start = performance.now();
      await pods.stop(died, "server", "SIGKILL");
      await eventually(async () => !(await shared()));
      await eventually(shared, FAILOVER_SECONDS * 1000);
      const seconds = (performance.now() - start) / 1000;
      this.test!.title += `: ${seconds.toFixed(1)} s`;
      const promoted = await pods.primary();
      assert.ok(promoted !== undefined && promoted !== died);
      pods.startServer(died);
      await eventually(async () => {
        assert.ok((await primaries()) <= 1, "two primaries at once");
        return (await pods.check(died, "ready")) === 0;
      }, 20_000);
      assert.equal(await pods.primary(), promoted);
    } finally {
      await Promise.all(caches.map((cache) => cache.close()));
    }
  });

  it("loses no acknowledged write when the primary is told to stop, and is back within seconds", async () => {
    await allReady();
    const leaving = (await pods.primary())!;
    const before = pods.connect(leaving);
    let acknowledged = 0;
    const writing = (async () => {
      for (;;) {
        await before.set("counter", acknowledged + 1);
        acknowledged += 1;
      }
    })().catch(() => undefined); // ends with its server
    await eventually(() => acknowledged > 100);
    const start = performance.now();
    await pods.stop(leaving, "server", "SIGTERM");
    await writing;
    before.disconnect();
    assert.ok(performance.now() - start < 10_000, `${performance.now() - start} ms`);
    const next = (await pods.primary())!;
    assert.notEqual(next, leaving);
    const after = pods.connect(next);
    assert.ok(Number(await after.get("counter")) >= acknowledged);
    after.disconnect();
    pods.startServer(leaving);
    await allReady();
    assert.equal(await primaries(), 1);
  });

  it("refuses writes on a primary that has lost its replicas", async () => {
    await allReady();
    const primary = (await pods.primary())!;
    const others = pods.hosts.filter((host) => host !== primary);
    for (const host of others) await pods.stop(host, "server", "SIGKILL");
    const server = pods.connect(primary);
    await eventually(
      async () => /NOREPLICAS/.test(String(await server.set("k", 1).catch((error: Error) => error))),
      15_000,
    );
    server.disconnect();
    for (const host of others) pods.startServer(host);
    await allReady();
  });

  it("comes back with its data and one primary when all of it was away", async () => {
    await allReady();
    const server = pods.connect((await pods.primary())!);
    await server.set("kept", "yes");
    await server.wait(2, 5_000);
    server.disconnect();
    await new Promise((resolve) => setTimeout(resolve, 1_100)); // appendfsync everysec
    for (const host of pods.hosts) {
      await pods.stop(host, "sentinel", "SIGKILL");
      await pods.stop(host, "server", "SIGKILL");
    }
    for (const host of pods.hosts) {
      pods.startSentinel(host);
      pods.startServer(host);
    }
    await allReady();
    assert.equal(await primaries(), 1);
    const again = pods.connect((await pods.primary())!);
    assert.equal(await again.get("kept"), "yes");
    again.disconnect();
  });
});
