import assert from "node:assert/strict";
import { linearPower } from "../../../runtime/kernel/energy/curve";
import { emptyStretch, extend, type NodeSample, settle } from "../../../runtime/sustainability/carbon-monitor/engine";
import { instanceType } from "../../../runtime/sustainability/carbon-monitor/instance-type";
import { type NodeFacts, profileOf } from "../../../runtime/sustainability/carbon-monitor/node-profile";

const facts: NodeFacts = { name: "n1", labels: {}, cores: 4, memoryBytes: 16 * 1024 ** 3, architecture: "Haswell" };
const NODE = { processors: 1, ssds: 1, hdds: 0, gpus: 0, ssdTb: 0, hddTb: 0 };
const DEFAULTS = { ...NODE, shareOfServer: 1 };
const model = linearPower(100, 200, "test");
const profile = {
  ...profileOf(facts, [], "here"),
  model,
  memoryWatts: 10,
  storageWatts: 5,
  pue: 1.5,
  embodiedGramsPerHour: 36,
};
const claim = (workload: string, cpuSeconds: number, requestedCores = 1) => ({
  workload,
  tenant: null,
  namespace: null,
  pod: workload,
  cpuSeconds,
  requestedCores,
});
const sample = (changes: Partial<NodeSample> = {}): NodeSample => ({
  seconds: 10,
  cpuSeconds: 20,
  claims: [claim("web", 10)],
  rapl: { fault: "none here" },
  networkBytes: 0,
  loadFault: null,
  isLoadAssumed: false,
  unmeasuredPods: 0,
  processes: [],
  ...changes,
});
const RULES = { idle: "requests", system: "own" } as const;
const intensity = {
  signal: "average" as const,
  source: "test",
  asOf: 0,
  method: "test",
  stale: false,
  why: "",
  region: "here",
  point: { from: 0, to: 1, gramsPerKwh: 100, estimated: false },
};

describe("carbon monitor: engine", () => {
  it("adds up the model's power, memory and disks", () => {
    const one = extend(emptyStretch(0), sample(), profile, model);
    assert.deepEqual([one.processorJoules, one.idleProcessorJoules, one.otherJoules], [1500, 1000, 150]);
    const two = extend(one, sample({ cpuSeconds: 40 }), profile, model);
    assert.deepEqual([two.from, two.to, two.seconds, two.processorJoules], [0, 20_000, 20, 3500]);
    assert.equal(two.raplFault, "none here");
  });

  it("takes what RAPL measured, memory too where it has a counter", () => {
    const one = extend(emptyStretch(0), sample({ rapl: { joules: 900, dramJoules: 30 } }), profile, model);
    assert.deepEqual([one.processorJoules, one.idleProcessorJoules, one.otherJoules], [900, 900, 80]);
    assert.equal(settle(one, profile, model, intensity, RULES, 0).method, "rapl");
    const mixed = extend(one, sample(), profile, model);
    assert.equal(settle(mixed, profile, model, intensity, RULES, 0).method, "rapl+linear");
    assert.equal(mixed.raplFault, "none here");
  });

  it("a workload that came or went half-way requests for half", () => {
    const one = extend(emptyStretch(0), sample({ claims: [claim("web", 10, 2)] }), profile, model);
    const two = extend(one, sample({ claims: [claim("db", 10, 2)] }), profile, model);
    assert.deepEqual(
      [...two.claims.values()].map((each) => [each.workload, each.requestedCores]),
      [
        ["db", 1],
        ["web", 1],
      ].reverse(),
    );
  });

  it("a node is as busy as its workloads at least", () => {
    const one = extend(emptyStretch(0), sample({ cpuSeconds: 0, claims: [claim("web", 40)] }), profile, model);
    assert.equal(one.processorJoules, 2000);
  });

  it("says what a load rests on that nobody saw, and is less sure of it", () => {
    const unsure = { ...model, name: "unsure", uncertaintyPercent: 30 };
    const seen = extend(emptyStretch(0), sample(), profile, unsure);
    assert.equal(settle(seen, profile, unsure, intensity, RULES, 0).uncertaintyPercent, 30);
    const fault = { isLoadAssumed: true, loadFault: "nobody tells", unmeasuredPods: 2 };
    const half = extend(seen, sample(fault), profile, unsure);
    assert.deepEqual([half.assumedSeconds, half.loadFault, half.unmeasuredPods], [10, "nobody tells", 2]);
    const { method, uncertaintyPercent } = settle(half, profile, unsure, intensity, RULES, 0);
    assert.equal(method, "unsure+assumed-load");
    // 100 to 200 W, 150 at half: a third of it up or down, for half of the time.
    assert.ok(Math.abs(uncertaintyPercent! - Math.hypot(30, 100 / 6)) < 1e-9);
    assert.equal(settle(extend(half, sample(), profile, unsure), profile, unsure, intensity, RULES, 0).method, method);
    assert.equal(settle(seen, profile, model, intensity, RULES, 0).uncertaintyPercent, null);
  });

  it("settles with PUE on all but traffic, and with the making of the hardware", () => {
    const one = extend(emptyStretch(0), sample(), profile, model);
    const { energy, idle, embodied, parts } = settle(one, profile, model, intensity, RULES, 0.000001);
    assert.equal(energy, BigInt(Math.round((1650 * 1.5 * 1e9) / 3.6e6 + 1000)));
    assert.equal(idle, BigInt(Math.round((1150 * 1.5 * 1e9) / 3.6e6)));
    assert.equal(embodied, 100_000n);
    assert.equal(
      parts.reduce((sum, part) => sum + part.energy, 0n),
      energy,
    );
  });
});

