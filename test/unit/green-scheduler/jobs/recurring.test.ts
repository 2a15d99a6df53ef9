import assert from "node:assert/strict";
import { GREEN_ANNOTATIONS } from "../../../../runtime/exports";
import { greenAgents, HOUR, MINUTE, NOTHING_MISSED, NOW } from "./fakes";

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
  const suite = greenAgents();

  const job = async (name: string): Promise<Job> => (await suite.agent.call("GET", `/v1/jobs/${name}`)).body as Job;
  const jobs = async (): Promise<Job[]> => ((await suite.agent.call("GET", "/v1/jobs")).body as { items: Job[] }).items;

  it("each run waits for its own time and for the clean hours after it, on its own", async () => {
    suite.agent.cluster.job("daily", DAILY);
    await suite.agent.round();
    const first = await job("daily");
    assert.equal(first.releaseAt, new Date(NOW + 2 * HOUR).toISOString());
    assert.equal(first.deadline, new Date(NOW + 10 * HOUR).toISOString());
    assert.deepEqual(first.schedule, { cron: "0 14 * * *", timeZone: "UTC" });
    await suite.agent.roundsUntil(EVENING);
    assert.equal(suite.agent.releasedAt("daily"), EVENING);
    await suite.agent.roundsUntil(EVENING + 30 * MINUTE);
    suite.agent.cluster.end("daily");
    for (let look = 0; look < 3; look += 1) await suite.agent.round();
    assert.deepEqual(suite.agent.cluster.renewed, ["daily"]);

    const second = await job("daily");
    assert.notEqual(second.id, first.id);
    assert.deepEqual([second.state, second.releaseAt], ["waiting", new Date(NOW + DAY + 2 * HOUR).toISOString()]);
    // Of the second day only the first hour after the release is clean.
    suite.agent.intensity.curve = (at) => (at >= NOW + DAY + 2 * HOUR && at < NOW + DAY + 3 * HOUR ? 50 : 400);
    suite.agent.intensity.changes = { generatedAt: NOW + 1 };
    await suite.agent.roundsUntil(NOW + DAY + 2 * HOUR, 10 * MINUTE);
    assert.equal(suite.agent.releasedAt("daily"), NOW + DAY + 2 * HOUR);
    suite.agent.clock.skip(30 * MINUTE);
    suite.agent.cluster.end("daily");
    await suite.agent.round();
    const over = (await jobs()).filter(({ account }) => account !== null);
    assert.deepEqual(
      over.map(({ account }) => account!.baselineGramsCo2e - account!.gramsCo2e),
      [0, 150],
      "each is held against a start at its own time",
    );
    const [row] = await suite.database.query<{ runs: number }>(
      "SELECT count(*)::int AS runs FROM gs_run_times WHERE key = 'daily'",
    );
    assert.equal(row?.runs, 2, "both were learned from");
  });

  it("a failed run is not the last one, and what came while a run was under way is not made up for", async () => {
    suite.agent.cluster.job("hourly", { ...DAILY, schedule: "0 * * * *", deadline: "+1800" });
    await suite.agent.roundsUntil(NOW + HOUR);
    await suite.agent.roundsUntil(NOW + 4.5 * HOUR);
    suite.agent.cluster.end("hourly", "failed");
    for (let look = 0; look < 3; look += 1) await suite.agent.round();
    const [next, failed] = await jobs();
    assert.deepEqual([failed?.state, next?.state], ["failed", "waiting"]);
    assert.equal(next?.releaseAt, new Date(NOW + 5 * HOUR).toISOString());
  });

  it("a crash between a run's end and the next hold loses no run", async () => {
    suite.agent.cluster.job("daily", { ...DAILY, deadline: "+1860" });
    await suite.agent.roundsUntil(NOW + 2 * HOUR);
    const { renew } = suite.agent.cluster;
    suite.agent.cluster.renew = () => Promise.reject(new Error("the cluster is away"));
    suite.agent.cluster.end("daily");
    await suite.agent.round();
    await assert.rejects(suite.agent.round());
    assert.equal((await job("daily")).state, "succeeded");
    suite.agent.cluster.renew = renew!;
    await suite.agent.round();
    await suite.agent.round();
    assert.equal((await job("daily")).state, "waiting");
  });

  it("a cluster whose jobs run once says what has a schedule there, and lets the job run", async () => {
    delete suite.agent.cluster.renew;
    suite.agent.cluster.job("daily", DAILY);
    await suite.agent.round();
    const [[name, annotations]] = suite.agent.cluster.resumed as [[string, Record<string, string>]];
    assert.equal(name, "daily");
    assert.match(annotations[GREEN_ANNOTATIONS.fault]!, /green\.schedule .*a CronJob makes one for each run/);
  });

  it("one that cannot be here runs once, at once, and is not held for another run", async () => {
    suite.agent.cluster.job("lost", { ...DAILY, regions: "SE" });
    await suite.agent.round();
    suite.agent.clock.skip(MINUTE);
    suite.agent.cluster.end("lost");
    for (let look = 0; look < 4; look += 1) await suite.agent.round();
    assert.deepEqual([suite.agent.cluster.resumed.length, suite.agent.cluster.renewed], [1, []]);
  });

  it("one whose time is far away is planned when it comes near, and costs the others nothing until then", async () => {
    suite.agent.cluster.job("yearly", { ...DAILY, schedule: "0 0 1 6 *" });
    await suite.agent.round();
    const { state, plan, faults } = await job("yearly");
    assert.deepEqual([state, plan, faults], ["waiting", null, []]);
    assert.equal(suite.agent.intensity.asked, 0);
  });

  it("a demonstration may name its region anywhere, and is in no sum and no event", async () => {
    suite.agent.cluster.job("demo", { deadline: "+86400", duration: "1800", watts: "1000", regions: "demo-144x-ES" });
    suite.agent.cluster.job("real", { deadline: "+86400", duration: "1800", watts: "1000" });
    suite.agent.cluster.job("wrong", { deadline: "+86400", regions: "FR" });
    await suite.agent.roundsUntil(EVENING);
    assert.deepEqual(
      suite.agent.cluster.resumed.map(([name]) => name),
      ["wrong", "demo", "real"],
    );
    assert.match((await job("wrong")).faults[0]!.message, /names no region of this cluster, which has DE/);
    await suite.agent.roundsUntil(EVENING + 30 * MINUTE);
    for (const name of ["demo", "real"]) suite.agent.cluster.end(name);
    await suite.agent.round();
    const { account } = await job("demo");
    assert.deepEqual([account?.region, account?.gramsCo2e, account?.baselineGramsCo2e], ["demo-144x-ES", 50, 200]);
    const { body } = await suite.agent.call("GET", "/v1/savings");
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
    const told = (await suite.agent.events()).map(({ type, subject }) => `${type} ${subject}`);
    assert.ok(told.some((one) => one.endsWith("finished real")));
    assert.ok(!told.some((one) => one.endsWith(" demo")), told.join(", "));
    assert.match(await suite.agent.metrics.registry.metrics(), /mno_green_carbon_grams_total 50\n/);
  });
});
