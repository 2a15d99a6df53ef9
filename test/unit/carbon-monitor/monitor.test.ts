import assert from "node:assert/strict";
import { MnoError } from "../../../runtime/exports";
import { loadConfiguration } from "../../../runtime/kernel/config";
import { fromNanoKwh, toNanoKwh } from "../../../runtime/kernel/energy/exact";
import { createMetrics } from "../../../runtime/kernel/telemetry/metrics";
import { Configuration } from "../../../runtime/sustainability/carbon-monitor/configuration";
import { createInstruments } from "../../../runtime/sustainability/carbon-monitor/instruments";
import type { LocalLook, LocalMachine } from "../../../runtime/sustainability/carbon-monitor/local-machine";
import { Monitor } from "../../../runtime/sustainability/carbon-monitor/monitor";
import type { EnergyRecord } from "../../../runtime/sustainability/carbon-monitor/record";
import type { Recorder } from "../../../runtime/sustainability/carbon-monitor/recorder";
import { Sampler } from "../../../runtime/sustainability/carbon-monitor/sampler";
import type { EnergyStore } from "../../../runtime/sustainability/carbon-monitor/store";
import { FakeCluster, FakeIntensity, node, NOW } from "./support";

const NODES = JSON.stringify([{ node: "*", curveWatts: [100, 200], memoryGib: 0, pue: 1 }]);
const LOOK: LocalLook = { processes: { processes: [], busyTicks: 0 }, rapl: { fault: "none" }, networkBytes: 0 };

/** A monitor whose two clocks, database and grid the test moves. */
function setUp(environment: Record<string, string> = {}) {
  const time = { wall: NOW, steady: 0 };
  const cluster = new FakeCluster();
  const intensity = new FakeIntensity();
  const known = new Set(["here", "ES"]);
  const now = intensity.now.bind(intensity);
  intensity.now = (region) => {
    if (known.has(region)) return now(region);
    throw new MnoError("MNO_INTENSITY_UNKNOWN_REGION", `no feed knows ${region}`);
  };
  const machine: LocalMachine = {
    cores: 10,
    processorName: "",
    memoryBytes: 0,
    look: async () => LOOK,
    between: () => ({
      cpuSecondsByGroup: new Map([[7, 10]]),
      cpuSeconds: 20,
      processes: [
        { id: "7@1", pid: 7, name: "web", group: 7, cpuSeconds: 6 },
        { id: "8@1", pid: 8, name: "child", group: 7, cpuSeconds: 2 },
        { id: "9@1", pid: 9, name: "sshd", group: 9, cpuSeconds: 10 },
      ],
      rapl: { fault: "none" },
      networkBytes: 0,
    }),
  };
  const records: EnergyRecord[] = [];
  const written: EnergyRecord[] = [];
  const warnings: string[] = [];
  /** What becomes of each write, in order; stored when there is nothing here. */
  const fates: ("lost" | "lost-after-commit" | "taken")[] = [];
  const recorder = {
    write: async (record: EnergyRecord) => {
      written.push(record);
      const fate = fates.shift();
      if (fate === "taken") throw Object.assign(new Error("duplicate key"), { code: "23505" });
      if (fate === "lost") throw new Error("the database is away");
      if (!records.some(({ id }) => id === record.id)) records.push(record);
      if (fate === "lost-after-commit") throw new Error("the connection was closed");
    },
  };
  const context = {
    config: loadConfiguration(
      { environment: { MNO_CARBON_NODES: NODES, ...environment }, file: {} },
      Configuration,
    ) as Configuration,
    clock: { now: () => time.wall },
    random: () => Math.random(),
    log: { warn: (_: object, text: string) => void warnings.push(text) },
    cluster,
    intensity,
  };
  const monitor = new Monitor(
    context as never,
    new Sampler(cluster, machine, { now: () => time.steady }),
    machine,
    {
      measurements: async () => ({ points: [], sources: [] }),
      addMeasurement: async () => undefined,
    } as unknown as EnergyStore,
    recorder as unknown as Recorder,
    createInstruments(createMetrics()),
  );
  return {
    time,
    cluster,
    intensity,
    monitor,
    records,
    written,
    fates,
    warnings,
    /** So many looks, 10 s apart. */
    look: async (times: number): Promise<void> => {
      for (let i = 0; i < times; i += 1) {
        await monitor.round();
        time.wall += 10_000;
        time.steady += 10_000;
      }
    },
  };
}

const spans = (records: readonly EnergyRecord[]): string[] =>
  records.map(({ from, to }) => `${from.slice(11, 19)}-${to.slice(11, 19)}`);
const joules = (records: readonly EnergyRecord[]): number =>
  Math.round(fromNanoKwh(records.reduce((sum, { energyKwh }) => sum + toNanoKwh(energyKwh), 0n)) * 3.6e6);

