import assert from "node:assert/strict";
import { GREEN_ANNOTATIONS } from "../../../../runtime/exports";
import type { Database } from "../../../../runtime/kernel/store/database";
import { openDatabase } from "../../../../runtime/kernel/store/open";
import { silent } from "../../auto-scaling-engine/fakes";
import { GreenAgent, HOUR, MINUTE, NOTHING_MISSED, NOW } from "./fakes";

/** NOW is noon; the clean hours are from 18:00 to 21:00. */
const EVENING = NOW + 6 * HOUR;
const DAY = 24 * HOUR;
const DAILY = { schedule: "0 14 * * *", deadline: "+28800", duration: "1800", watts: "1000" };

interface Job {
  id: string;
  state: string;
  releaseAt: string;
  deadline: string;
  schedule: object | null;
  faults: { field: string; message: string }[];
  plan: { outcome: string; region: string; slots: { from: string }[] } | null;
  account: { region: string; gramsCo2e: number; baselineGramsCo2e: number } | null;
}

describe("green scheduler: recurring jobs and demonstrations", () => {
  let database: Database;
  let agent: GreenAgent;

  before(async function () {
    this.timeout(60_000); // PGlite compiles its WebAssembly first
    database = await openDatabase("pglite:memory", { log: silent });
  });
  after(() => database.close());
  beforeEach(async () => {
    agent = new GreenAgent(database);
    await agent.begin();
  });
  afterEach(async () => {
    await agent.stop();
    for (const table of ["outbox", "gs_jobs", "gs_decisions", "gs_run_times"])
      await database.query(`TRUNCATE ${table}`);
  });

  const job = async (name: string): Promise<Job> => (await agent.call("GET", `/v1/jobs/${name}`)).body as Job;
  const jobs = async (): Promise<Job[]> => ((await agent.call("GET", "/v1/jobs")).body as { items: Job[] }).items;

  it("each run waits for its own time and for the clean hours after it, on its own", async () => {
    agent.cluster.job("daily", DAILY);
    await agent.round();
    const first = await job("daily");
    assert.equal(first.releaseAt, new Date(NOW + 2 * HOUR).toISOString());
    assert.equal(first.deadline, new Date(NOW + 10 * HOUR).toISOString());
    assert.deepEqual(first.schedule, { cron: "0 14 * * *", timeZone: "UTC" });
    await agent.roundsUntil(EVENING);
    assert.equal(agent.releasedAt("daily"), EVENING);
    await agent.roundsUntil(EVENING + 30 * MINUTE);
    agent.cluster.end("daily");
    for (let look = 0; look < 3; look += 1) await agent.round();
    assert.deepEqual(agent.cluster.renewed, ["daily"]);

    const second = await job("daily");
    assert.notEqual(second.id, first.id);
    assert.deepEqual([second.state, second.releaseAt], ["waiting", new Date(NOW + DAY + 2 * HOUR).toISOString()]);
    // Of the second day only the first hour after the release is clean.
    agent.intensity.curve = (at) => (at >= NOW + DAY + 2 * HOUR && at < NOW + DAY + 3 * HOUR ? 50 : 400);
    agent.intensity.changes = { generatedAt: NOW + 1 };
    await agent.roundsUntil(NOW + DAY + 2 * HOUR, 10 * MINUTE);
    assert.equal(agent.releasedAt("daily"), NOW + DAY + 2 * HOUR);
    agent.clock.skip(30 * MINUTE);
    agent.cluster.end("daily");
    await agent.round();
    const over = (await jobs()).filter(({ account }) => account !== null);
    assert.deepEqual(
      over.map(({ account }) => account!.baselineGramsCo2e - account!.gramsCo2e),
      [0, 150],
      "each is held against a start at its own time",
    );
    const [row] = await database.query<{ runs: number }>(
      "SELECT count(*)::int AS runs FROM gs_run_times WHERE key = 'daily'",
    );
    assert.equal(row?.runs, 2, "both were learned from");
  });

  it("a failed run is not the last one, and what came while a run was under way is not made up for", async () => {
    agent.cluster.job("hourly", { ...DAILY, schedule: "0 * * * *", deadline: "+1800" });
    await agent.roundsUntil(NOW + HOUR);
    await agent.roundsUntil(NOW + 4.5 * HOUR);
    agent.cluster.end("hourly", "failed");
    for (let look = 0; look < 3; look += 1) await agent.round();
    const [next, failed] = await jobs();
    assert.deepEqual([failed?.state, next?.state], ["failed", "waiting"]);
    assert.equal(next?.releaseAt, new Date(NOW + 5 * HOUR).toISOString());
  });

  it("a crash between a run's end and the next hold loses no run", async () => {
    agent.cluster.job("daily", { ...DAILY, deadline: "+1860" });
    await agent.roundsUntil(NOW + 2 * HOUR);
    const { renew } = agent.cluster;
    agent.cluster.renew = () => Promise.reject(new Error("the cluster is away"));
    agent.cluster.end("daily");
    await agent.round();
    await assert.rejects(agent.round());
    assert.equal((await job("daily")).state, "succeeded");
    agent.cluster.renew = renew!;
    await agent.round();
    await agent.round();
    assert.equal((await job("daily")).state, "waiting");
  });

  it("a cluster whose jobs run once says what has a schedule there, and lets the job run", async () => {
    delete agent.cluster.renew;
    agent.cluster.job("daily", DAILY);
    await agent.round();
    const [[name, annotations]] = agent.cluster.resumed as [[string, Record<string, string>]];
    assert.equal(name, "daily");
    assert.match(annotations[GREEN_ANNOTATIONS.fault]!, /green\.schedule .*a CronJob makes one for each run/);
  });

  it("one that cannot be here runs once, at once, and is not held for another run", async () => {
    agent.cluster.job("lost", { ...DAILY, regions: "SE" });
    await agent.round();
    agent.clock.skip(MINUTE);
    agent.cluster.end("lost");
    for (let look = 0; look < 4; look += 1) await agent.round();
    assert.deepEqual([agent.cluster.resumed.length, agent.cluster.renewed], [1, []]);
  });

  it("one whose time is far away is planned when it comes near, and costs the others nothing until then", async () => {
    agent.cluster.job("yearly", { ...DAILY, schedule: "0 0 1 6 *" });
    await agent.round();
    const { state, plan, faults } = await job("yearly");
    assert.deepEqual([state, plan, faults], ["waiting", null, []]);
    assert.equal(agent.intensity.asked, 0);
  });

  it("a demonstration may name its region anywhere, and is in no sum and no event", async () => {
    agent.cluster.job("demo", { deadline: "+86400", duration: "1800", watts: "1000", regions: "demo-144x-ES" });
    agent.cluster.job("real", { deadline: "+86400", duration: "1800", watts: "1000" });
    agent.cluster.job("wrong", { deadline: "+86400", regions: "FR" });
    await agent.roundsUntil(EVENING);
    assert.deepEqual(
      agent.cluster.resumed.map(([name]) => name),
      ["wrong", "demo", "real"],
    );
    assert.match((await job("wrong")).faults[0]!.message, /names no region of this cluster, which has DE/);
    await agent.roundsUntil(EVENING + 30 * MINUTE);
    for (const name of ["demo", "real"]) agent.cluster.end(name);
    await agent.round();
    const { account } = await job("demo");
    assert.deepEqual([account?.region, account?.gramsCo2e, account?.baselineGramsCo2e], ["demo-144x-ES", 50, 200]);
    const { body } = await agent.call("GET", "/v1/savings");
    const { bySignal, items, demonstrations } = body as Record<"bySignal" | "items" | "demonstrations", object[]>;
    assert.deepEqual(bySignal, [
      {
        signal: "average",
        jobs: 1,
        energyKwh: 0.5,
        gramsCo2e: 50,
        baselineGramsCo2e: 200,
        savedGramsCo2e: 150,
        ...NOTHING_MISSED,
      },
    ]);
    const regions = (rows: object[]): string[] => rows.map((row) => (row as { region: string }).region);
    assert.deepEqual([regions(items), regions(demonstrations)], [["DE"], ["demo-144x-ES"]]);
    const told = (await agent.events()).map(({ type, subject }) => `${type} ${subject}`);
    assert.ok(told.some((one) => one.endsWith("finished real")));
    assert.ok(!told.some((one) => one.endsWith(" demo")), told.join(", "));
    assert.match(await agent.metrics.registry.metrics(), /mno_green_carbon_grams_total 50\n/);
  });
});
