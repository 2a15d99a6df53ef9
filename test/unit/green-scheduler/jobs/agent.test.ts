import assert from "node:assert/strict";
import { Type } from "@sinclair/typebox";
import { GREEN_ANNOTATIONS } from "../../../../runtime/exports";
import { loadConfiguration } from "../../../../runtime/kernel/config";
import { INTENSITY_KEYS, type IntensityConfiguration } from "../../../../runtime/kernel/intensity/configuration";
import { openIntensity } from "../../../../runtime/kernel/intensity/open";
import type { Database } from "../../../../runtime/kernel/store/database";
import { openDatabase } from "../../../../runtime/kernel/store/open";
import { silent } from "../../auto-scaling-engine/fakes";
import { GreenAgent, HOUR, MINUTE, NOTHING_MISSED, NOW } from "./fakes";

/** NOW is noon: the clean hours are six hours ahead. */
const EVENING = NOW + 6 * HOUR;
const NIGHTLY = { deadline: "+43200", duration: "3600", watts: "1000" };

interface JobView {
  state: string;
  decisionId: string;
  plan: { outcome: string; slots: { from: string; to: string }[] } | null;
  faults: { field: string; message: string }[];
  unplannableSince: string | null;
  account: { gramsCo2e: number; baselineGramsCo2e: number; energyKwh: number; deadlineMet: boolean } | null;
}

