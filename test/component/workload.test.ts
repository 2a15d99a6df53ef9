import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { Agent, validateWorkload, Workload } from "../../components";
import type { WorkloadSpec } from "../../runtime/exports";
import { plain, record, type Registration } from "../support/recording-monitor";

const CLUSTER = "local:/tmp/mno-test";
const VALID: WorkloadSpec = {
  name: "shop",
  kind: "service",
  command: ["/usr/bin/node", "server.js"],
  requests: { cpuCores: 0.5, memoryBytes: 1e8 },
  replicas: 2,
  ports: [{ name: "http", port: 8080 }],
  readiness: { port: "http", path: "/readyz" },
};

function workloadOf(resources: Registration[]): Registration {
  const found = resources.find((resource) => resource.type === "mno-local:index:Workload");
  assert.ok(found);
  return found;
}

describe("validateWorkload", () => {
  it("finds nothing wrong with a valid workload", () => {
    assert.deepEqual(validateWorkload(VALID), []);
  });

  const wrong: [string, Partial<WorkloadSpec>, string][] = [
    ["a name that is no DNS label", { name: "Shop_1" }, "name"],
    ["an empty command", { command: [] }, "command"],
    ["no CPU", { requests: { cpuCores: 0, memoryBytes: 1 } }, "requests.cpuCores"],
    ["memory that is not a number", { requests: { cpuCores: 1, memoryBytes: NaN } }, "requests.memoryBytes"],
    ["half a replica", { replicas: 1.5 }, "replicas"],
    ["too many replicas", { replicas: 501 }, "replicas"],
    ["a port beyond the range", { ports: [{ name: "http", port: 65536 }] }, "ports[0].port"],
    ["two ports of one name", { ports: [...VALID.ports!, { name: "http", port: 8081 }] }, "ports[1].name"],
    ["two ports of one number", { ports: [...VALID.ports!, { name: "admin", port: 8080 }] }, "ports[1].port"],
    ["a relative working directory", { cwd: "here" }, "cwd"],
    ["a variable that the cluster sets", { environment: { PORT: "1" } }, "environment.PORT"],
    ["two replicas on one direct port", { ports: [{ name: "http", port: 8080, direct: true }] }, "ports[0].direct"],
    ["a probe of a port that is not there", { liveness: { port: "grpc", path: "/" } }, "liveness.port"],
    ["a probe path without a slash", { readiness: { port: "http", path: "readyz" } }, "readiness.path"],
    ["a variable that is none", { environment: { "A-B": "x" } }, "environment.A-B"],
    [
      "a variable that is secret and open",
      { environment: { A: "x" }, secretEnvironment: { A: "x" } },
      "secretEnvironment.A",
    ],
    ["a negative grace period", { gracePeriodSeconds: -1 }, "gracePeriodSeconds"],
  ];
  for (const [what, change, field] of wrong) {
    it(`names ${field} for ${what}`, () => {
      assert.deepEqual(
        validateWorkload({ ...VALID, ...change }).map((fault) => fault.field),
        [field],
      );
    });
  }

  it("reports all faults at once", () => {
    assert.equal(validateWorkload({ ...VALID, name: "", replicas: -1, command: [] }).length, 3);
  });
});

describe("Workload", () => {
  const args = {
    cluster: CLUSTER,
    command: VALID.command,
    requests: VALID.requests,
    ports: [{ name: "http", port: 8080 }],
  };

  it("becomes one workload of the cluster, owned by its URN, with an address", async () => {
    let url = "";
    const { resources } = await record(() => {
      new Workload("shop", args).url.apply((value) => (url = value));
    });
    const { spec } = plain(workloadOf(resources).inputs) as { spec: WorkloadSpec };
    assert.equal(spec.name, "shop");
    assert.equal(spec.replicas, 1);
    assert.equal(spec.owner, resources.find((r) => r.type === "machine-native-ops:index:Workload")?.urn);
    assert.equal(url, "http://127.0.0.1:8080");
  });

  it("keeps secrets secret on their way to the engine", async () => {
    const canary = "canary-5d1f0c";
    const { resources } = await record(() => {
      new Workload("shop", { ...args, secretEnvironment: { TOKEN: pulumi.secret(canary) } });
      new Agent("agent", { cluster: CLUSTER, stateDirectory: "/tmp/mno-test", apiToken: `${canary}-long-enough` });
    });
    for (const resource of resources.filter((r) => r.type === "mno-local:index:Workload")) {
      assert.ok(JSON.stringify(plain(resource.inputs)).includes(canary), "the value does not arrive");
      const open = openParts(resource.inputs) as { spec: { name?: string } };
      assert.ok(!JSON.stringify(open).includes(canary), `${resource.name}: the value is not marked secret`);
      assert.equal(open.spec.name, resource.name, "the rest of the spec became secret, too");
    }
  });

  it("refuses bad arguments with a code, naming each", async () => {
    await assert.rejects(
      record(() => new Workload("Shop", { ...args, replicas: -1 })),
      (error: Error) =>
        /MNO_COMPONENT_ARGS_INVALID/.test(error.message) &&
        /name/.test(error.message) &&
        /replicas/.test(error.message),
    );
  });

  it("says that an image does not run on a local cluster", async () => {
    await assert.rejects(
      record(() => new Workload("shop", { cluster: CLUSTER, image: "shop:1", requests: VALID.requests })),
      /command is required on a local cluster, which runs no images/,
    );
  });
});

/** What is left when everything marked secret is taken out. */
function openParts(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(openParts);
  if ("4dabf18193072939515e22adb298388d" in value) return "***";
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, openParts(inner)]));
}