describe("carbon monitor: node profile", () => {
  it("takes the node's own declaration, then that for all, then labels and the machine", () => {
    const labelled = { ...facts, labels: { "topology.kubernetes.io/region": "eu-west-1" } };
    const declared = [
      { node: "*", region: "all", ...DEFAULTS },
      { node: "n1", region: "own", ...DEFAULTS },
    ];
    assert.equal(profileOf(labelled, declared, "default").region, "own");
    assert.equal(profileOf(labelled, declared.slice(0, 1), "default").region, "all");
    assert.equal(profileOf(labelled, [], "default").region, "eu-west-1");
    assert.equal(profileOf(facts, [], "default").region, "default");
  });

  it("takes a declared curve before the TDP before the architecture", () => {
    const of = (changes: object) => profileOf(facts, [{ node: "*", ...DEFAULTS, ...changes }], "here").model.name;
    assert.equal(of({ curveWatts: [1, 2], tdpWatts: 90 }), "specpower");
    assert.equal(of({ tdpWatts: 90 }), "teads-tdp");
    assert.equal(of({}), "ccf-linear");
  });

  it("takes what a cloud's machine type tells: its measured curve, its provider's PUE, its share of the server", () => {
    const of = (name: string, changes: object = {}) =>
      profileOf(
        { ...facts, architecture: undefined, cores: 2, instance: instanceType(name) },
        Object.keys(changes).length === 0 ? [] : [{ node: "*", ...NODE, ...changes }],
        "here",
      );
    const measured = of("c5.large");
    assert.equal(measured.model.name, "teads-instance");
    assert.deepEqual(
      [0, 0.1, 0.5, 1].map((load) => measured.model.watts(load)),
      [4.9, 7.8, 13.3, 18],
    );
    assert.equal(measured.memoryWatts, 0, "the curve has it");
    assert.equal(measured.pue, 1.135);
    assert.ok(Math.abs(measured.embodiedGramsPerHour - 778 / 730) < 1e-9);
    const google = of("n2-standard-2");
    assert.match(google.model.source, /Ice Lake/);
    assert.ok(google.memoryWatts > 0);
    assert.equal(google.pue, 1.1);
    assert.ok(google.embodiedGramsPerHour > 0.2 && google.embodiedGramsPerHour < 5, "of two vCPUs, not of a server");
    assert.equal(of("Standard_D2_v4").pue, 1.125);
    assert.equal(of("c5.large", { architecture: "Haswell" }).model.name, "ccf-linear");
    assert.equal(of("c5.large", { shareOfServer: 1, ssds: 0 }).embodiedGramsPerHour, 1e6 / 35_040);
    assert.equal(instanceType("m9z.huge"), undefined);
    assert.equal(instanceType("constructor"), undefined);
    const unknown = of("m9z.huge");
    assert.match(unknown.model.source, /unknown processor: mean of all architectures/);
    assert.ok(unknown.model.uncertaintyPercent! > google.model.uncertaintyPercent!);
  });

  it("takes the provider's PUE where none is declared, and the server's share of its making", () => {
    const of = (changes: object) => profileOf(facts, [{ node: "*", ...DEFAULTS, ...changes }], "here");
    assert.deepEqual(
      [of({}).pue, of({ provider: "gcp" }).pue, of({ provider: "gcp", pue: 1.3 }).pue],
      [1.135, 1.1, 1.3],
    );
    assert.equal(of({ ssds: 0 }).embodiedGramsPerHour, 1e6 / 35_040);
    assert.equal(of({ ssds: 0, shareOfServer: 0.25 }).embodiedGramsPerHour, 250_000 / 35_040);
  });
});