describe("green scheduler: agent", () => {
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

  const job = async (name: string): Promise<JobView> => (await agent.call("GET", `/v1/jobs/${name}`)).body as JobView;
  const decision = async (id: string) =>
    (await agent.call("GET", `/v1/decisions/${id}`)).body as Record<string, unknown>;
  /** The same store and cluster, another process. */
  async function restart(): Promise<void> {
    const later = new GreenAgent(database);
    for (const [name, status] of agent.cluster.workloads) later.cluster.workloads.set(name, status);
    later.clock.skip(agent.clock.now() - later.clock.now());
    await agent.stop();
    agent = later;
    await agent.begin();
  }

  describe("a job of the cluster", () => {
    it("waits for the clean hours, runs, and is accounted for against a start at once", async () => {
      agent.cluster.job("report", NIGHTLY, { "machine-native-ops/tenant": "red" });
      await agent.round();
      const planned = await job("report");
      assert.equal(planned.state, "waiting");
      assert.equal(planned.plan?.outcome, "shifted");
      assert.equal(planned.plan.slots[0]?.from, new Date(EVENING).toISOString());
      await agent.roundsUntil(EVENING - MINUTE);
      assert.deepEqual(agent.cluster.resumed, []);
      await agent.roundsUntil(EVENING);
      assert.deepEqual(agent.cluster.resumed, [["report", { [GREEN_ANNOTATIONS.decision]: planned.decisionId }]]);
      await agent.roundsUntil(EVENING + HOUR);
      agent.cluster.end("report");
      await agent.round();
      await agent.round();
      const { state, account } = await job("report");
      assert.equal(state, "succeeded");
      assert.deepEqual([account?.energyKwh, account?.gramsCo2e, account?.baselineGramsCo2e], [1, 100, 400]);
      assert.equal(account?.deadlineMet, true);

      const events = await agent.events();
      assert.deepEqual(
        events.map(({ type, subject }) => [type, subject]),
        [
          ["mno.sustainability.job.planned", "report"],
          ["mno.sustainability.job.finished", "report"],
        ],
      );
      const finished = events[1]!.data;
      assert.deepEqual(
        [finished["tenant"], finished["outcome"], finished["gramsCo2e"], finished["baselineGramsCo2e"]],
        ["red", "succeeded", 100, 400],
      );
      assert.equal(finished["startedAt"], new Date(EVENING).toISOString());
      const savings = (await agent.call("GET", "/v1/savings")).body as { bySignal: Record<string, unknown>[] };
      assert.deepEqual(savings.bySignal, [
        {
          signal: "average",
          jobs: 1,
          energyKwh: 1,
          gramsCo2e: 100,
          baselineGramsCo2e: 400,
          savedGramsCo2e: 300,
          ...NOTHING_MISSED,
        },
      ]);
      const why = await decision(planned.decisionId);
      assert.equal(why["kind"], "plan");
      assert.equal((why["intensity"] as { source: string }[])[0]?.source, "test feed");
    });

    it("is released at once with every fault said where its declaration is not valid", async () => {
      agent.cluster.job("typo", { ...NIGHTLY, interruptible: "yes", watts: "-3" });
      agent.cluster.status("typo").spec.annotations!["machine-native-ops/green.dealine"] = "+1";
      await agent.round();
      const [[name, annotations]] = agent.cluster.resumed as [[string, Record<string, string>]];
      assert.equal(name, "typo");
      for (const said of ["green.dealine", "green.interruptible", "green.watts"]) {
        assert.match(annotations[GREEN_ANNOTATIONS.fault]!, new RegExp(said.replace(".", "\\.")));
      }
      assert.equal((await job("typo")).faults.length, 3);
      assert.equal((await decision(annotations[GREEN_ANNOTATIONS.decision]!))["trigger"], "invalid");
    });

    it("is planned anew when its annotations change, and by a new forecast", async () => {
      agent.cluster.job("report", NIGHTLY);
      await agent.round();
      agent.cluster.status("report").spec.annotations![GREEN_ANNOTATIONS.deadline] = "+18000";
      await agent.round();
      assert.equal((await job("report")).plan?.outcome, "at-once");
      assert.equal(agent.cluster.resumed.length, 1);

      agent.cluster.job("other", NIGHTLY);
      await agent.round();
      const before = await job("other");
      agent.intensity.curve = (at) => (new Date(at).getUTCHours() === 15 ? 50 : 400);
      agent.intensity.changes = { generatedAt: NOW + 1 };
      await agent.round();
      const after = await job("other");
      assert.notEqual(after.decisionId, before.decisionId);
      assert.equal(after.plan?.slots[0]?.from, new Date(NOW + 3 * HOUR).toISOString());
    });

    it("keeps its decision while nothing new comes", async () => {
      agent.cluster.job("report", NIGHTLY);
      await agent.round();
      const first = await job("report");
      await agent.roundsUntil(NOW + HOUR);
      assert.equal((await job("report")).decisionId, first.decisionId);
      assert.equal((await agent.events()).length, 1);
    });

    it("is paused at the end of its slot and resumed at the next one", async () => {
      // Clean from 13 to 14 and from 18 to 19.
      agent.intensity.curve = (at) => ([13, 18].includes(new Date(at).getUTCHours()) ? 50 : 500);
      agent.cluster.job("long", { ...NIGHTLY, duration: "7200", interruptible: "true" });
      await agent.roundsUntil(NOW + HOUR);
      assert.equal(agent.releasedAt("long"), NOW + HOUR);
      await agent.roundsUntil(NOW + 2 * HOUR);
      assert.deepEqual(agent.cluster.suspended, ["long"]);
      await agent.roundsUntil(EVENING - 5 * MINUTE);
      assert.equal((await job("long")).state, "paused");
      await agent.roundsUntil(EVENING);
      assert.equal(agent.releasedAt("long"), EVENING);
      await agent.roundsUntil(EVENING + HOUR);
      agent.cluster.end("long");
      await agent.round();
      const { account } = await job("long");
      const { energyKwh, gramsCo2e, baselineGramsCo2e } = account!;
      assert.ok(energyKwh >= 2 && energyKwh < 2.2, `two hours, and what it takes to notice: ${String(energyKwh)}`);
      // From noon on: an hour of 500 and one of 50.
      assert.ok(gramsCo2e < baselineGramsCo2e / 2, `${String(gramsCo2e)} of ${String(baselineGramsCo2e)}`);
    });

    it("is accounted for as deleted where it goes away", async () => {
      agent.cluster.job("gone", NIGHTLY);
      await agent.round();
      agent.cluster.workloads.delete("gone");
      await agent.round();
      const finished = (await agent.events()).find(({ type }) => type.endsWith("finished"));
      assert.deepEqual([finished?.data["outcome"], finished?.data["energyKwh"]], ["deleted", 0]);
    });

    it("waits with its accounts until the history of intensity is there", async () => {
      agent.cluster.job("report", { ...NIGHTLY, deadline: "+1" });
      await agent.round();
      agent.clock.skip(HOUR);
      agent.cluster.end("report");
      agent.intensity.fault = new Error("the feed is away");
      await assert.rejects(agent.round());
      assert.equal((await job("report")).account, null);
      agent.intensity.fault = undefined;
      await agent.round();
      assert.equal((await job("report")).account?.deadlineMet, false);
    });

    it("learns its run time where it recurs", async () => {
      for (let run = 0; run < 3; run += 1) {
        agent.cluster.job("hourly", { deadline: "+60", duration: "7200", recurringKey: "hourly" });
        await agent.round();
        await agent.round();
        agent.clock.skip(20 * MINUTE);
        agent.cluster.end("hourly");
        await agent.round();
        agent.cluster.workloads.delete("hourly");
        await agent.round();
      }
      agent.cluster.job("hourly", { deadline: "+43200", recurringKey: "hourly" });
      await agent.round();
      const { duration } = await decision((await job("hourly")).decisionId);
      const { meanSeconds } = duration as { meanSeconds: number };
      assert.ok(Math.abs(meanSeconds - 1200) < 60, String(meanSeconds));
    });
  });

  describe("deadlines", () => {
    it("releases at the latest safe start where the clean hours are too late", async () => {
      agent.intensity.curve = (at) => 1000 - (at - NOW) / HOUR; // ever cleaner
      agent.cluster.job("report", { ...NIGHTLY, deadline: "+14400" });
      await agent.roundsUntil(NOW + 4 * HOUR, MINUTE);
      const at = agent.releasedAt("report")!;
      assert.ok(at > NOW && at <= NOW + 3 * HOUR, new Date(at).toISOString());
    });

    it("releases after the agent was down, however late it is", async () => {
      agent.cluster.job("report", NIGHTLY);
      await agent.round();
      await restart();
      agent.clock.skip(24 * HOUR);
      agent.intensity.fault = new Error("the feed is away too");
      await agent.round();
      assert.equal(agent.cluster.resumed.length, 1);
      const { decisionId } = await job("report");
      assert.equal((await decision(decisionId))["trigger"], "deadline");
    });

    it("keeps a running job running over a restart, and its start", async () => {
      agent.cluster.job("report", { ...NIGHTLY, deadline: "+3600" });
      await agent.round();
      await restart();
      agent.clock.skip(HOUR);
      await agent.round();
      assert.deepEqual(agent.cluster.resumed, []);
      agent.cluster.end("report");
      await agent.round();
      assert.equal((await job("report")).account?.energyKwh, 1);
    });

    it("releases a job that was let go just before a crash once only", async () => {
      agent.cluster.job("report", { ...NIGHTLY, deadline: "+60" });
      await agent.round();
      assert.equal(agent.cluster.resumed.length, 1);
      await restart();
      await agent.round();
      assert.deepEqual(agent.cluster.resumed, []);
    });

    it("releases also while the store is away", async () => {
      agent.cluster.job("report", NIGHTLY);
      await agent.round();
      agent.clock.skip(11 * HOUR);
      await database.query("ALTER TABLE gs_jobs RENAME TO gs_away");
      try {
        await assert.rejects(agent.round());
      } finally {
        await database.query("ALTER TABLE gs_away RENAME TO gs_jobs");
      }
      assert.equal(agent.cluster.resumed.length, 1);
    });

    it("tries again where the cluster did not take the release", async () => {
      agent.cluster.job("report", { ...NIGHTLY, deadline: "+60" });
      agent.cluster.fault = new Error("the cluster is away");
      await assert.rejects(agent.round());
      await assert.rejects(agent.round());
      agent.cluster.fault = undefined;
      await agent.round();
      const id = agent.cluster.resumed[0]![1][GREEN_ANNOTATIONS.decision]!;
      assert.equal((await job("report")).decisionId, id);
      const rows = await database.query("SELECT id FROM gs_decisions WHERE decision->>'kind' = 'release'");
      assert.equal(rows.length, 1, "one decision, however often it is tried");
    });

    it("has done nothing where the cluster cannot be listed, and forgets no job", async () => {
      agent.cluster.job("report", NIGHTLY);
      await agent.round();
      agent.cluster.away = new Error("the cluster is away");
      await assert.rejects(agent.round());
      assert.equal((await job("report")).state, "waiting");
    });
  });

  describe("feeds", () => {
    /** What the trouble is, how it comes about, and what is said of it. */
    const troubles: [name: string, begin: (agent: GreenAgent) => void, said: RegExp][] = [
      ["lies: below zero", ({ intensity }) => (intensity.curve = () => -5), /-5 gCO2e\/kWh, which cannot be/],
      ["lies: no number", ({ intensity }) => (intensity.curve = () => NaN), /NaN gCO2e\/kWh, which cannot be/],
      ["lies: past all fuels", ({ intensity }) => (intensity.curve = () => 1e6), /1000000 gCO2e\/kWh/],
      ["lied before", ({ intensity }) => (intensity.changes = { errorShare: 0.9 }), /wrong by 90 % of the mean/],
      ["stopped", ({ intensity }) => (intensity.changes = { stale: true }), /it is stale, of/],
      ["says nothing", ({ intensity }) => (intensity.changes = { points: [] }), /covers 0 of the next \d+ steps/],
      ["fails", ({ intensity }) => (intensity.fault = new Error("it is broken")), /no forecast of DE: it is broken/],
    ];
    for (const [name, begin, said] of troubles) {
      it(`holds a job for a little and then lets it run where the feed ${name}`, async () => {
        begin(agent);
        agent.cluster.job("report", NIGHTLY);
        await agent.round();
        assert.deepEqual(agent.cluster.resumed, []);
        const waiting = await job("report");
        assert.equal(waiting.unplannableSince, new Date(NOW).toISOString());
        assert.match((await decision(waiting.decisionId))["reason"] as string, said);
        await agent.roundsUntil(NOW + 15 * MINUTE, MINUTE);
        assert.equal(agent.cluster.resumed.length, 1);
        const { decisionId } = await job("report");
        const released = await decision(decisionId);
        assert.deepEqual([released["kind"], released["trigger"]], ["release", "unplannable"]);
        assert.match(JSON.stringify(released["intensity"]), said);
      });

      it(`plans as before when a feed that ${name} is well again`, async () => {
        const { curve } = agent.intensity;
        begin(agent);
        agent.cluster.job("report", NIGHTLY);
        await agent.round();
        Object.assign(agent.intensity, { curve, changes: {}, fault: undefined });
        agent.clock.skip(MINUTE);
        await agent.round();
        const { plan, unplannableSince } = await job("report");
        assert.deepEqual([plan?.outcome, unplannableSince], ["shifted", null]);
      });
    }

    it("keeps the plan of the last forecast that was trusted, and its deadline", async () => {
      agent.cluster.job("report", NIGHTLY);
      await agent.round();
      agent.intensity.fault = new Error("it stopped");
      await agent.roundsUntil(EVENING);
      assert.equal(agent.releasedAt("report"), EVENING);
    });

    it("does not follow a forecast that jumps until the feed stands by it", async () => {
      agent.cluster.job("report", NIGHTLY);
      await agent.round();
      agent.intensity.curve = (at) => (new Date(at).getUTCHours() === 14 ? 10 : 1500);
      agent.intensity.changes = { generatedAt: NOW + 1 };
      agent.clock.skip(MINUTE);
      await agent.round();
      const told = await job("report");
      assert.equal(told.plan?.slots[0]?.from, new Date(EVENING).toISOString());
      const rows = await database.query<{ decision: { reason: string } }>(
        "SELECT decision FROM gs_decisions ORDER BY id",
      );
      assert.match(rows.at(-1)!.decision.reason, /jumped by \d+ %/);
      await agent.roundsUntil(NOW + 20 * MINUTE, MINUTE);
      assert.equal((await job("report")).plan?.slots[0]?.from, new Date(NOW + 2 * HOUR).toISOString());
    });

    it("does not wait for an answer beyond its time limit", async () => {
      agent.intensity.gate = new Promise(() => undefined);
      agent.cluster.job("urgent", { ...NIGHTLY, deadline: "+3600" });
      agent.cluster.job("report", NIGHTLY);
      let done = false;
      const round = agent.round().then(() => (done = true));
      await agent.until(() => agent.intensity.asked > 0);
      assert.equal(done, false);
      await agent.clock.advance(30_000);
      await round;
      assert.deepEqual(
        agent.cluster.resumed.map(([name]) => name),
        ["urgent"],
      );
      assert.match(
        (await decision((await job("report")).decisionId))["reason"] as string,
        /did not answer within 30000 ms/,
      );
    });
  });

  it("delays a job by nothing but the table that comes with the package", async () => {
    await agent.stop();
    agent = new GreenAgent(database);
    agent.clock.skip(8 * HOUR); // the sun has set in Spain
    const config = loadConfiguration(
      { environment: {}, file: {} },
      Type.Object(INTENSITY_KEYS),
    ) as IntensityConfiguration;
    await agent.begin({}, openIntensity(config, { clock: agent.clock }));
    agent.cluster.job("demo", { deadline: "+86400", duration: "600", watts: "20" });
    await agent.round();
    const { plan, decisionId } = await job("demo");
    assert.equal(plan?.outcome, "shifted", String((await decision(decisionId))["reason"]));
    const [grounds] = (await decision(decisionId))["intensity"] as Record<string, unknown>[];
    assert.deepEqual([grounds?.["trusted"], grounds?.["by"], grounds?.["signal"]], [true, "profile", "average"]);
    assert.match(String(grounds?.["source"]), /Electricity Maps/);
    await agent.roundsUntil(Date.parse(plan.slots[0]!.from));
    assert.equal(agent.releasedAt("demo"), Date.parse(plan.slots[0]!.from));
    agent.clock.skip(10 * MINUTE);
    agent.cluster.end("demo");
    await agent.round();
    const { account } = await job("demo");
    assert.ok(account!.gramsCo2e < account!.baselineGramsCo2e);
  });

  it("counts jobs that are over by how they stand to their deadline", async () => {
    for (const name of ["met", "late", "failed", "failed-late", "gone"]) {
      agent.cluster.job(name, { ...NIGHTLY, deadline: name.endsWith("late") ? "+1" : "+7200" });
    }
    await agent.round();
    agent.clock.skip(HOUR);
    agent.cluster.end("met");
    agent.cluster.end("late");
    agent.cluster.end("failed", "failed");
    agent.cluster.end("failed-late", "failed");
    agent.cluster.workloads.delete("gone");
    await agent.round();
    await agent.round();
    const text = await agent.metrics.registry.metrics();
    for (const [outcome, jobs] of Object.entries({ met: 1, missed: 2, failed: 1, deleted: 1 })) {
      assert.match(text, new RegExp(`mno_green_finished_total\\{outcome="${outcome}"\\} ${String(jobs)}\n`));
    }
  });

  it("counts in its metrics what it does", async () => {
    agent.cluster.job("urgent", { ...NIGHTLY, deadline: "+60" });
    agent.cluster.job("report", NIGHTLY);
    await agent.round();
    await agent.round();
    const text = await agent.metrics.registry.metrics();
    assert.match(text, /mno_green_jobs\{state="running"\} 1/);
    assert.match(text, /mno_green_jobs\{state="waiting"\} 1/);
    assert.match(text, /mno_green_releases_total\{grounds="deadline"\} 1/);
    assert.match(text, /mno_green_plans_total\{outcome="shifted"\} 1/);
    assert.match(text, /mno_green_regions_untrusted 0/);
  });
});
