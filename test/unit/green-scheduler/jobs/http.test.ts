import assert from "node:assert/strict";
import { greenAgents, HOUR, MINUTE, NOTHING_MISSED, NOW } from "./fakes";

const at = (hours: number): string => new Date(NOW + hours * HOUR).toISOString();

interface Planned {
  state: string;
  decisionId: string;
  plan: { region: string; outcome: string; expectedGrams: number; slots: { from: string; to: string }[] };
  account: { region: string; energyKwh: number; gramsCo2e: number; baselineGramsCo2e: number } | null;
}

describe("green scheduler: jobs that callers run", () => {
  const suite = greenAgents();

  const body = (changes: object = {}) => ({
    name: "train",
    deadline: at(12),
    durationSeconds: 3600,
    watts: 1000,
    ...changes,
  });
  const post = (changes: object = {}) => suite.agent.call("POST", "/v1/jobs", body(changes));
  const job = async (name = "train"): Promise<Planned> =>
    (await suite.agent.call("GET", `/v1/jobs/${name}`)).body as Planned;
  const code = ({ body: problem }: { body: unknown }): string => (problem as { code: string }).code;

  it("are planned at once, in time and space, and by one event", async () => {
    suite.agent.intensity.curve = (time, region) =>
      (region === "FR" ? 50 : 400) + (new Date(time).getUTCHours() === 15 ? -20 : 0);
    const { status, body: answer } = await post({ regions: ["DE", "FR"] });
    const { plan, state } = answer as Planned;
    assert.deepEqual([status, state, plan.region, plan.slots[0]?.from], [201, "waiting", "FR", at(3)]);
    assert.equal((await post({ regions: ["DE", "FR"] })).status, 200, "the same again is no other job");
    assert.equal(code(await post({ watts: 5 })), "MNO_GREEN_JOB_CONFLICT");
    const events = await suite.agent.events();
    assert.deepEqual(
      events.map(({ type, data }) => [type, data["region"], data["decisionId"]]),
      [["mno.sustainability.job.planned", "FR", (answer as Planned).decisionId]],
    );
  });

  it("are never released nor taken for gone by the leader, and are planned anew until they begin", async () => {
    await post();
    await suite.agent.round();
    assert.equal((await job()).plan.slots[0]?.from, at(6));
    suite.agent.intensity.curve = (time) => (new Date(time).getUTCHours() === 16 ? 90 : 400);
    suite.agent.intensity.changes = { generatedAt: NOW + 1 };
    await suite.agent.round();
    const moved = await job();
    assert.equal(moved.plan.slots[0]?.from, at(4));
    suite.agent.clock.skip(4 * HOUR);
    suite.agent.intensity.curve = () => 400;
    await suite.agent.round();
    assert.equal((await job()).decisionId, moved.decisionId);
    assert.equal((await job()).state, "waiting");
  });

  it("are accounted for when the caller says when they ran, and learned from", async () => {
    await post({ recurringKey: "training" });
    suite.agent.clock.skip(9 * HOUR);
    const runs = [
      { from: at(6), to: at(6.5) },
      { from: at(7), to: at(7.5) },
    ];
    const end = { outcome: "succeeded", runs };
    assert.equal((await suite.agent.call("POST", "/v1/jobs/train/end", end)).status, 200);
    assert.equal((await suite.agent.call("POST", "/v1/jobs/train/end", end)).status, 200, "it may be repeated");
    await suite.agent.round();
    const { account, state } = await job();
    assert.equal(state, "succeeded");
    assert.deepEqual(
      [account?.region, account?.energyKwh, account?.gramsCo2e, account?.baselineGramsCo2e],
      ["DE", 1, 100, 400],
    );
    const [row] = await suite.database.query<{ seconds: number }>(
      "SELECT seconds FROM gs_run_times WHERE key = 'training'",
    );
    assert.equal(row?.seconds, 3600);
  });

  it("cannot have run in the future, backwards, or before they were posted", async () => {
    await post();
    suite.agent.clock.skip(HOUR);
    for (const [from, to] of [
      [0, 2],
      [1, 0.5],
      [-1, 0.5],
    ] as const) {
      const answer = await suite.agent.call("POST", "/v1/jobs/train/end", {
        outcome: "failed",
        runs: [{ from: at(from), to: at(to) }],
      });
      assert.equal(code(answer), "MNO_GREEN_JOB_INVALID");
    }
  });

  it("can be withdrawn; jobs of the cluster cannot", async () => {
    await post();
    assert.equal((await suite.agent.call("DELETE", "/v1/jobs/train")).status, 204);
    assert.equal((await suite.agent.call("DELETE", "/v1/jobs/train")).status, 204);
    await suite.agent.round();
    assert.equal((await job()).state, "deleted");
    assert.equal((await post()).status, 201, "the name is free again");
    suite.agent.cluster.job("report", { deadline: "+3600" });
    await suite.agent.round();
    assert.equal(code(await suite.agent.call("DELETE", "/v1/jobs/report")), "MNO_GREEN_JOB_CONFLICT");
    assert.equal(code(await suite.agent.call("DELETE", "/v1/jobs/nobody")), "MNO_GREEN_JOB_NOT_FOUND");
  });

  it("are given up a week after their deadline where nobody reports", async () => {
    await post();
    suite.agent.clock.skip(12 * HOUR + 7 * 24 * HOUR);
    await suite.agent.round();
    assert.equal((await job()).state, "deleted");
  });

  it("are refused without an intensity to plan by, and where they contradict themselves", async () => {
    suite.agent.intensity.fault = new Error("it is broken");
    const refused = await post();
    assert.deepEqual([refused.status, code(refused)], [503, "MNO_GREEN_PLAN_UNAVAILABLE"]);
    assert.equal(code(await post({ deadline: at(-1) })), "MNO_GREEN_JOB_INVALID");
    assert.equal(code(await post({ watts: 0 })), "MNO_REQUEST_INVALID");
  });

  it("can be previewed; nothing is kept", async () => {
    const { body: answer } = await suite.agent.call("POST", "/v1/plans", {
      jobs: [body(), body({ name: "other", deadline: at(2) })],
    });
    const { items } = answer as { items: Planned["plan"][] };
    assert.deepEqual(
      items.map(({ outcome }) => outcome),
      ["shifted", "at-once"],
    );
    assert.deepEqual((await suite.agent.call("GET", "/v1/jobs")).body, { items: [] });
  });

  it("show what they would cost at each start, as numbers and as a plot", async () => {
    await post({ name: "a-b" });
    const { body: answer } = await suite.agent.call("GET", "/v1/jobs/a-b/what-if");
    const { starts, slots } = answer as {
      starts: { start: string; expectedGrams: number; safe: boolean }[];
      slots: object[];
    };
    const grams = (start: string) => starts.find((one) => one.start === start)?.expectedGrams;
    assert.ok(Math.abs(grams(at(0))! - 400) < 1e-6 && Math.abs(grams(at(6))! - 100) < 1e-6);
    assert.ok(starts.some(({ safe }) => safe) && starts.some(({ safe }) => !safe));
    assert.equal(slots.length, 1);
    const plot = await suite.agent.raw("/v1/jobs/a-b/what-if?format=svg");
    assert.match(plot.type, /^image\/svg\+xml/);
    assert.match(plot.text, /^<svg .*a-b: gCO2e at each start.*<polyline.*test feed, average, 2026-01-01.*<\/svg>$/s);
    assert.doesNotMatch(plot.text, /NaN|Infinity/);
  });

  it("says in the plot why there is none", async () => {
    await post();
    suite.agent.intensity.fault = new Error("<broken>");
    const { text } = await suite.agent.raw("/v1/jobs/train/what-if?format=svg");
    assert.match(text, /no trusted forecast: there is no forecast of DE: &#60;broken&#62;/);
  });

  it("add up their savings by signal, exactly", async () => {
    for (const name of ["one", "two", "three"]) await post({ name, watts: 0.1 });
    suite.agent.clock.skip(9 * HOUR);
    for (const name of ["one", "two", "three"]) {
      await suite.agent.call("POST", `/v1/jobs/${name}/end`, {
        outcome: "succeeded",
        runs: [{ from: at(6), to: at(7) }],
      });
    }
    await suite.agent.round();
    const { body: answer } = await suite.agent.call("GET", "/v1/savings");
    const { bySignal, items } = answer as { bySignal: Record<string, unknown>[]; items: { source: string }[] };
    assert.deepEqual(bySignal, [
      {
        signal: "average",
        jobs: 3,
        energyKwh: 0.0003,
        gramsCo2e: 0.03,
        baselineGramsCo2e: 0.12,
        savedGramsCo2e: 0.09,
        ...NOTHING_MISSED,
      },
    ]);
    assert.deepEqual(
      items.map(({ source }) => source),
      ["test feed"],
    );
    assert.equal(code(await suite.agent.call("GET", "/v1/decisions/dec_none")), "MNO_DECISION_NOT_FOUND");
  });

  it("forgets what is over after its retention, and keeps what is not", async () => {
    await post({ name: "open", deadline: at(24 * 500) });
    await post();
    await suite.agent.call("DELETE", "/v1/jobs/train");
    await suite.agent.round();
    suite.agent.clock.skip(401 * 24 * HOUR + MINUTE);
    await suite.agent.loop("prune");
    const { items } = (await suite.agent.call("GET", "/v1/jobs")).body as { items: { name: string }[] };
    assert.deepEqual(
      items.map(({ name }) => name),
      ["open"],
    );
    assert.equal((await suite.agent.call("GET", `/v1/decisions/${(await job("open")).decisionId}`)).status, 200);
  });

  it("are described: every route has an id and a summary", () => {
    const routes = Object.values(suite.agent.openapi().paths).flatMap((path) => Object.values(path));
    const ids = routes.map(({ operationId }) => operationId);
    for (const id of ["planJob", "previewPlans", "endJob", "withdrawJob", "whatIf", "getDecision", "getSavings"]) {
      assert.ok(ids.includes(id), id);
    }
    assert.ok(routes.every(({ summary }) => summary !== undefined));
  });
});
