import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { checkHistory } from "../../test/support/cache-history";
import { CacheReplicas, type Replica } from "../../test/support/cache-replicas";
import { RedisServer } from "../../test/support/redis-server";
import { type BenchRow, median, spread } from "../contract";

const PEER = "bentocache";
const PEER_PROGRAM = join(__dirname, "bento-replica.ts");
/** The cache's default; what it promises. */
const MAX_STALE_SECONDS = 5;
/** Nothing expires while it is measured: what is stale was missed, not kept in time. */
const OPTIONS = { ttlSeconds: 60, jitter: 0 };
const KEYS = 20;

async function withReplicas<T>(
  count: number,
  program: string | undefined,
  use: (all: Replica[], replicas: CacheReplicas, server: RedisServer) => Promise<T>,
): Promise<T> {
  const server = new RedisServer();
  const replicas = await CacheReplicas.build(program);
  try {
    await server.start();
    const all = await Promise.all(
      Array.from({ length: count }, (_, at) => replicas.start(`r${at}`, server.url, MAX_STALE_SECONDS)),
    );
    return await use(all, replicas, server);
  } finally {
    await replicas.remove();
    await server.remove();
  }
}

/** Database calls of 1,000 requests for a key that no level holds, over 8 processes; a call takes 50 ms. */
export async function stampedeRow(): Promise<BenchRow> {
  const measure = (program?: string): Promise<number[]> =>
    withReplicas(8, program, async (all, { database }) => {
      database.delay = () => 50;
      const calls: number[] = [];
      for (let round = 0; round < 5; round++) {
        const before = database.loads;
        const command = { do: "get", key: `hot-${round}`, count: 125, options: OPTIONS } as const;
        await Promise.all(all.map((replica) => replica.run(command)));
        calls.push(database.loads - before);
      }
      return calls;
    });
  const ours = await measure();
  return {
    ...{ work: "1,000 requests over 8 processes", metric: "database_calls", unit: "calls", better: "lower" },
    ...{ ours: median(ours), spread: spread(ours), peers: { [PEER]: median(await measure(PEER_PROGRAM)) }, bound: 1 },
  };
}

interface Staleness {
  longest: number;
  percent: number;
  /** Acknowledged a second; who waits for Redis writes nothing meanwhile, and has nothing stale. */
  invalidations: number;
  /** Once all is well again: reads older than an invalidation of half a second before, in percent. */
  after: number;
}

/** Four replicas read and write 20 keys; with `outage`, Redis is killed for 10 s in the middle. A read that fails ends its replica, and the measurement. */
async function staleness(outage: boolean, program?: string): Promise<Staleness> {
  return withReplicas(4, program, async (all, { database }, server) => {
    database.delay = () => 5;
    await Promise.all(all.map((replica, seed) => replica.run({ do: "work", keys: KEYS, seed, options: OPTIONS })));
    await sleep(outage ? 2_000 : 8_000);
    if (outage) {
      server.process!.kill("SIGKILL");
      await sleep(10_000);
      await server.start();
      await sleep(3_000);
    }
    const calm = performance.timeOrigin + performance.now();
    if (outage) await sleep(3_000);
    await Promise.all(all.map((replica) => replica.run({ do: "rest" })));
    const bounds = { maxStale: MAX_STALE_SECONDS * 1000, lifetime: OPTIONS.ttlSeconds * 1000, slack: 0 };
    const report = checkHistory(database.history, bounds);
    const late = database.history.filter((event) => event.type !== "read" || event.at > calm);
    const settled = checkHistory(late, { ...bounds, maxStale: 500 });
    return {
      longest: report.longestStale,
      percent: (100 * report.staleReads) / report.reads,
      invalidations: report.invalidations / (outage ? 18 : 8),
      after: (100 * settled.violations.length) / Math.max(1, settled.reads),
    };
  });
}

export async function stalenessRows(): Promise<BenchRow[]> {
  const row = (work: string, metric: string, unit: string, ours: number, peer: number): BenchRow => ({
    ...{ work, metric, unit, better: "lower", ours, spread: 0, peers: { [PEER]: peer } },
  });
  const calm = { ours: await staleness(false), peer: await staleness(false, PEER_PROGRAM) };
  const killed = { ours: await staleness(true), peer: await staleness(true, PEER_PROGRAM) };
  const [well, away] = ["4 replicas, 20 keys, all well", "4 replicas, 20 keys, Redis killed for 10 s"];
  return [
    row(well, "longest_stale_ms", "ms", calm.ours.longest, calm.peer.longest),
    row(well, "stale_reads_percent", "%", calm.ours.percent, calm.peer.percent),
    { ...row(away, "longest_stale_ms", "ms", killed.ours.longest, killed.peer.longest), source: "promised: 5,000 ms" },
    row(away, "stale_reads_percent", "%", killed.ours.percent, killed.peer.percent),
    {
      ...row(away, "invalidations_per_second", "1/s", killed.ours.invalidations, killed.peer.invalidations),
      better: "higher",
      source: "a peer that waits for Redis writes little meanwhile, so that little is stale",
    },
    row(`${away}: 3 s later`, "stale_reads_percent", "%", killed.ours.after, killed.peer.after),
  ];
}
