import assert from "node:assert/strict";
import type { Database } from "../../../../runtime/kernel/store/database";
import { openDatabase } from "../../../../runtime/kernel/store/open";
import { silent } from "../../auto-scaling-engine/fakes";
import { GreenAgent, HOUR, MINUTE, NOW } from "./fakes";

interface Job {
  faults: { message: string }[];
  plan: { region: string; slots: { from: string }[] } | null;
  runs: { region: string }[];
  account: { region: string; gramsCo2e: number; baselineGramsCo2e: number } | null;
}

describe("green scheduler: regions of a cluster's nodes", () => {
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
    agent.cluster.regions("DE", "FR");
    agent.intensity.curve = (_, region) => (region === "FR" ? 50 : 400);
  });
  afterEach(async () => {
    await agent.stop();
    for (const table of ["outbox", "gs_jobs", "gs_decisions", "gs_run_times"])
      await database.query(`TRUNCATE ${table}`);
  });

  const job = async (name: string): Promise<Job> => (await agent.call("GET", `/v1/jobs/${name}`)).body as Job;
  const HOURLY = { deadline: "+43200", duration: "3600", watts: "1000" };

  it("a job goes to the cleanest of its regions, is kept there, and is held against its first one", async () => {
    agent.cluster.job("report", { ...HOURLY, regions: "DE,FR" });
    await agent.round();
    assert.deepEqual([(await job("report")).plan?.region, agent.cluster.placed], ["FR", [["report", "FR"]]]);
    await agent.round();
    agent.clock.skip(HOUR);
    agent.cluster.end("report");
    await agent.round();
    const { account, runs } = await job("report");
    assert.deepEqual([account?.region, account?.gramsCo2e, account?.baselineGramsCo2e], ["FR", 50, 400]);
    assert.equal(runs[0]?.region, "FR");
  });

  it("a job that names one region is kept there, however clean another is, also when it could not be planned", async () => {
    agent.cluster.job("resident", { ...HOURLY, regions: "DE" });
    await agent.round();
    assert.deepEqual(agent.cluster.placed, [["resident", "DE"]]);
    agent.intensity.fault = new Error("it is broken");
    agent.cluster.job("late", { ...HOURLY, deadline: "+60", regions: "FR" });
    await agent.round();
    assert.deepEqual(agent.cluster.placed.at(-1), ["late", "FR"]);
  });

  it("a job that names none runs where the cluster puts it, and is accounted for there", async () => {
    agent.cluster.regions("FR");
    agent.cluster.job("anywhere", HOURLY);
    await agent.round();
    await agent.round();
    assert.equal(agent.cluster.placed.length, 0);
    assert.equal((await job("anywhere")).runs[0]?.region, "FR");
    agent.clock.skip(HOUR);
    agent.cluster.end("anywhere");
    await agent.round();
    assert.deepEqual((await job("anywhere")).account?.baselineGramsCo2e, 50);
  });

  it("a full region takes no more than it has cores for", async () => {
    for (let i = 0; i < 6; i += 1) agent.cluster.job(`job-${String(i)}`, { ...HOURLY, regions: "DE,FR" });
    await agent.round();
    const all = await Promise.all(Array.from({ length: 6 }, (_, i) => job(`job-${String(i)}`)));
    const inFrance = all.filter(({ plan }) => plan?.region === "FR" && Date.parse(plan.slots[0]!.from) <= NOW);
    assert.equal(inFrance.length, 4);
    assert.ok(
      all.every(({ plan }) => plan?.region === "FR"),
      "the others wait for room there",
    );
  });

  it("a job that was paused goes on where it was", async () => {
    agent.intensity.curve = (at, region) =>
      ([12, 18].includes(new Date(at).getUTCHours()) ? 50 : 500) + (region === "FR" ? 0 : 10);
    agent.cluster.job("long", { ...HOURLY, duration: "7200", interruptible: "true", regions: "DE,FR" });
    await agent.roundsUntil(NOW + HOUR + 5 * MINUTE);
    assert.deepEqual([agent.cluster.suspended, agent.cluster.placed], [["long"], [["long", "FR"]]]);
    agent.intensity.curve = (_, region) => (region === "FR" ? 500 : 10);
    agent.intensity.changes = { generatedAt: NOW + 1 };
    await agent.roundsUntil(NOW + 12 * HOUR);
    assert.deepEqual(agent.cluster.placed, [["long", "FR"]], "its place was given once");
    assert.deepEqual([...new Set((await job("long")).runs.map(({ region }) => region))], ["FR"]);
  });

  it("a region that the cluster does not have is said to be a fault, and the job is not sent where it cannot run", async () => {
    agent.cluster.job("lost", { ...HOURLY, regions: "SE" });
    await agent.round();
    assert.match((await job("lost")).faults[0]!.message, /names no region of this cluster, which has DE, FR/);
    assert.equal(agent.cluster.placed.length, 0);
  });
});
