import assert from "node:assert/strict";
import { Type } from "@sinclair/typebox";
import { GREEN_ANNOTATIONS } from "../../../../runtime/exports";
import { loadConfiguration } from "../../../../runtime/kernel/config";
import { INTENSITY_KEYS, type IntensityConfiguration } from "../../../../runtime/kernel/intensity/configuration";
import { openIntensity } from "../../../../runtime/kernel/intensity/open";
import { GreenAgent, greenAgents, HOUR, MINUTE, NOTHING_MISSED, NOW } from "./fakes";

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
  const suite = greenAgents();

  const job = async (name: string): Promise<JobView> =>
    (await suite.agent.call("GET", `/v1/jobs/${name}`)).body as JobView;
  const decision = async (id: string) =>
    (await suite.agent.call("GET", `/v1/decisions/${id}`)).body as Record<string, unknown>;
  /** The same store and cluster, another process. */
  async function restart(): Promise<void> {
    const later = new GreenAgent(suite.database);
    for (const [name, status] of suite.agent.cluster.workloads) later.cluster.workloads.set(name, status);
    later.clock.skip(suite.agent.clock.now() - later.clock.now());
    await suite.agent.stop();
    suite.agent = later;
    await suite.agent.begin();
  }

  describe("a job of the cluster", () => {
    it("waits for the clean hours, runs, and is accounted for against a start at once", async () => {
      suite.agent.cluster.job("report", NIGHTLY, { "machine-native-ops/tenant": "red" });
      await suite.agent.round();
      const planned = await job("report");
      assert.equal(planned.state, "waiting");
      assert.equal(planned.plan?.outcome, "shifted");
      assert.equal(planned.plan.slots[0]?.from, new Date(EVENING).toISOString());
      await suite.agent.roundsUntil(EVENING - MINUTE);
      assert.deepEqual(suite.agent.cluster.resumed, []);
      await suite.agent.roundsUntil(EVENING);
      assert.deepEqual(suite.agent.cluster.resumed, [["report", { [GREEN_ANNOTATIONS.decision]: planned.decisionId }]]);
      await suite.agent.roundsUntil(EVENING + HOUR);
      suite.agent.cluster.end("report");
      await suite.agent.round();
      await suite.agent.round();
      const { state, account } = await job("report");
      assert.equal(state, "succeeded");
      assert.deepEqual([account?.energyKwh, account?.gramsCo2e, account?.baselineGramsCo2e], [1, 100, 400]);
      assert.equal(account?.deadlineMet, true);

      const events = await suite.agent.events();
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
      const savings = (await suite.agent.call("GET", "/v1/savings")).body as { bySignal: Record<string, unknown>[] };
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
      suite.agent.cluster.job("typo", { ...NIGHTLY, interruptible: "yes", watts: "-3" });
      suite.agent.cluster.status("typo").spec.annotations!["machine-native-ops/green.dealine"] = "+1";
      await suite.agent.round();
      const [[name, annotations]] = suite.agent.cluster.resumed as [[string, Record<string, string>]];
      assert.equal(name, "typo");
      for (const said of ["green.dealine", "green.interruptible", "green.watts"]) {
        assert.match(annotations[GREEN_ANNOTATIONS.fault]!, new RegExp(said.replace(".", "\\.")));
      }
      assert.equal((await job("typo")).faults.length, 3);
      assert.equal((await decision(annotations[GREEN_ANNOTATIONS.decision]!))["trigger"], "invalid");
    });

    it("is planned anew when its annotations change, and by a new forecast", async () => {
      suite.agent.cluster.job("report", NIGHTLY);
      await suite.agent.round();
      suite.agent.cluster.status("report").spec.annotations![GREEN_ANNOTATIONS.deadline] = "+18000";
      await suite.agent.round();
      assert.equal((await job("report")).plan?.outcome, "at-once");
      assert.equal(suite.agent.cluster.resumed.length, 1);

      suite.agent.cluster.job("other", NIGHTLY);
      await suite.agent.round();
      const before = await job("other");
      suite.agent.intensity.curve = (at) => (new Date(at).getUTCHours() === 15 ? 50 : 400);
      suite.agent.intensity.changes = { generatedAt: NOW + 1 };
      await suite.agent.round();
      const after = await job("other");
      assert.notEqual(after.decisionId, before.decisionId);
      assert.equal(after.plan?.slots[0]?.from, new Date(NOW + 3 * HOUR).toISOString());
    });

    it("keeps its decision while nothing new comes", async () => {
      suite.agent.cluster.job("report", NIGHTLY);
      await suite.agent.round();
      const first = await job("report");
      await suite.agent.roundsUntil(NOW + HOUR);
      assert.equal((await job("report")).decisionId, first.decisionId);
      assert.equal((await suite.agent.events()).length, 1);
    });

    it("is paused at the end of its slot and resumed at the next one", async () => {
      // Clean from 13 to 14 and from 18 to 19.
      suite.agent.intensity.curve = (at) => ([13, 18].includes(new Date(at).getUTCHours()) ? 50 : 500);
      suite.agent.cluster.job("long", { ...NIGHTLY, duration: "7200", interruptible: "true" });
      await suite.agent.roundsUntil(NOW + HOUR);
      assert.equal(suite.agent.releasedAt("long"), NOW + HOUR);
      await suite.agent.roundsUntil(NOW + 2 * HOUR);
      assert.deepEqual(suite.agent.cluster.suspended, ["long"]);
      await suite.agent.roundsUntil(EVENING - 5 * MINUTE);
      assert.equal((await job("long")).state, "paused");
      await suite.agent.roundsUntil(EVENING);
      assert.equal(suite.agent.releasedAt("long"), EVENING);
      await suite.agent.roundsUntil(EVENING + HOUR);
      suite.agent.cluster.end("long");
      await suite.agent.round();
      const { account } = await job("long");
      const { energyKwh, gramsCo2e, baselineGramsCo2e } = account!;
      assert.ok(energyKwh >= 2 && energyKwh < 2.2, `two hours, and what it takes to notice: ${String(energyKwh)}`);
      // From noon on: an hour of 500 and one of 50.
      assert.ok(gramsCo2e < baselineGramsCo2e / 2, `${String(gramsCo2e)} of ${String(baselineGramsCo2e)}`);
    });

    it("is accounted for as deleted where it goes away", async () => {
      suite.agent.cluster.job("gone", NIGHTLY);
      await suite.agent.round();
      suite.agent.cluster.workloads.delete("gone");
      await suite.agent.round();
      const finished = (await suite.agent.events()).find(({ type }) => type.endsWith("finished"));
      assert.deepEqual([finished?.data["outcome"], finished?.data["energyKwh"]], ["deleted", 0]);
    });

    it("waits with its accounts until the history of intensity is there", async () => {
      suite.agent.cluster.job("report", { ...NIGHTLY, deadline: "+1" });
      await suite.agent.round();
      suite.agent.clock.skip(HOUR);
      suite.agent.cluster.end("report");
      suite.agent.intensity.fault = new Error("the feed is away");
      await assert.rejects(suite.agent.round());
      assert.equal((await job("report")).account, null);
      suite.agent.intensity.fault = undefined;
      await suite.agent.round();
      assert.equal((await job("report")).account?.deadlineMet, false);
    });

    it("learns its run time where it recurs", async () => {
      for (let run = 0; run < 3; run += 1) {
        suite.agent.cluster.job("hourly", { deadline: "+60", duration: "7200", recurringKey: "hourly" });
        await suite.agent.round();
        await suite.agent.round();
        suite.agent.clock.skip(20 * MINUTE);
        suite.agent.cluster.end("hourly");
        await suite.agent.round();
        suite.agent.cluster.workloads.delete("hourly");
        await suite.agent.round();
      }
      suite.agent.cluster.job("hourly", { deadline: "+43200", recurringKey: "hourly" });
      await suite.agent.round();
      const { duration } = await decision((await job("hourly")).decisionId);
      const { meanSeconds } = duration as { meanSeconds: number };
      assert.ok(Math.abs(meanSeconds - 1200) < 60, String(meanSeconds));
    });
  });

  describe("deadlines", () => {
    it("releases at the latest safe start where the clean hours are too late", async () => {
      suite.agent.intensity.curve = (at) => 1000 - (at - NOW) / HOUR; // ever cleaner
      suite.agent.cluster.job("report", { ...NIGHTLY, deadline: "+14400" });
      await suite.agent.roundsUntil(NOW + 4 * HOUR, MINUTE);
      const at = suite.agent.releasedAt("report")!;
      assert.ok(at > NOW && at <= NOW + 3 * HOUR, new Date(at).toISOString());
    });

    it("releases after the suite.agent was down, however late it is", async () => {
      suite.agent.cluster.job("report", NIGHTLY);
      await suite.agent.round();
      await restart();
      suite.agent.clock.skip(24 * HOUR);
      suite.agent.intensity.fault = new Error("the feed is away too");
      await suite.agent.round();
      assert.equal(suite.agent.cluster.resumed.length, 1);
      const { decisionId } = await job("report");
      assert.equal((await decision(decisionId))["trigger"], "deadline");
    });

    it("keeps a running job running over a restart, and its start", async () => {
      suite.agent.cluster.job("report", { ...NIGHTLY, deadline: "+3600" });
      await suite.agent.round();
      await restart();
      suite.agent.clock.skip(HOUR);
      await suite.agent.round();
      assert.deepEqual(suite.agent.cluster.resumed, []);
      suite.agent.cluster.end("report");
      await suite.agent.round();
      assert.equal((await job("report")).account?.energyKwh, 1);
    });

    it("releases a job that was let go just before a crash once only", async () => {
      suite.agent.cluster.job("report", { ...NIGHTLY, deadline: "+60" });
      await suite.agent.round();
      assert.equal(suite.agent.cluster.resumed.length, 1);
      await restart();
      await suite.agent.round();
      assert.deepEqual(suite.agent.cluster.resumed, []);
    });

    it("releases also while the store is away", async () => {
      suite.agent.cluster.job("report", NIGHTLY);
      await suite.agent.round();
      suite.agent.clock.skip(11 * HOUR);
      await suite.database.query("ALTER TABLE gs_jobs RENAME TO gs_away");
      try {
        await assert.rejects(suite.agent.round());
      } finally {
        await suite.database.query("ALTER TABLE gs_away RENAME TO gs_jobs");
      }
      assert.equal(suite.agent.cluster.resumed.length, 1);
    });

    it("tries again where the cluster did not take the release", async () => {
      suite.agent.cluster.job("report", { ...NIGHTLY, deadline: "+60" });
      suite.agent.cluster.fault = new Error("the cluster is away");
      await assert.rejects(suite.agent.round());
      await assert.rejects(suite.agent.round());
      suite.agent.cluster.fault = undefined;
      await suite.agent.round();
      const id = suite.agent.cluster.resumed[0]![1][GREEN_ANNOTATIONS.decision]!;
      assert.equal((await job("report")).decisionId, id);
      const rows = await suite.database.query("SELECT id FROM gs_decisions WHERE decision->>'kind' = 'release'");
      assert.equal(rows.length, 1, "one decision, however often it is tried");
    });

    it("has done nothing where the cluster cannot be listed, and forgets no job", async () => {
      suite.agent.cluster.job("report", NIGHTLY);
      await suite.agent.round();
      suite.agent.cluster.away = new Error("the cluster is away");
      await assert.rejects(suite.agent.round());
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
        begin(suite.agent);
        suite.agent.cluster.job("report", NIGHTLY);
        await suite.agent.round();
        assert.deepEqual(suite.agent.cluster.resumed, []);
        const waiting = await job("report");
        assert.equal(waiting.unplannableSince, new Date(NOW).toISOString());
        assert.match((await decision(waiting.decisionId))["reason"] as string, said);
        await suite.agent.roundsUntil(NOW + 15 * MINUTE, MINUTE);
        assert.equal(suite.agent.cluster.resumed.length, 1);
        const { decisionId } = await job("report");
        const released = await decision(decisionId);
        assert.deepEqual([released["kind"], released["trigger"]], ["release", "unplannable"]);
        assert.match(JSON.stringify(released["intensity"]), said);
      });

      it(`plans as before when a feed that ${name} is well again`, async () => {
        const { curve } = suite.agent.intensity;
        begin(suite.agent);
        suite.agent.cluster.job("report", NIGHTLY);
        await suite.agent.round();
        Object.assign(suite.agent.intensity, { curve, changes: {}, fault: undefined });
        suite.agent.clock.skip(MINUTE);
        await suite.agent.round();
        const { plan, unplannableSince } = await job("report");
        assert.deepEqual([plan?.outcome, unplannableSince], ["shifted", null]);
      });
    }

    it("keeps the plan of the last forecast that was trusted, and its deadline", async () => {
      suite.agent.cluster.job("report", NIGHTLY);
      await suite.agent.round();
      suite.agent.intensity.fault = new Error("it stopped");
      await suite.agent.roundsUntil(EVENING);
      assert.equal(suite.agent.releasedAt("report"), EVENING);
    });

    it("does not follow a forecast that jumps until the feed stands by it", async () => {
      suite.agent.cluster.job("report", NIGHTLY);
      await suite.agent.round();
      suite.agent.intensity.curve = (at) => (new Date(at).getUTCHours() === 14 ? 10 : 1500);
      suite.agent.intensity.changes = { generatedAt: NOW + 1 };
      suite.agent.clock.skip(MINUTE);
      await suite.agent.round();
      const told = await job("report");
      assert.equal(told.plan?.slots[0]?.from, new Date(EVENING).toISOString());
      const rows = await suite.database.query<{ decision: { reason: string } }>(
        "SELECT decision FROM gs_decisions ORDER BY id",
      );
      assert.match(rows.at(-1)!.decision.reason, /jumped by \d+ %/);
      await suite.agent.roundsUntil(NOW + 20 * MINUTE, MINUTE);
      assert.equal((await job("report")).plan?.slots[0]?.from, new Date(NOW + 2 * HOUR).toISOString());
    });

    it("does not wait for an answer beyond its time limit", async () => {
      suite.agent.intensity.gate = new Promise(() => undefined);
      suite.agent.cluster.job("urgent", { ...NIGHTLY, deadline: "+3600" });
      suite.agent.cluster.job("report", NIGHTLY);
      let done = false;
      const round = suite.agent.round().then(() => (done = true));
      await suite.agent.until(() => suite.agent.intensity.asked > 0);
      assert.equal(done, false);
      await suite.agent.clock.advance(30_000);
      await round;
      assert.deepEqual(
        suite.agent.cluster.resumed.map(([name]) => name),
        ["urgent"],
      );
      assert.match(
        (await decision((await job("report")).decisionId))["reason"] as string,
        /did not answer within 30000 ms/,
      );
    });
  });

  it("delays a job by nothing but the table that comes with the package", async () => {
    await suite.agent.stop();
    suite.agent = new GreenAgent(suite.database);
    suite.agent.clock.skip(8 * HOUR); // the sun has set in Spain
    const config = loadConfiguration(
      { environment: {}, file: {} },
      Type.Object(INTENSITY_KEYS),
    ) as IntensityConfiguration;
    await suite.agent.begin({}, openIntensity(config, { clock: suite.agent.clock }));
    suite.agent.cluster.job("demo", { deadline: "+86400", duration: "600", watts: "20" });
    await suite.agent.round();
    const { plan, decisionId } = await job("demo");
    assert.equal(plan?.outcome, "shifted", String((await decision(decisionId))["reason"]));
    const [grounds] = (await decision(decisionId))["intensity"] as Record<string, unknown>[];
    assert.deepEqual([grounds?.["trusted"], grounds?.["by"], grounds?.["signal"]], [true, "profile", "average"]);
    assert.match(String(grounds?.["source"]), /Electricity Maps/);
    await suite.agent.roundsUntil(Date.parse(plan.slots[0]!.from));
    assert.equal(suite.agent.releasedAt("demo"), Date.parse(plan.slots[0]!.from));
    suite.agent.clock.skip(10 * MINUTE);
    suite.agent.cluster.end("demo");
    await suite.agent.round();
    const { account } = await job("demo");
    assert.ok(account!.gramsCo2e < account!.baselineGramsCo2e);
  });

  it("counts jobs that are over by how they stand to their deadline", async () => {
    for (const name of ["met", "late", "failed", "failed-late", "gone"]) {
      suite.agent.cluster.job(name, { ...NIGHTLY, deadline: name.endsWith("late") ? "+1" : "+7200" });
    }
    await suite.agent.round();
    suite.agent.clock.skip(HOUR);
    suite.agent.cluster.end("met");
    suite.agent.cluster.end("late");
    suite.agent.cluster.end("failed", "failed");
    suite.agent.cluster.end("failed-late", "failed");
    suite.agent.cluster.workloads.delete("gone");
    await suite.agent.round();
    await suite.agent.round();
    const text = await suite.agent.metrics.registry.metrics();
    for (const [outcome, jobs] of Object.entries({ met: 1, missed: 2, failed: 1, deleted: 1 })) {
      assert.match(text, new RegExp(`mno_green_finished_total\\{outcome="${outcome}"\\} ${String(jobs)}\n`));
    }
  });

  it("counts in its metrics what it does", async () => {
    suite.agent.cluster.job("urgent", { ...NIGHTLY, deadline: "+60" });
    suite.agent.cluster.job("report", NIGHTLY);
    await suite.agent.round();
    await suite.agent.round();
    const text = await suite.agent.metrics.registry.metrics();
    assert.match(text, /mno_green_jobs\{state="running"\} 1/);
    assert.match(text, /mno_green_jobs\{state="waiting"\} 1/);
    assert.match(text, /mno_green_releases_total\{grounds="deadline"\} 1/);
    assert.match(text, /mno_green_plans_total\{outcome="shifted"\} 1/);
    assert.match(text, /mno_green_regions_untrusted 0/);
  });
});
