import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { Client } from "pg";
import { PostgresServer } from "../../test/support/postgres-server";
import { RedisServer } from "../../test/support/redis-server";
import type { BenchRow } from "../contract";
import type { LevelTimes, Part } from "./level-replica";
import type { Trace } from "./traces";

const PROCESSES = 4;
const PER_SECOND = 500;
const SECONDS = 15;
const QUANTILES = { p50_ms: 0.5, p99_ms: 0.99, "p99.9_ms": 0.999 };
/** Four processes replay a trace, every fourth request each, through L1, Redis and PostgreSQL, at 500 requests a second each. */
export async function levelRows(trace: Trace): Promise<BenchRow[]> {
  const redis = new RedisServer();
  const database = new PostgresServer();
  const folder = await mkdtemp(join(__dirname, "../../node_modules/.mno-cache-levels-"));
  try {
    await build({
      entryPoints: [join(__dirname, "level-replica.ts")],
      outfile: join(folder, "replica.js"),
      ...{ bundle: true, packages: "external", platform: "node", format: "cjs", logLevel: "error" },
    });
    await redis.start();
    await database.create();
    await database.start();
    await fill(database.url, trace.unique);
    const requests = trace.requests.subarray(0, PROCESSES * PER_SECOND * SECONDS);
    const maxEntries = Math.max(100, Math.ceil(trace.unique / 100));
    const all = await Promise.all(
      Array.from({ length: PROCESSES }, (_, process) =>
        replay(join(folder, "replica.js"), {
          redisUrl: redis.url,
          databaseUrl: database.url,
          maxEntries,
          requests: Array.from(requests.filter((_key, at) => at % PROCESSES === process)),
          perSecond: PER_SECOND,
        }),
      ),
    );
    return rows(`${trace.name} through ${PROCESSES} processes, ${PROCESSES * PER_SECOND} requests/s, after 3 s`, all);
  } finally {
    await redis.remove();
    await database.remove();
    await rm(folder, { recursive: true, force: true });
  }
}

/** What each level is, in the rows; what is promised of it at p99 in ms; and what its peer is. */
const LEVELS = [
  { level: "l1", what: "L1", promised: 1, peer: undefined },
  { level: "l2", what: "L2", promised: 10, peer: ["bare GET", "bareRedis"] },
  { level: "loader", what: "L3, the database", promised: 100, peer: ["bare query", "bareDatabase"] },
  { level: "get", what: "get, from when it was due", promised: undefined, peer: undefined },
] as const;

function rows(work: string, all: readonly LevelTimes[]): BenchRow[] {
  const row = (what: string, metric: string, unit: string, ours: number): BenchRow => ({
    ...{ work: `${work}: ${what}`, metric, unit, better: "lower", ours, spread: 0, peers: {} },
  });
  const times = (of: Exclude<keyof LevelTimes, "errors">): number[] =>
    all.flatMap((each) => each[of]).sort((a, b) => a - b);
  const quantile = (sorted: readonly number[], share: number): number => sorted[Math.ceil(share * sorted.length) - 1]!;
  const result: BenchRow[] = [];
  for (const { level, what, promised, peer } of LEVELS) {
    const sorted = times(level);
    if (sorted.length === 0) continue;
    for (const [metric, share] of Object.entries(QUANTILES)) {
      result.push({
        ...row(what, metric, "ms", quantile(sorted, share)),
        ...(peer && { peers: { [peer[0]]: quantile(times(peer[1]), share) } }),
        ...(promised !== undefined && { source: `promised: below ${promised} ms at p99` }),
      });
    }
  }
  const calls = (1_000 * times("loader").length) / times("get").length;
  const errors = all.reduce((sum, each) => sum + each.errors, 0);
  return [
    ...result,
    row("database", "calls_per_1000_requests", "calls", calls),
    row("get", "errors", "errors", errors),
  ];
}

async function fill(url: string, items: number): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query("create table item (id integer primary key, body text not null)");
  await client.query("insert into item select id, repeat(md5(id::text), 8) from generate_series(0, $1::int) id", [
    items,
  ]);
  await client.end();
}

async function replay(program: string, part: Part): Promise<LevelTimes> {
  const child = fork(program, [], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    execArgv: [],
    serialization: "advanced",
  });
  try {
    child.send(part);
    const failed = once(child, "exit").then(([code]) => Promise.reject(new Error(`a replica ended with ${code}`)));
    failed.catch(() => undefined);
    const [times] = (await Promise.race([once(child, "message"), failed])) as [LevelTimes];
    return times;
  } finally {
    child.kill();
  }
}
