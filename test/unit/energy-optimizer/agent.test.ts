import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock } from "../../../runtime/kernel/clock";
import { KUBERNETES_ANNOTATIONS } from "../../../runtime/exports";
import type { EventData } from "../../../runtime/kernel/events/catalogue";
import type { Database } from "../../../runtime/kernel/store/database";
import { openDatabase } from "../../../runtime/kernel/store/open";
import { energyOptimizer } from "../../../runtime/sustainability/energy-optimizer/agent";
import type { Plan } from "../../../runtime/sustainability/energy-optimizer/plan";
import { HOUR, WEEK } from "../../../runtime/sustainability/energy-optimizer/usage";
import { hourOfWeek } from "../../../runtime/sustainability/energy-optimizer/weekly";
import { FakeCluster, silent, TestAgent } from "../auto-scaling-engine/fakes";
import { GIB, INTENSITY, MONDAY } from "./fixtures";

/** Can be set without waking who sleeps. */
class SetClock extends ManualClock {
  at = MONDAY;
  override now(): number {
    return this.at;
  }
}

class EnergyAgent extends TestAgent {
  override readonly clock = new SetClock();
  override readonly cluster = new FakeCluster();
}

const TABLES = ["outbox", "eo_usage", "eo_windows", "eo_energy", "eo_nodes", "eo_advice", "eo_plans"];
const awakeAt = (time: number): boolean =>
  hourOfWeek(time) < 120 && hourOfWeek(time) % 24 >= 8 && hourOfWeek(time) % 24 < 18;
const at = (time: number): string => new Date(time).toISOString();

