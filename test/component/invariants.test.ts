import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import * as components from "../../components";
import { record, type Recording, type Registration } from "../support/recording-monitor";

/**
 * The rules that every exported component keeps, whatever it is for. A new component fails here until it is in SAMPLES.
 */
type Component = new (name: string, args: never, opts?: pulumi.ComponentResourceOptions) => pulumi.ComponentResource;

/** For each component the smallest arguments that a user may give. */
const SAMPLES: Record<string, Record<string, unknown>> = {
  Cache: { namespace: "data", tls: { issuer: { name: "internal" } } },
  Database: {
    namespace: "data",
    storageBytes: 10 * 1024 ** 3,
    backup: { store: { destinationPath: "s3://backups/mno" } },
  },
  EventBackbone: { namespace: "data", tls: { issuer: { name: "internal" } } },
  CustomResourceDefinitions: { sources: [{ name: "gateway-api" }] },
  EgressHost: { namespace: "shop", hosts: ["api.example.com"], because: "Payments are made there." },
  ExternalAuthorization: { namespace: "shop", service: "cart", authorizer: "zero-trust-gateway" },
  Gateway: {
    namespace: "edge",
    hostnames: ["shop.example.com"],
    tls: { issuer: "letsencrypt" },
    routes: [{ name: "shop", service: "shop", port: 80 }],
  },
  Operators: { namespace: "operators", operators: ["cert-manager"] },
  ScalabilityFabric: {
    namespace: "mno",
    image: `registry.example/mno:1@sha256:${"ab".repeat(32)}`,
    databaseUrl: { secretName: "database-app", key: "uri" },
    busUrl: { secretName: "events-mno-credentials", key: "url" },
  },
  SecurityFabric: {
    namespace: "mno",
    image: `registry.example/mno:1@sha256:${"ab".repeat(32)}`,
    databaseUrl: { secretName: "database-app", key: "uri" },
    busUrl: { secretName: "events-mno-credentials", key: "url" },
  },
  ServiceMesh: {},
  SustainabilityFabric: {
    namespace: "mno",
    image: `registry.example/mno:1@sha256:${"ab".repeat(32)}`,
    databaseUrl: { secretName: "database-app", key: "uri" },
    intensity: {
      feeds: ["entsoe"],
      credentials: { MNO_INTENSITY_ENTSOE_TOKEN: { secretName: "entsoe", key: "token" } },
    },
    busUrl: { secretName: "events-mno-credentials", key: "url" },
  },
  ServicePolicy: { namespace: "shop", service: "cart", port: 80 },
  TrafficSplit: { namespace: "shop", service: "cart", backends: [{ service: "cart-a", port: 80, weight: 1 }] },
  Waypoint: { namespace: "shop" },
  Observability: { namespace: "observability", dashboards: {} },
  KubernetesAgent: {
    namespace: "mno",
    image: `registry.example/mno:1@sha256:${"ab".repeat(32)}`,
    storage: { sizeBytes: 1e9 },
  },
  KubernetesNamespace: { labels: { team: "shop" } },
  KubernetesWorkload: {
    namespace: "shop",
    image: `registry.example/shop:1@sha256:${"ab".repeat(32)}`,
    requests: { cpuCores: 0.1, memoryBytes: 1e8 },
  },
  PriorityClasses: { labels: { team: "shop" } },
  LocalCluster: { directory: "/tmp/mno-test" },
  Workload: {
    cluster: "local:/tmp/mno-test",
    command: ["/usr/bin/true"],
    requests: { cpuCores: 0.1, memoryBytes: 1024 },
    ports: [{ name: "http", port: 8080 }],
  },
  Agent: {
    cluster: "local:/tmp/mno-test",
    stateDirectory: "/tmp/mno-test/agent",
    apiToken: pulumi.secret("a-secret-token-of-length"),
  },
};

const exported = Object.entries(components).filter(
  ([, value]) => typeof value === "function" && value.prototype instanceof pulumi.ComponentResource,
) as unknown as [string, Component][];

async function build(
  Class: Component,
  names: string[],
  opts?: pulumi.ComponentResourceOptions,
): Promise<{ recording: Recording; made: pulumi.ComponentResource[] }> {
  let made: pulumi.ComponentResource[] = [];
  const recording = await record(() => {
    made = names.map((name) => new Class(name, SAMPLES[Class.name] as never, opts));
  });
  return { recording, made };
}

function ofType(recording: Recording, type: string): Registration[] {
  return recording.resources.filter((resource) => resource.type === type);
}

describe("component invariants", () => {
  it("has a sample for every exported component, and none else", () => {
    assert.deepEqual(exported.map(([name]) => name).sort(), Object.keys(SAMPLES).sort());
  });

  for (const [name, Class] of exported) {
    const token = `machine-native-ops:index:${name}`;
    describe(name, () => {
      it("registers under its class's token, with its arguments", async () => {
        const { recording } = await build(Class, ["one"]);
        const [self] = ofType(recording, token);
        assert.ok(self, `no ${token} among ${recording.resources.map((r) => r.type).join(", ")}`);
        assert.equal(self.name, "one");
        for (const key of Object.keys(SAMPLES[name] ?? {})) {
          assert.ok(key in self.inputs, `state and policies do not see the argument ${key}`);
        }
      });

      it("parents everything it makes, directly or not, and names it after itself", async () => {
        const { recording } = await build(Class, ["one"]);
        const [self] = ofType(recording, token);
        const children = recording.resources.filter((r) => r !== self && r.type !== "pulumi:pulumi:Stack");
        assert.ok(children.length > 0);
        const known = new Set([self?.urn, ...children.map((r) => r.urn)]);
        for (const child of children) {
          assert.ok(known.has(child.parent), `${child.urn} is outside the component`);
          assert.ok(child.name.startsWith("one"), `${child.name} does not begin with the component's name`);
        }
      });

      it("registers as outputs exactly its public output fields", async () => {
        const { recording, made } = await build(Class, ["one"]);
        const fields = Object.entries(made[0] ?? {})
          .filter(([key, value]) => key !== "urn" && !key.startsWith("__") && pulumi.Output.isInstance(value))
          .map(([key]) => key);
        const [self] = ofType(recording, token);
        assert.deepEqual(Object.keys(recording.outputs.get(self?.urn ?? "") ?? {}).sort(), fields.sort());
        assert.ok(fields.length > 0, "a component without outputs cannot be used by another");
      });

      it("can be made twice without a collision", async () => {
        const { recording } = await build(Class, ["one", "two"]);
        const urns = recording.resources.map((r) => r.urn);
        assert.equal(new Set(urns).size, urns.length);
        assert.equal(ofType(recording, token).length, 2);
      });

      it("hands options on: protection reaches its children, aliases stay its own", async () => {
        const { recording } = await build(Class, ["one"], { protect: true, aliases: [{ name: "before" }] });
        for (const resource of recording.resources.filter((r) => r.type !== "pulumi:pulumi:Stack")) {
          assert.equal(resource.protect, true, `${resource.urn} is not protected`);
        }
        assert.equal(ofType(recording, token)[0]?.aliases, 1);
      });
    });
  }
});
