import assert from "node:assert/strict";
import { greenAgents, HOUR, MINUTE, NOW } from "./fakes";

interface Job {
  faults: { message: string }[];
  plan: { region: string; slots: { from: string }[] } | null;
  runs: { region: string }[];
  account: { region: string; gramsCo2e: number; baselineGramsCo2e: number } | null;
}

describe("green scheduler: regions of a cluster's nodes", () => {
  const suite = greenAgents();
  beforeEach(() => {
    suite.agent.cluster.regions("DE", "FR");
    suite.agent.intensity.curve = (_, region) => (region === "FR" ? 50 : 400);
  });

  const job = async (name: string): Promise<Job> => (await suite.agent.call("GET", `/v1/jobs/${name}`)).body as Job;
  const HOURLY = { deadline: "+43200", duration: "3600", watts: "1000" };

  it("a job goes to the cleanest of its regions, is kept there, and is held against its first one", async () => {
    suite.agent.cluster.job("report", { ...HOURLY, regions: "DE,FR" });
    await suite.agent.round();
    assert.deepEqual([(await job("report")).plan?.region, suite.agent.cluster.placed], ["FR", [["report", "FR"]]]);
    await suite.agent.round();
    suite.agent.clock.skip(HOUR);
    suite.agent.cluster.end("report");
    await suite.agent.round();
    const { account, runs } = await job("report");
    assert.deepEqual([account?.region, account?.gramsCo2e, account?.baselineGramsCo2e], ["FR", 50, 400]);
    assert.equal(runs[0]?.region, "FR");
  });

  it("a job that names one region is kept there, however clean another is, also when it could not be planned", async () => {
    suite.agent.cluster.job("resident", { ...HOURLY, regions: "DE" });
    await suite.agent.round();
    assert.deepEqual(suite.agent.cluster.placed, [["resident", "DE"]]);
    suite.agent.intensity.fault = new Error("it is broken");
    suite.agent.cluster.job("late", { ...HOURLY, deadline: "+60", regions: "FR" });
    await suite.agent.round();
    assert.deepEqual(suite.agent.cluster.placed.at(-1), ["late", "FR"]);
  });

  it("a job that names none runs where the cluster puts it, and is accounted for there", async () => {
    suite.agent.cluster.regions("FR");
    suite.agent.cluster.job("anywhere", HOURLY);
    await suite.agent.round();
    await suite.agent.round();
    assert.equal(suite.agent.cluster.placed.length, 0);
    assert.equal((await job("anywhere")).runs[0]?.region, "FR");
    suite.agent.clock.skip(HOUR);
    suite.agent.cluster.end("anywhere");
    await suite.agent.round();
    assert.deepEqual((await job("anywhere")).account?.baselineGramsCo2e, 50);
  });

  it("a full region takes no more than it has cores for", async () => {
    for (let i = 0; i < 6; i += 1) suite.agent.cluster.job(`job-${String(i)}`, { ...HOURLY, regions: "DE,FR" });
    await suite.agent.round();
    const all = await Promise.all(Array.from({ length: 6 }, (_, i) => job(`job-${String(i)}`)));
    const inFrance = all.filter(({ plan }) => plan?.region === "FR" && Date.parse(plan.slots[0]!.from) <= NOW);
    assert.equal(inFrance.length, 4);
    assert.ok(
      all.every(({ plan }) => plan?.region === "FR"),
      "the others wait for room there",
    );
  });

  it("a job that was paused goes on where it was", async () => {
    suite.agent.intensity.curve = (at, region) =>
      ([12, 18].includes(new Date(at).getUTCHours()) ? 50 : 500) + (region === "FR" ? 0 : 10);
    suite.agent.cluster.job("long", { ...HOURLY, duration: "7200", interruptible: "true", regions: "DE,FR" });
    await suite.agent.roundsUntil(NOW + HOUR + 5 * MINUTE);
    assert.deepEqual([suite.agent.cluster.suspended, suite.agent.cluster.placed], [["long"], [["long", "FR"]]]);
    suite.agent.intensity.curve = (_, region) => (region === "FR" ? 500 : 10);
    suite.agent.intensity.changes = { generatedAt: NOW + 1 };
    await suite.agent.roundsUntil(NOW + 12 * HOUR);
    assert.deepEqual(suite.agent.cluster.placed, [["long", "FR"]], "its place was given once");
    assert.deepEqual([...new Set((await job("long")).runs.map(({ region }) => region))], ["FR"]);
  });

  it("a region that the cluster does not have is said to be a fault, and the job is not sent where it cannot run", async () => {
    suite.agent.cluster.job("lost", { ...HOURLY, regions: "SE" });
    await suite.agent.round();
    assert.match((await job("lost")).faults[0]!.message, /names no region of this cluster, which has DE, FR/);
    assert.equal(suite.agent.cluster.placed.length, 0);
  });
});