describe("carbon monitor: monitor", () => {
  it("counts what time passed, not what the clock was set to", async () => {
    const { look, time, records } = setUp();
    await look(4);
    time.wall += 3_600_000;
    await look(4);
    time.wall -= 7_200_000;
    await look(8);
    assert.deepEqual(spans(records), [
      "12:00:00-12:00:40",
      "13:00:40-13:01:00",
      "13:01:00-13:01:20",
      "11:01:20-11:02:00",
    ]);
    assert.equal(joules(records), 120 * 100, "100 W idle, for two minutes");
  });

  it("keeps what a database that is away could not take, and counts nothing twice", async () => {
    const { look, records, written, fates, warnings } = setUp();
    fates.push("lost", "lost", "lost-after-commit");
    await look(14);
    assert.deepEqual(spans(records), ["12:00:00-12:01:00", "12:01:00-12:02:00"]);
    assert.equal(new Set(written.slice(0, 4).map(({ id }) => id)).size, 1, "one record, tried again");
    assert.equal(warnings.length, 1, "told once a record's time");
    assert.equal(joules(records), 120 * 100);
  });

  it("begins a record a little later where another began at the same moment, before the clock was set back", async () => {
    const { look, records, fates } = setUp();
    fates.push("taken");
    await look(9);
    assert.deepEqual(
      records.map(({ from }) => from),
      ["2026-03-02T12:00:00.001Z"],
    );
  });

  it("takes MNO_CARBON_REGION where no feed knows what a label calls the region, and says so", async () => {
    const labelled = (region: string) => ({ ...node("n1"), labels: { "topology.kubernetes.io/region": region } });
    const { look, cluster, records } = setUp();
    cluster.clusterNodes = [labelled("rack-7")];
    await look(7);
    assert.equal(records[0]!.region, "rack-7");
    assert.match(
      records[0]!.intensity.why,
      /no feed knows the node's region rack-7, so MNO_CARBON_REGION, ES, stands for it/,
    );
    assert.equal(records[0]!.intensity.estimated, true);
    const declared = setUp({ MNO_CARBON_NODES: JSON.stringify([{ node: "*", region: "rack-7" }]) });
    await declared.look(7);
    assert.deepEqual([declared.records.length, declared.warnings.length], [0, 1]);
  });

  it("takes a node whose labels or size changed for another machine", async () => {
    const { look, cluster, records } = setUp({ MNO_CARBON_NODES: "[]" });
    await look(3);
    cluster.clusterNodes = [{ ...node("n1"), labels: { "node.kubernetes.io/instance-type": "c5.large" } }];
    await look(7);
    assert.deepEqual(spans(records), ["12:00:00-12:00:30", "12:00:30-12:01:00"]);
    assert.deepEqual(
      records.map(({ method }) => method),
      ["ccf-linear", "teads-instance"],
    );
  });

  it("assumes a load that nobody tells, shares it by requests, and says so", async () => {
    const { look, cluster, records } = setUp();
    cluster.run("web", undefined, 3);
    cluster.run("db", undefined, 1, { namespace: "other", workload: "other/db" });
    cluster.nodeCores = undefined;
    await look(7);
    const [record] = records;
    assert.equal(record!.method, "specpower+assumed-load");
    assert.deepEqual(
      [record!.factors.assumedLoadSeconds, record!.factors.loadFault],
      [60, "no metrics server answers"],
    );
    assert.equal(joules(records), 150 * 60);
    assert.deepEqual(
      record!.parts.map(({ workload, namespace, pod, energyKwh }) => [
        workload,
        namespace,
        pod,
        Math.round(energyKwh * 3.6e6),
      ]),
      [
        ["web", "own", "web-0", 6750],
        ["other/db", "other", "db-0", 2250],
      ],
    );
  });

  it("gives the system what pods used that nobody has measured yet", async () => {
    const { look, cluster, records } = setUp();
    cluster.run("web", 2, 1);
    cluster.run("new", undefined, 1);
    cluster.nodeCores = 5;
    await look(7);
    const [record] = records;
    assert.equal(record!.factors.unmeasuredPods, 1);
    const active = Object.fromEntries(
      record!.parts.map((part) => [part.workload ?? part.kind, Math.round((part.energyKwh - part.idleKwh) * 3.6e6)]),
    );
    assert.deepEqual(active, { web: 1200, new: 0, system: 1800 });
  });

  it("lets a reading stand for a long time in which nobody looked, and says so", async () => {
    const { look, cluster, time, records } = setUp();
    cluster.nodeCores = 5;
    await look(1);
    time.wall += 590_000;
    time.steady += 590_000;
    await look(1);
    assert.equal(joules(records), 150 * 600);
    assert.equal(records[0]!.factors.assumedLoadSeconds, 600);
    assert.match(records[0]!.factors.loadFault!, /nobody looked for 600 s/);
  });

  it("splits the last record of this machine among its processes", async () => {
    const { look, cluster, monitor, records } = setUp();
    cluster.local("web", 7);
    assert.equal(monitor.processes(), undefined);
    await look(7);
    const { record, processes } = monitor.processes()!;
    assert.equal(record, records[0]!.id);
    const web = records[0]!.parts.find(({ workload }) => workload === "web")!;
    const system = records[0]!.parts.find(({ kind }) => kind === "system")!;
    assert.deepEqual(
      processes.map(({ pid, workload, replica, cpuSeconds }) => [pid, workload, replica, cpuSeconds]),
      [
        [7, "web", "web-0", 36],
        [8, "web", "web-0", 12],
        [9, null, null, 60],
      ],
    );
    const [first, second, third] = processes.map(({ energyKwh }) => toNanoKwh(energyKwh));
    assert.equal(first! + second!, toNanoKwh(web.energyKwh), "to the last digit");
    assert.equal(third, toNanoKwh(system.energyKwh));
  });

  it("adds up 10,000 pods in time that a round has", async () => {
    const { look, cluster, records } = setUp();
    for (let i = 0; i < 10_000; i += 1) cluster.run(`w${String(i)}`, 0.0001, 0.001);
    const start = process.cpuUsage();
    await look(7);
    const { user, system } = process.cpuUsage(start);
    assert.equal(records[0]!.parts.length, 10_000);
    assert.ok(user + system < 5_000_000, `${String((user + system) / 1e6)} s of CPU for seven looks`);
  });
});
