import assert from "node:assert/strict";
import { MnoError, type WorkloadSpec } from "../../../runtime/exports";
import { openCluster } from "../../../runtime/kernel/cluster/open";
import { applySpec, revise } from "../../../runtime/kernel/cluster/local/record";
import { redact, templateKey, validateScale, validateWorkload } from "../../../runtime/kernel/cluster/spec";
import { workloadPhase } from "../../../runtime/kernel/cluster/local/status";

const spec = (change: Partial<WorkloadSpec> = {}): WorkloadSpec => ({
  name: "web",
  kind: "service",
  command: ["node"],
  requests: { cpuCores: 1, memoryBytes: 1 },
  replicas: 2,
  ...change,
});
const faultsOf = (work: () => unknown): string[] => {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof MnoError && error.code === "MNO_WORKLOAD_INVALID");
    for (const { field, message } of error.faults) assert.ok(error.message.includes(`${field} ${message}`));
    return error.faults.map((fault) => fault.field);
  }
  return [];
};

describe("validateWorkload", () => {
  it("reports every fault of the shape at once", () => {
    const { command: _, ...rest } = spec();
    const input = {
      ...rest,
      name: 7,
      replicas: "2",
      requests: { cpuCores: Infinity, memoryBytes: null },
      kind: "daemon",
      extra: 1,
    };
    const expected = [
      "/command",
      "/extra",
      "/kind",
      "/name",
      "/replicas",
      "/requests/cpuCores",
      "/requests/memoryBytes",
    ];
    assert.deepEqual(faultsOf(() => validateWorkload(input, "web")).sort(), expected);
    assert.deepEqual(
      faultsOf(() => validateWorkload(null, "web")),
      ["/"],
    );
  });

  it("reports every fault of the meaning at once", () => {
    const input = spec({
      name: "Other!",
      command: [""],
      replicas: 501,
      requests: { cpuCores: 0, memoryBytes: -1 },
      cwd: "relative",
      ports: [
        { name: "http", port: 80, direct: true },
        { name: "http", port: 80 },
      ],
      readiness: { port: "admin", path: "/" },
      environment: { PORT: "1", A: "1" },
      secretEnvironment: { A: "2", "B=": "3", C: "\0" },
    });
    const expected = [
      "/command",
      "/cwd",
      "/environment/PORT",
      "/name",
      "/name",
      "/ports/0/direct",
      "/ports/1/name",
      "/ports/1/port",
      "/readiness/port",
      "/replicas",
      "/requests/cpuCores",
      "/requests/memoryBytes",
    ];
    const secrets = ["/secretEnvironment/A", "/secretEnvironment/B=", "/secretEnvironment/C"];
    assert.deepEqual(faultsOf(() => validateWorkload(input, "web")).sort(), [...expected, ...secrets]);
    assert.equal(validateWorkload(spec(), "web").name, "web");
  });

  it("limits the scale, of direct ports to one", () => {
    assert.equal(validateScale(spec(), 500), 500);
    for (const replicas of [-1, 1.5, 501, "2", undefined])
      assert.deepEqual(
        faultsOf(() => validateScale(spec(), replicas)),
        ["/replicas"],
      );
    assert.deepEqual(
      faultsOf(() => validateScale(spec({ ports: [{ name: "http", port: 80, direct: true }] }), 2)),
      ["/replicas"],
    );
  });
});

describe("templateKey", () => {
  it("changes with what runs, not with how many, nor with the order of keys", () => {
    const base = spec({ environment: { A: "1", B: "2" } });
    assert.equal(
      templateKey(base),
      templateKey({ ...base, replicas: 9, labels: { a: "b" }, owner: "x", suspended: true, scaledBy: "y" }),
    );
    assert.equal(templateKey(base), templateKey(spec({ environment: { B: "2", A: "1" } })));
    for (const change of [
      { command: ["deno"] },
      { environment: { A: "1" } },
      { secretEnvironment: { S: "1" } },
      { cwd: "/" },
    ]) {
      assert.notEqual(templateKey(base), templateKey({ ...base, ...change }));
    }
    assert.deepEqual(redact(spec({ secretEnvironment: { S: "hidden" } })).secretEnvironment, { S: "***" });
  });
});

describe("applySpec", () => {
  it("keeps a live number that an autoscaler owns, and a live suspension that the spec does not speak of", () => {
    const first = applySpec(undefined, spec({ scaledBy: "x" }), {});
    const live = revise(first, { replicas: 7, suspended: true });
    assert.equal(live.generation, 2);
    const again = applySpec(live, spec({ scaledBy: "x" }), {});
    assert.equal(again, live, "nothing changed");
    assert.equal(applySpec(live, spec(), {}).replicas, 2);
    assert.equal(applySpec(live, spec({ suspended: false }), {}).suspended, false);
    const declared = applySpec(undefined, spec({ suspended: true }), {});
    assert.equal(applySpec(declared, spec(), {}).suspended, false, "the suspension came from the spec");
    const direct = spec({ scaledBy: "x", ports: [{ name: "http", port: 1, direct: true }] });
    assert.equal(applySpec(live, direct, {}).replicas, 1);
  });
});

describe("workloadPhase", () => {
  it("tells what is missing from what fails", () => {
    const record = applySpec(undefined, spec({ replicas: 1 }), {});
    const of = (phase: "ready" | "starting" | "unready" | "backoff"): string =>
      workloadPhase(record, [{ name: "web-1", ordinal: 1, phase, current: true }], true);
    assert.deepEqual(
      [of("ready"), of("starting"), of("unready"), of("backoff")],
      ["ready", "progressing", "degraded", "degraded"],
    );
    assert.equal(
      workloadPhase(record, [{ name: "web-1", ordinal: 1, phase: "ready", current: false }], true),
      "progressing",
    );
    assert.equal(
      workloadPhase(record, [{ name: "web-1", ordinal: 1, phase: "ready", current: true }], false),
      "degraded",
    );
  });
});

describe("openCluster", () => {
  it("names what it supports", async () => {
    for (const url of ["local:relative", "nonsense", ""]) {
      assert.throws(
        () => openCluster(url),
        (error: MnoError) => error.code === "MNO_CLUSTER_URL_INVALID" && error.message.includes("local:<folder>"),
      );
    }
    await openCluster("local:/nowhere").close();
  });
});
