import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { openDatabase } from "../runtime/kernel/store/open";
import { verifyLog } from "../runtime/security/security-intelligence/log/verify";
import { PostgresServer } from "../test/support/postgres-server";
import { type BenchRow, median, spread } from "./contract";
import { detectionRows } from "./security-intelligence/detection";
import { Pipeline } from "./security-intelligence/pipeline";
import { corpusRows, ruleCostRows } from "./security-intelligence/rules";
import { benign } from "./security-intelligence/traffic";

const REPETITIONS = 3;
const EVENTS = 20_000;
const IN_A_POST = 200;
const POSTERS = 8;
const silent = pino({ level: "silent" });

/**
 * Durable ingestion with the default rules on, the cost of many rules, verification of the log, and detection of seeded attacks in
 * seeded ordinary traffic (synthetic, labelled as such). `data` is a folder with Sigma files, anywhere in it: the specification's
 * tests, or a repository of rules.
 */
export async function run({ data }: { data?: string } = {}): Promise<BenchRow[]> {
  const rows = [...corpusRows(data), ...ruleCostRows(), ...detectionRows()];
  const folder = mkdtempSync(join(tmpdir(), "mno-bench-si-"));
  try {
    rows.push(...(await ingestion(`pglite:${folder}`, "PGlite, synced to disk")));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const server = postgres();
  if (!server) return rows;
  try {
    await server.create();
    await server.start();
    rows.push(...(await ingestion(server.url, "PostgreSQL")));
  } finally {
    await server.remove();
  }
  return rows;
}

function postgres(): PostgresServer | undefined {
  try {
    return new PostgresServer();
  } catch {
    return undefined; // none is installed: its rows are left out
  }
}

async function ingestion(url: string, where: string): Promise<BenchRow[]> {
  const database = await openDatabase(url, { log: silent });
  try {
    const pipeline = await Pipeline.open(database);
    const rates = { process: [] as number[], http: [] as number[] };
    for (let repetition = 0; repetition <= REPETITIONS; repetition++) {
      for (const way of ["process", "http"] as const) {
        const events = benign({
          seed: 1000 + repetition * 2 + +(way === "http"),
          start: Date.now() - 7_200_000,
          seconds: 3600,
          users: 120,
        });
        const rate = await pipeline.load(events.slice(0, EVENTS), { way, inAPost: IN_A_POST, posters: POSTERS });
        if (repetition > 0) rates[way].push(rate); // the first one warms up
      }
    }
    const rows = (["process", "http"] as const).map((way): BenchRow => ({
      work: `durable, hash-chained, detected with the default rules; ${where}; ${way === "http" ? "over loopback HTTP, client in the same process" : "in process"}`,
      metric: "events_per_second",
      unit: "1/s",
      better: "higher",
      ours: median(rates[way]),
      spread: spread(rates[way]),
      peers: {},
    }));
    const started = performance.now();
    await pipeline.sign();
    const verification = await verifyLog(database, pipeline.signer);
    if (!verification.intact) throw new Error(`the log is not intact: ${JSON.stringify(verification.faults[0])}`);
    const seconds = (performance.now() - started) / 1000;
    await pipeline.close();
    return [
      ...rows,
      {
        work: `verification of ${verification.records} records; ${where}`,
        metric: "records_verified_per_second",
        unit: "1/s",
        better: "higher",
        ours: verification.records / seconds,
        spread: 0,
        peers: {},
      },
    ];
  } finally {
    await database.close();
  }
}
