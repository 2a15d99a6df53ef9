import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { systemClock } from "../../../runtime/kernel/clock";
import { openBus } from "../../../runtime/kernel/events/open";
import { OutboxRelay } from "../../../runtime/kernel/events/outbox";
import { openDatabase } from "../../../runtime/kernel/store/open";
import { createMetrics } from "../../../runtime/kernel/telemetry/metrics";
import { tracer } from "../../../runtime/kernel/telemetry/traces";
import { Campaign } from "../../support/erm-campaign";
import { ErmProgram } from "../../support/erm-process";
import { seeded } from "../../../runtime/kernel/random";

/** Kills in all; MNO_KILL_SEED repeats a run's moments and requests (not the machine's timing). */
const RUNS = Number(process.env.MNO_KILL_RUNS ?? 200);
const SEED = Number(process.env.MNO_KILL_SEED ?? 20_260_101);
const RUNS_PER_FOLDER = 50;
const CLIENTS = 8;
const NODES = 4;
const CORES = 4;
/** The kill comes at random within this after the process answers … */
const LOAD_MILLISECONDS = 400;
/** … or, in this share of the runs, within this after it was started, while it may still be recovering. */
const EARLY_SHARE = 0.1;
const EARLY_MILLISECONDS = 1500;

const log = pino({ enabled: false });

describe("elastic resource manager under SIGKILL", function () {
  this.timeout(15 * 60_000);
  let program: ErmProgram;
  let root: string;

  before(async () => {
    program = await ErmProgram.build();
    root = await mkdtemp(join(tmpdir(), "mno-erm-kill-"));
  });

  after(async () => {
    await program.dispose();
    await rm(root, { recursive: true, force: true });
  });

  /** Starts the process and kills it before or soon after it answers. */
  async function killEarly(folder: string, random: () => number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const start = program.start({ folder, nodes: NODES, cores: CORES }, (kill) => {
      timer = setTimeout(kill, random() * EARLY_MILLISECONDS);
    });
    const child = await start.catch(() => undefined);
    clearTimeout(timer);
    await child?.kill();
  }

  async function killUnderLoad(folder: string, campaign: Campaign, random: () => number): Promise<void> {
    const child = await program.start({ folder, nodes: NODES, cores: CORES });
    await campaign.checkRecovered(child);
    await campaign.settle(child);
    await campaign.checkSettled(child, CORES);
    const stop = new AbortController();
    const load = campaign.load(child, CLIENTS, stop.signal);
    await systemClock.sleep(random() * LOAD_MILLISECONDS);
    await child.kill();
    stop.abort();
    await load;
  }

  /** With the process gone: one row and at least one event for each grant, and none for anything else. */
  async function checkRecords(folder: string, campaign: Campaign): Promise<number> {
    const metrics = createMetrics();
    const database = await openDatabase(`pglite:${join(folder, "database")}`, { log });
    const bus = await openBus(`embedded:${join(folder, "events")}`, { clock: systemClock, log, tracer, metrics });
    const relay = new OutboxRelay(database, bus, { clock: systemClock, log }, { pollMilliseconds: 20 });
    relay.start();
    for (;;) {
      const [waiting] = await database.query<{ count: number }>("SELECT count(*) AS count FROM outbox");
      if (waiting?.count === 0) break;
      await systemClock.sleep(20);
    }
    await relay.stop();
    const rows = await database.query<{ id: string; key: string }>(
      "SELECT id, idempotency_key AS key FROM erm_allocations",
    );
    const events = new Set<string>();
    let published = 0;
    for await (const { event } of bus.read({ from: "beginning" })) {
      published += 1;
      events.add(event.id);
    }
    await bus.close();
    await database.close();

    assert.deepEqual(rows.map(({ id }) => id).sort(), campaign.granted.sort(), "a row for each grant, and no other");
    assert.equal(new Set(rows.map(({ key }) => key)).size, rows.length, "a grant for each key");
    const expected = [
      ...campaign.granted.map((id) => `${id}.allocated`),
      ...campaign.released.map((id) => `${id}.released`),
    ];
    assert.deepEqual([...events].sort(), expected.sort(), "an event for each change, and no other");
    return published - events.size;
  }

  async function folderOfRuns(index: number, runs: number): Promise<string> {
    const random = seeded(SEED + index);
    const folder = join(root, String(index));
    const campaign = new Campaign(`folder-${index}`, random);
    let early = 0;
    for (let run = 0; run < runs; run++) {
      if (random() < EARLY_SHARE) {
        early += 1;
        await killEarly(folder, random);
      } else {
        await killUnderLoad(folder, campaign, random);
      }
    }
    const last = await program.start({ folder, nodes: NODES, cores: CORES });
    await campaign.checkRecovered(last);
    await campaign.settle(last);
    await campaign.checkSettled(last, CORES);
    await last.drain();
    const { granted, released } = campaign;
    const summary = `${granted.length} grants, ${released.length} releases`;
    const again = await checkRecords(folder, campaign);
    return `${runs} kills (${early} while starting): ${summary}, ${again} events published more than once`;
  }

  it(`keeps every acknowledged allocation once, and nothing else, over ${RUNS} kills`, async () => {
    const folders = Math.max(1, Math.ceil(RUNS / RUNS_PER_FOLDER));
    const waiting = Array.from({ length: folders }, (_, index) => index);
    const summaries: string[] = [];
    const worker = async (): Promise<void> => {
      for (let index = waiting.shift(); index !== undefined; index = waiting.shift()) {
        const runs = Math.floor(RUNS / folders) + (index < RUNS % folders ? 1 : 0);
        summaries.push(await folderOfRuns(index, runs));
      }
    };
    await Promise.all([worker(), worker()]);
    for (const summary of summaries) process.stdout.write(`      ${summary}\n`);
    assert.equal(summaries.length, folders);
  });
});
