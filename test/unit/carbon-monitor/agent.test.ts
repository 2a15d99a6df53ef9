import assert from "node:assert/strict";
import { MnoError } from "../../../runtime/exports";
import type { EventData } from "../../../runtime/kernel/events/catalogue";
import { toNanoKwh } from "../../../runtime/kernel/energy/exact";
import { validateEvent } from "../../../runtime/kernel/events/codec";
import type { Database } from "../../../runtime/kernel/store/database";
import { openDatabase } from "../../../runtime/kernel/store/open";
import { MIGRATIONS } from "../../../runtime/sustainability/carbon-monitor/migrations";
import type { EnergyRecord } from "../../../runtime/sustainability/carbon-monitor/record";
import { node, NOW, silent, startAgent, type StartedAgent } from "./support";

type MeasuredData = EventData<"mno.sustainability.energy.measured">;

// 100 W idle, 200 W full on ten cores, no memory, no disks, PUE 2: round figures.
const NODES = JSON.stringify([{ node: "*", curveWatts: [100, 200], pue: 2, region: "here" }]);
const PERIOD = "from=2026-03-02T00:00:00Z&to=2026-03-03T00:00:00Z";

describe("carbon monitor: agent", () => {
  let database: Database;
  let agent: StartedAgent;

  before(async function () {
    this.timeout(60_000); // PGlite compiles its WebAssembly first
    database = await openDatabase("pglite:memory", { log: silent });
  });
  after(() => database.close());
  const start = async (environment: Record<string, string> = {}, now = NOW): Promise<void> => {
    agent = await startAgent(database, { MNO_CARBON_NODES: NODES, ...environment }, { now });
    agent.cluster.run("web", 4, 1, { tenant: "acme" });
    agent.cluster.run("db", 1, 3);
    await agent.lead();
  };
  afterEach(async () => {
    await agent.stop();
    await database.query("TRUNCATE outbox, cm_records CASCADE");
    await database.query("TRUNCATE cm_measurements, cm_budget_use, cm_sides");
  });
  const records = async (): Promise<EnergyRecord[]> =>
    ((await agent.call("GET", `/v1/records?${PERIOD}`)).body as { items: EnergyRecord[] }).items;

  it("records each node each minute, with its event, and explains the record", async () => {
    await start();
    await agent.pass(120);
    const [first, second, ...more] = await records();
    assert.equal(more.length, 0);
    assert.deepEqual(
      [first!.from, first!.to, second!.from, second!.to].map((time) => time.slice(11, 19)),
      ["12:00:00", "12:01:00", "12:01:00", "12:02:00"],
    );
    // Half busy: 150 W, twice that with PUE, for a minute.
    assert.equal(first!.energyKwh, 0.005);
    assert.equal(first!.idleKwh, 0.003333333);
    assert.equal(first!.gramsCo2e, 2);
    assert.equal(first!.method, "specpower");
    assert.equal(first!.intensity.source, "test table, 2026");
    assert.equal(first!.factors.utilisation, 0.5);
    assert.equal(first!.factors.processorWatts, 150);
    assert.match(first!.factors.raplFault!, /on the node alone/);
    const parts = Object.fromEntries(first!.parts.map((part) => [part.workload ?? part.kind, part]));
    // Web: 4 of 5 of what is beyond idle, 1 of 4 of what is idle.
    assert.equal(parts.web!.energyKwh, 0.002166667);
    assert.equal(parts.web!.tenant, "acme");
    assert.equal(parts.db!.energyKwh, 0.002833333);
    assert.deepEqual(Object.keys(parts), ["web", "db"]);

    const events = await agent.events("mno.sustainability.energy.measured");
    assert.equal(events.length, 2);
    const { data, subject, id } = validateEvent(events[0]!);
    assert.deepEqual([subject, id], ["n1", `${first!.id}.measured`]);
    assert.deepEqual(
      (data as MeasuredData).parts,
      first!.parts.map(({ namespace: _, pod: __, ...part }) => part),
    );
    assert.deepEqual((await agent.call("GET", `/v1/records/${first!.id}`)).body, first);
    const missing = await agent.call("GET", "/v1/records/erg_none");
    assert.deepEqual([missing.status, (missing.body as { code: string }).code], [404, "MNO_ENERGY_RECORD_NOT_FOUND"]);
  });

  it("reads records that were written before they said whose pods they are", async () => {
    await start();
    await agent.pass(120);
    const [first, second] = await records();
    const { systemRule: _, ...whole } = first!;
    const { assumedLoadSeconds: __, loadFault: ___, unmeasuredPods: ____, ...factors } = whole.factors;
    const parts = whole.parts.map(({ namespace: _____, pod: ______, ...part }) => part);
    const old = JSON.stringify({ ...whole, factors, parts });
    await database.query("UPDATE cm_records SET record = $1::jsonb WHERE id = $2", [old, first!.id]);
    assert.equal((await agent.call("GET", `/v1/records/${first!.id}`)).status, 500);
    await database.query("DELETE FROM mno_migrations WHERE name = '0003-old-records'");
    await database.migrate("carbon-monitor", MIGRATIONS);
    const loadFault = "not noted when this was recorded";
    const nobodys = first!.parts.map((part) => ({ ...part, namespace: null, pod: null }));
    assert.deepEqual(await records(), [
      { ...first!, factors: { ...first!.factors, loadFault }, parts: nobodys },
      second,
    ]);
  });

  it("sums a period by workload, tenant and node, and the sums are the records'", async () => {
    await start();
    await agent.pass(180);
    const sums = async (by: string, more = "") => {
      const { body } = await agent.call("GET", `/v1/energy?by=${by}&${PERIOD}${more}`);
      return body as {
        groups: { key: string | null; energyKwh: number }[];
        totals: { energyKwh: number }[];
        basis: object[];
      };
    };
    const byWorkload = await sums("workload");
    assert.deepEqual(
      byWorkload.groups.map(({ key, energyKwh }) => [key, energyKwh]),
      [
        ["db", 0.008499999],
        ["web", 0.006500001],
      ],
    );
    assert.equal(byWorkload.totals[0]!.energyKwh, 0.015);
    assert.equal(byWorkload.basis.length, 1);
    assert.deepEqual(
      (await sums("tenant", "&workload=web")).groups.map(({ key }) => key),
      ["acme"],
    );
    assert.deepEqual(
      (await sums("node")).groups.map(({ key, energyKwh }) => [key, energyKwh]),
      [["n1", 0.015]],
    );
    const empty = await agent.call("GET", "/v1/energy?from=2026-03-02T00:00:00Z&to=2026-03-02T00:00:00Z");
    assert.equal(empty.status, 422);
  });

  it("gives the carbon intensity of software, and never of two signals at once", async () => {
    await start();
    await agent.pass(60);
    const sci = () => agent.call("GET", `/v1/sci?per=request&count=1000&workload=web&${PERIOD}`);
    const { body, status } = await sci();
    assert.equal(status, 200);
    const score = body as Record<string, number>;
    assert.ok(Math.abs(score.sci! - (score.operationalGrams! + score.embodiedGrams!) / 1000) < 1e-12);
    assert.equal(score.operationalGrams, 0.866667);
    assert.ok(score.embodiedGrams! > 0);
    agent.intensity.signal = "marginal";
    await agent.pass(60);
    const mixed = await sci();
    assert.deepEqual([mixed.status, (mixed.body as { code: string }).code], [409, "MNO_CARBON_SIGNALS_MIXED"]);
    const nothing = await agent.call("GET", `/v1/sci?per=job&count=1&workload=none&${PERIOD}`);
    assert.deepEqual([nothing.status, (nothing.body as { code: string }).code], [422, "MNO_SCI_INVALID"]);
  });

  it("loses nothing while there is no intensity, and takes that of the time when there is one", async () => {
    await start();
    agent.intensity.points = [{ from: NOW, to: NOW + 3_600_000, gramsPerKwh: 100, estimated: true }];
    agent.intensity.fault = new MnoError("MNO_INTERNAL", "no feed");
    await agent.pass(120);
    assert.deepEqual(await records(), []);
    agent.intensity.fault = undefined;
    await agent.pass(60);
    const seen = await records();
    assert.deepEqual(
      seen.map((record) => [record.from.slice(11, 19), record.to.slice(11, 19)]),
      [
        ["12:00:00", "12:02:10"],
        ["12:02:10", "12:03:00"],
      ],
    );
    assert.deepEqual(
      seen.map(({ intensity }) => [intensity.gramsPerKwh, intensity.estimated]),
      [
        [100, true],
        [400, false],
      ],
    );
    assert.equal(
      seen.reduce((sum, record) => sum + toNanoKwh(record.energyKwh), 0n),
      15_000_000n,
    );
  });

  it("records what a node used that went away, and what was open at the end", async () => {
    await start();
    agent.cluster.clusterNodes.push(node("n2"));
    await agent.pass(30);
    agent.cluster.clusterNodes.pop();
    await agent.pass(10);
    assert.deepEqual(
      (await records()).map((record) => [record.node, record.energyKwh]),
      [["n2", 0.001111111]],
    );
    await agent.stop();
    const rows = await database.query<{ node: string }>("SELECT node FROM cm_records ORDER BY node");
    assert.deepEqual(
      rows.map((row) => row.node),
      ["n1", "n2"],
    );
  });

  it("reports each line of a budget once a period, also over a restart", async () => {
    const budgets = [
      { name: "all", limitGramsCo2e: 8, period: "day", percents: [50, 100] },
      { name: "acme web", limitGramsCo2e: 1, period: "day", tenant: "acme", percents: [100] },
    ];
    const environment = { MNO_CARBON_BUDGETS: JSON.stringify(budgets) };
    const crossed = async () =>
      (await agent.events("mno.sustainability.budget.crossed")).map((event) => {
        const { budget, percent, usedGramsCo2e } = validateEvent(event)
          .data as EventData<"mno.sustainability.budget.crossed">;
        return [budget, percent, usedGramsCo2e];
      });
    await start(environment);
    await agent.pass(60);
    assert.deepEqual(await crossed(), []);
    await agent.pass(60);
    assert.deepEqual(await crossed(), [
      ["all", 50, 4],
      ["acme web", 100, 1.733334],
    ]);
    await agent.stop();
    await start(environment, NOW + 180_000);
    await agent.pass(180);
    assert.deepEqual(
      (await crossed()).slice(2).map(([budget, percent]) => [budget, percent]),
      [["all", 100]],
    );
  });

  it("reports an intensity that crosses a line, and no wobble around it", async () => {
    await start({ MNO_CARBON_INTENSITY_LINES: JSON.stringify([{ gramsPerKwh: 300 }]) });
    for (const grams of [400, 290, 305, 280, 290, 299, 301]) {
      agent.intensity.gramsPerKwh = grams;
      await agent.pass(60);
    }
    const events = await agent.events("mno.sustainability.intensity.crossed");
    assert.deepEqual(
      events.map((event) => {
        const data = validateEvent(event).data as EventData<"mno.sustainability.intensity.crossed">;
        return [data.direction, data.intensity.gramsPerKwh];
      }),
      [
        ["below", 280],
        ["above", 301],
      ],
    );
  });

  it("calibrates a node's model to measurements that it is given", async () => {
    await start();
    const add = (utilisation: number, watts: number) =>
      agent.call("POST", "/v1/nodes/n1/measurements", { utilisation, watts, of: "processors", source: "wattmeter" });
    for (const [utilisation, watts] of [
      [0, 50],
      [0.3, 90],
      [0.6, 120],
      [1, 130],
    ] as const) {
      assert.equal((await add(utilisation, watts)).status, 201);
    }
    const { body } = await agent.call("GET", "/v1/nodes/n1/power-model");
    const model = body as { name: string; watts: number[]; uncertaintyPercent: number };
    assert.equal(model.name, "calibrated");
    assert.deepEqual([model.watts[0], model.watts[3], model.watts[10]], [50, 90, 130]);
    await agent.pass(60);
    const [record] = await records();
    assert.equal(record!.method, "calibrated");
    assert.equal(record!.uncertaintyPercent, model.uncertaintyPercent);
    assert.ok(Math.abs(record!.factors.processorWatts - 110) < 1e-9);
    const unknown = await agent.call("GET", "/v1/nodes/n9/power-model");
    assert.equal(unknown.status, 404);
    const tooLow = { utilisation: 0.5, watts: 1e-9, source: "wattmeter" };
    assert.equal((await agent.call("POST", "/v1/nodes/n1/measurements", { ...tooLow, watts: -1 })).status, 422);
  });

  it("forgets what is older than it is to keep", async () => {
    await start({ MNO_CARBON_RETENTION_DAYS: "1" });
    await agent.pass(120);
    await agent.clock.advance(86_400_000 - 60_000);
    await agent.prune();
    assert.equal((await records()).length, 1);
  });

  it("shows metrics of what was recorded", async () => {
    await start();
    await agent.pass(60);
    const text = await agent.metrics.registry.metrics();
    assert.match(text, /mno_carbon_node_energy_kwh_total\{node="n1",method="specpower"\} 0.005/);
    assert.match(text, /mno_carbon_node_power_watts\{node="n1"\} 300/);
    assert.match(text, /mno_carbon_intensity_grams_per_kwh\{region="here",signal="average"\} 400/);
    assert.match(text, /mno_carbon_workload_energy_kwh_total\{workload="web"\} 0.002166667/);
  });

  it("keeps the number of series bounded, however many workloads there are", async () => {
    await start();
    for (let i = 0; i < 1010; i += 1) agent.cluster.run(`job-${String(i)}`, 0, 0.001);
    await agent.pass(60);
    const text = await agent.metrics.registry.metrics();
    const series = text.split("\n").filter((line) => line.startsWith("mno_carbon_workload_energy_kwh_total{"));
    assert.equal(series.length, 1001);
    const total = series.reduce((sum, line) => sum + Number(line.split(" ")[1]), 0);
    assert.ok(Math.abs(total - 0.005) < 1e-9, "nothing is left out");
  });

  it("sums by namespace and pod", async () => {
    await start();
    agent.cluster.run("other/dns", 1, 0, { namespace: "other", name: "dns-1" });
    await agent.pass(60);
    const keys = async (query: string) => {
      const { body } = await agent.call("GET", `/v1/energy?${query}&${PERIOD}`);
      return (body as { groups: { key: string | null }[] }).groups.map(({ key }) => key).sort();
    };
    assert.deepEqual(await keys("by=namespace"), ["other", "own"]);
    assert.deepEqual(await keys("by=pod&namespace=own"), ["db-0", "web-0"]);
    assert.deepEqual(await keys("by=workload&pod=dns-1"), ["other/dns"]);
  });

  it("measures the real processes of this machine", async function () {
    if (process.platform !== "linux") this.skip();
    await start();
    const { cluster } = agent;
    // The group of this process stands for a replica's.
    cluster.local("self", Number((await import("node:fs")).readFileSync("/proc/self/stat", "latin1").split(" ")[4]));
    await agent.pass(10);
    const end = process.cpuUsage().user + 300_000;
    while (process.cpuUsage().user < end);
    await agent.pass(50);
    const [record] = await records();
    const self = record!.parts.find((part) => part.workload === "self")!;
    assert.ok(self.energyKwh > self.idleKwh, "it used CPU time, so it has more than its idle share");
    assert.ok(
      record!.parts.some((part) => part.kind === "system"),
      "the rest of the machine is there",
    );
    const { body } = await agent.call("GET", "/v1/processes?limit=5000");
    const { record: id, processes } = body as { record: string; processes: { pid: number; workload: string | null }[] };
    assert.equal(id, record!.id);
    assert.equal(processes.find(({ pid }) => pid === process.pid)?.workload, "self");
    assert.equal(((await agent.call("GET", "/v1/processes?limit=1")).body as { processes: [] }).processes.length, 1);
  });

  it("has no processes to show where it can see none", async () => {
    await start();
    await agent.pass(60);
    assert.equal((await agent.call("GET", "/v1/processes")).status, 404);
  });

  it("is refused two budgets of one name", async () => {
    const twice = JSON.stringify([1, 2].map((limitGramsCo2e) => ({ name: "all", limitGramsCo2e })));
    await assert.rejects(start({ MNO_CARBON_BUDGETS: twice }), { code: "MNO_CONFIG_INVALID" });
    await start();
    assert.equal(agent.clock.now(), NOW);
  });
});