describe("energy optimizer: agent", () => {
  let database: Database;
  let agent: EnergyAgent;
  let folder: string;

  before(async function () {
    this.timeout(60_000); // PGlite compiles its WebAssembly first
    database = await openDatabase("pglite:memory", { log: silent });
    folder = await mkdtemp(join(tmpdir(), "mno-energy-"));
  });
  after(async () => {
    await database.close();
    await rm(folder, { recursive: true });
  });
  afterEach(async () => {
    await agent.stop();
    for (const table of TABLES) await database.query(`TRUNCATE ${table}`);
  });

  async function start(environment: Record<string, string> = {}, nodes = ["node-1"]): Promise<void> {
    agent = new EnergyAgent(database);
    agent.cluster.clusterNodes = nodes.map((name) => ({
      name,
      ready: true,
      zone: "a",
      labels: {},
      capacity: { cpuCores: 8, memoryBytes: 32 * GIB },
      allocatable: { cpuCores: 8, memoryBytes: 32 * GIB },
    }));
    await agent.start(energyOptimizer, { MNO_EO_POWERCAP_PATH: join(folder, "none"), ...environment });
  }

  /** Workload `web`, one replica on node-1, that did something in office hours for four weeks. */
  async function fourWeeks(): Promise<void> {
    agent.cluster.add("web", 1, {}, () => ({ node: "node-1", usage: { cpuCores: 0.004, memoryBytes: GIB } }));
    const usage = [];
    const energy = [];
    for (let hour = MONDAY - 4 * WEEK; hour < MONDAY; hour += HOUR) {
      const cores = awakeAt(hour) ? 0.8 : 0.005;
      usage.push({ hour, cores });
      for (const [kind, name, kwh, idle] of [
        ["workload", "web", awakeAt(hour) ? 0.03 : 0.012, 0.01],
        ["node", "node-1", 0.05, 0.03],
      ] as const) {
        energy.push({ kind, name, hour, kwh, idle });
      }
    }
    await database.query(
      `INSERT INTO eo_usage SELECT 'web', hour, 60, 60 * cores, cores
       FROM jsonb_to_recordset($1::jsonb) AS r(hour bigint, cores double precision)`,
      [JSON.stringify(usage)],
    );
    await database.query(
      `INSERT INTO eo_energy SELECT kind, name, hour, 3600, kwh, idle FROM jsonb_to_recordset($1::jsonb)
         AS r(kind text, name text, hour bigint, kwh double precision, idle double precision)`,
      [JSON.stringify(energy)],
    );
    await measure("node-1", MONDAY - HOUR / 60, MONDAY, 0.05 / 60);
  }

  async function measure(node: string, from: number, to: number, energyKwh: number, webKwh = 0): Promise<void> {
    const part = { tenant: null, gramsCo2e: 0, embodiedGramsCo2e: 0 };
    const data: EventData<"mno.sustainability.energy.measured"> = {
      node,
      region: "DE",
      from: at(from),
      to: at(to),
      method: "rapl",
      uncertaintyPercent: 5,
      intensity: { ...INTENSITY },
      idleRule: "by requests",
      energyKwh,
      gramsCo2e: energyKwh * 400,
      parts: [
        { ...part, kind: "workload", workload: "web", energyKwh: webKwh, idleKwh: 0 },
        { ...part, kind: "idle", workload: null, energyKwh: energyKwh - webKwh, idleKwh: energyKwh - webKwh },
      ],
    };
    await agent.bus.deliver("mno.sustainability.energy.measured", `${node}-${from}`, data);
  }

  const plans = async (query = ""): Promise<Plan[]> =>
    ((await agent.call("GET", `/v1/plans${query}`)).body as { items: Plan[] }).items;
  const post = async (id: string, verb: string, body?: object) => agent.call("POST", `/v1/plans/${id}/${verb}`, body);
  const code = ({ body }: { body: unknown }): string => (body as { code: string }).code;
  async function events(type: string): Promise<{ subject: string; data: Record<string, unknown> }[]> {
    const rows = await database.query<{ event: (typeof agent.bus.published)[0] }>(
      "SELECT event FROM outbox ORDER BY id",
    );
    const all = [...agent.bus.published, ...rows.map(({ event }) => event)].filter((event) => event.type === type);
    return all;
  }

  it("proposes sleep once, says why, and by default only a dry run comes of it", async () => {
    await start();
    await fourWeeks();
    await agent.loop("plan");
    await agent.loop("plan");
    const [plan, ...more] = await plans();
    assert.ok(plan);
    assert.equal(more.length, 0, "once");
    assert.equal(plan.kind, "sleep");
    // 113 hours of the week asleep, 0.002 kWh above idle in each.
    assert.ok(Math.abs(plan.expected.kwh.value - 0.002 * 720 * (113 / 168)) < 1e-9, String(plan.expected.kwh.value));
    assert.ok(Math.abs(plan.expected.gramsCo2e.value - 400 * plan.expected.kwh.value) < 1e-9);
    assert.deepEqual((await agent.call("GET", `/v1/decisions/${plan.id}`)).body, plan);
    const [event] = await events("mno.sustainability.plan.proposed");
    assert.equal(event?.subject, plan.id);
    assert.deepEqual(event.data["workloads"], ["web"]);
    const approved = (await post(plan.id, "approve")).body as Plan;
    assert.equal(approved.state, "approved");
    assert.match(approved.note, /dry run .* scale to 0/);
    agent.clock.at = MONDAY + HOUR;
    await agent.loop("enforce");
    assert.deepEqual(agent.cluster.scaled, []);
    assert.equal(code(await post(plan.id, "approve")), "MNO_ENERGY_PLAN_CONFLICT");
    assert.equal(code(await post(plan.id, "done")), "MNO_ENERGY_PLAN_CONFLICT");
    assert.equal(code(await post("pln_00000000000000000000000000", "approve")), "MNO_ENERGY_PLAN_NOT_FOUND");
  });

  it("puts to sleep and wakes by schedule, on request, and when somebody else does", async () => {
    await start({ MNO_EO_MODE: "apply" });
    await fourWeeks();
    await agent.loop("plan");
    const [plan] = (await plans()) as [Plan];
    assert.equal(((await post(plan.id, "approve")).body as Plan).state, "applied");
    const scaled = async (time: number) => {
      agent.clock.at = time;
      await agent.loop("enforce");
      await agent.loop("enforce");
      return agent.cluster.scaled.splice(0);
    };
    assert.deepEqual(await scaled(MONDAY + HOUR), [["web", 0]]);
    assert.deepEqual(await scaled(MONDAY + 9 * HOUR), [["web", 1]]);
    assert.deepEqual(await scaled(MONDAY + 19 * HOUR), [["web", 0]]);
    assert.equal((await agent.call("POST", "/v1/workloads/web/wake")).status, 200);
    assert.deepEqual(await scaled(MONDAY + 20 * HOUR), [["web", 1]], "woken, and left alone");
    assert.deepEqual(await scaled(MONDAY + 33 * HOUR), []);
    assert.deepEqual(await scaled(MONDAY + 43 * HOUR), [["web", 0]], "the next night it sleeps again");
    await agent.cluster.scale("web", 2);
    assert.deepEqual(await scaled(MONDAY + 44 * HOUR), [["web", 2]], "by somebody else, who is not overruled");
    assert.deepEqual(await scaled(MONDAY + 57 * HOUR), []);
    assert.deepEqual(await scaled(MONDAY + 67 * HOUR), [["web", 0]]);
    assert.equal(((await post(plan.id, "undo")).body as Plan).state, "undone");
    assert.deepEqual(agent.cluster.scaled, [["web", 2]]);
    assert.equal(code(await agent.call("POST", "/v1/workloads/web/wake")), "MNO_ENERGY_PLAN_NOT_FOUND");
  });

  it("never scales what an autoscaler owns, and says what its scaler is to be told", async () => {
    await start({ MNO_EO_MODE: "apply" });
    await fourWeeks();
    agent.cluster.workloads.get("web")!.spec.scaledBy = "auto-scaling-engine";
    await agent.loop("plan");
    const [plan] = (await plans()) as [Plan];
    assert.ok(plan.action.do === "steps");
    assert.match(plan.action.steps[0]!, /minReplicas 0/);
    assert.equal(((await post(plan.id, "approve")).body as Plan).state, "approved");
    assert.equal(((await post(plan.id, "done")).body as Plan).state, "applied");
    agent.clock.at = MONDAY + HOUR;
    await agent.loop("enforce");
    assert.deepEqual(agent.cluster.scaled, []);
  });

  it("measures against the expectation: keeps what holds, rolls back what misses, judges nothing that is not measured", async function () {
    this.timeout(30_000);
    const webKwh = 0.03;
    for (const state of ["kept", "rolled-back"] as const) {
      await start({ MNO_EO_MODE: "apply" });
      await fourWeeks();
      await agent.loop("plan");
      const [plan] = (await plans()) as [Plan];
      await post(plan.id, "approve");
      agent.clock.at = MONDAY + WEEK;
      await agent.loop("measure");
      assert.equal((await plans())[0]!.state, "applied", "nothing was measured: no verdict");
      // Twice each, as events may come.
      for (let hour = MONDAY; hour < MONDAY + WEEK; hour += HOUR) {
        const used = awakeAt(hour) ? (state === "kept" ? 0.02 : webKwh) : state === "kept" ? 0 : webKwh;
        await measure("node-1", hour, hour + HOUR, 0.05, used);
        await measure("node-1", hour, hour + HOUR, 0.05, used);
      }
      await agent.loop("measure");
      const [judged] = (await plans()) as [Plan];
      assert.equal(judged.state, state, judged.note);
      const [event] = await events("mno.sustainability.saving.measured");
      assert.equal(event?.subject, plan.id);
      const expected = state === "kept" ? 118 * 0.002 : 50 * 0.02 + 118 * 0.002 - 168 * webKwh;
      assert.ok(Math.abs((event.data["measuredKwh"] as number) - expected) < 1e-9, String(event.data["measuredKwh"]));
      assert.equal(judged.measured!.savedKwh, event.data["measuredKwh"]);
      if (state === "kept") {
        assert.equal(((await post(plan.id, "breach", { reason: "p99 of web" })).body as Plan).state, "rolled-back");
        await agent.stop();
        for (const table of TABLES) await database.query(`TRUNCATE ${table}`);
      } else {
        await agent.loop("plan");
        assert.equal((await plans()).length, 1, "not proposed again so soon");
      }
    }
  });

  it("samples what is used, and knows idle from unknown", async () => {
    await start();
    await fourWeeks();
    agent.cluster.add("new", 1, {}, () => ({ usage: { cpuCores: 0, memoryBytes: GIB } }));
    agent.cluster.add("blind", 1);
    await agent.loop("sample");
    const rows = await database.query("SELECT workload FROM eo_usage WHERE hour_ms = $1 ORDER BY workload", [MONDAY]);
    assert.deepEqual(rows, [{ workload: "new" }, { workload: "web" }]);
    const { items } = (await agent.call("GET", "/v1/idle")).body as { items: { workload: string; state: string }[] };
    assert.deepEqual(
      items.map(({ workload, state }) => `${workload} ${state}`),
      ["web idle", "new unknown", "blind unknown"],
    );
  });

  it("plans to empty nodes, and right-sizing where it lets more be emptied", async () => {
    let posted = "";
    const server = createServer((request, reply) => {
      posted = `${request.method} ${request.url}`;
      reply.end("{}");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    await start({ MNO_EO_MODE: "apply", MNO_EO_RUNTIME_URL: `http://127.0.0.1:${port}` }, [
      "node-1",
      "node-2",
      "node-3",
    ]);
    for (const name of ["node-1", "node-2", "node-3"]) await measure(name, MONDAY - HOUR, MONDAY, 0.05);
    const spread = (index: number) => ({ node: `node-${index + 1}`, usage: { cpuCores: 0.5, memoryBytes: GIB } });
    agent.cluster.add("wide", 2, { requests: { cpuCores: 5, memoryBytes: GIB } }, spread);
    agent.cluster.add("pinned", 1, { kind: "job", requests: { cpuCores: 1, memoryBytes: GIB } }, spread);
    await agent.bus.deliver("mno.scalability.advice.issued", "a", {
      adviceId: "adv_1",
      workload: "wide",
      kind: "right-size",
      from: { cpuCores: 5, memoryBytes: GIB },
      to: { cpuCores: 1, memoryBytes: GIB },
      confidence: 0.8,
      reasons: ["uses 0.5 of 5 cores"],
    });
    await agent.loop("plan");
    const byKind = new Map((await plans()).map((plan) => [plan.kind, plan]));
    const empty = byKind.get("consolidate")!;
    assert.deepEqual(empty.emptied, ["node-3"], "that carries nothing; two times 5 cores do not fit on one of 8");
    // Measured: 50 W each; the table's shape is scaled to that.
    assert.ok(Math.abs(empty.expected.kwh.value - 36) < 0.01, String(empty.expected.kwh.value));
    const size = byKind.get("right-size")!;
    assert.ok(size.expected.kwh.value > 35 && size.expected.kwh.low === 0, String(size.expected.kwh.value));
    assert.equal(((await post(size.id, "approve")).body as Plan).state, "applied");
    assert.equal(posted, "POST /performance-optimizer/v1/advice/adv_1/apply");
    await post(size.id, "undo");
    assert.equal(posted, "POST /performance-optimizer/v1/advice/adv_1/revert");
    assert.equal(((await post(empty.id, "reject")).body as Plan).state, "rejected");
    await new Promise((resolve) => server.close(resolve));
  });

  it("caps power where the file may be written, and writes the old cap back", async () => {
    const zone = join(folder, "caps", "intel-rapl:0");
    await mkdir(zone, { recursive: true });
    const file = join(zone, "constraint_0_power_limit_uw");
    await writeFile(file, "55000000\n");
    await writeFile(join(zone, "name"), "package-0\n");
    await start({ MNO_EO_MODE: "apply", MNO_EO_POWERCAP_PATH: join(folder, "caps") });
    await fourWeeks();
    await database.query("UPDATE eo_energy SET kwh = 0.054 WHERE kind = 'node' AND hour_ms % 72000000 = 0");
    await agent.loop("plan");
    const plan = (await plans()).find(({ kind }) => kind === "power-cap")!;
    assert.ok(plan.action.do === "cap");
    assert.equal(plan.action.toWatts, 50);
    assert.equal(((await post(plan.id, "approve")).body as Plan).state, "applied");
    assert.equal(await readFile(file, "utf8"), "50000000\n");
    await writeFile(file, "40000000\n");
    assert.equal(code(await post(plan.id, "undo")), "MNO_ENERGY_PLAN_CONFLICT", "somebody else has set it");
    await writeFile(file, "50000000\n");
    await post(plan.id, "undo");
    assert.equal(await readFile(file, "utf8"), "55000000\n");
  });

  it("advises on retention of what it is told of, once there is an intensity", async () => {
    await start();
    const logs = {
      name: "logs",
      medium: "ssd",
      copies: 3,
      bytes: 9e13,
      bytesPerDay: 1e12,
      keptDays: 90,
      neededDays: 30,
    };
    const ask = () =>
      agent.call("POST", "/v1/retention", { items: [logs, { ...logs, name: "audit", neededDays: 90 }] });
    assert.equal(code(await ask()), "MNO_ENERGY_NOT_MEASURED");
    await measure("node-1", MONDAY - HOUR, MONDAY, 0.05);
    const { items } = (await ask()).body as { items: Plan[] };
    assert.deepEqual(
      items.map(({ kind, workloads }) => `${kind} ${workloads.join()}`),
      ["retention logs"],
    );
  });

  it("follows declared sleep, and refuses what is no time", async () => {
    const declared = { web: { sleepAt: "0 20 * * *", wakeAt: "0 6 * * *", timeZone: "Europe/Berlin" } };
    await start({ MNO_EO_MODE: "apply", MNO_EO_SLEEP: JSON.stringify(declared) });
    await fourWeeks();
    await agent.loop("plan");
    const [plan] = (await plans()) as [Plan];
    assert.match(plan.reasons.join(), /declared.*Europe\/Berlin/);
    await post(plan.id, "approve");
    agent.clock.at = MONDAY + 4.5 * HOUR;
    await agent.loop("enforce");
    agent.clock.at = MONDAY + 5.5 * HOUR; // 06:30 in Berlin
    await agent.loop("enforce");
    assert.deepEqual(agent.cluster.scaled, [
      ["web", 0],
      ["web", 1],
    ]);
    const wrong = new EnergyAgent(database);
    const environment = { MNO_EO_SLEEP: JSON.stringify({ web: { ...declared.web, wakeAt: "dawn" } }) };
    await assert.rejects(wrong.start(energyOptimizer, environment), { code: "MNO_CONFIG_INVALID" });
    await wrong.stop();
  });

  it("follows sleep declared on the workload, and tells of what it cannot read", async () => {
    await start();
    await fourWeeks();
    const { spec } = agent.cluster.workloads.get("web")!;
    const fault = async () =>
      ((await agent.call("GET", "/v1/idle")).body as { items: { scheduleFault: string | null }[] }).items[0]!
        .scheduleFault;
    spec.annotations = { [KUBERNETES_ANNOTATIONS.sleepSchedule]: "office hours" };
    await agent.loop("plan");
    assert.deepEqual(await plans(), [], "its owner wanted something else than what was learned");
    assert.match((await fault())!, /"office hours" is not of the form/);
    spec.annotations = { [KUBERNETES_ANNOTATIONS.sleepSchedule]: "Mon-Fri 07:00-19:00 Europe/Berlin" };
    await agent.loop("plan");
    const [plan] = (await plans()) as [Plan];
    assert.match(plan.reasons.join(), /declared.*wakes at "0 7 \* \* 1,2,3,4,5", Europe\/Berlin/);
    assert.equal(await fault(), null);
    await post(plan.id, "approve");
    await post(plan.id, "undo");
    await agent.loop("plan");
    assert.equal((await plans("?state=proposed")).length, 0, "the same is not proposed again so soon");
    spec.annotations = { [KUBERNETES_ANNOTATIONS.sleepSchedule]: "Mon-Fri 06:00-20:00 Europe/Berlin" };
    await agent.loop("plan");
    assert.equal((await plans("?state=proposed")).length, 1, "another schedule is");
  });

  it("plans regions apart, and says in which order to wake", async () => {
    await start({}, ["node-1", "node-2", "node-3", "node-4"]);
    for (const name of ["node-1", "node-2", "node-3"]) await measure(name, MONDAY - HOUR, MONDAY, 0.05);
    await measure("node-4", MONDAY - HOUR, MONDAY, 0.05);
    await database.query("UPDATE eo_nodes SET region = 'SE' WHERE node IN ('node-3', 'node-4')");
    agent.cluster.add("wide", 1, { requests: { cpuCores: 5, memoryBytes: GIB } }, () => ({ node: "node-1" }));
    for (let round = 0; round < 3; round++) await agent.loop("plan");
    const open = await plans("?state=proposed");
    assert.deepEqual(
      open.map(({ region, emptied }) => `${region} ${emptied.join()}`).toSorted(),
      ["DE node-2", "SE node-3,node-4"],
      "three rounds, and neither superseded the other",
    );
    const plan = open.find(({ region }) => region === "SE")!;
    assert.match(plan.undo, /where 5 cores, 1\.00 GiB find no room, one at a time in this order: node-3, node-4/);
  });
});
