import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Analyzer } from "@pulumi/pulumi/provider/experimental/analyzer";
import { generateSchema } from "@pulumi/pulumi/provider/experimental/schema";

const ROOT = join(__dirname, "..", "..");

/** Python, Go, Java, C# and YAML users get what Pulumi's own analyzer makes of the components. */
describe("component schema", () => {
  const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as Record<string, unknown>;
  const names = new Set([
    "Cache",
    "Database",
    "EventBackbone",
    "CustomResourceDefinitions",
    "EgressHost",
    "ExternalAuthorization",
    "Gateway",
    "Operators",
    "ScalabilityFabric",
    "SecurityFabric",
    "ServiceMesh",
    "ServicePolicy",
    "SustainabilityFabric",
    "TrafficSplit",
    "Waypoint",
    "Agent",
    "KubernetesAgent",
    "KubernetesNamespace",
    "KubernetesWorkload",
    "LocalCluster",
    "PriorityClasses",
    "Workload",
    "Observability",
  ]);

  it("passes the analyzer, with a description on every property and no untyped one", function () {
    this.timeout(60_000);
    const analyzer = new Analyzer(join(ROOT, "components"), "machine-native-ops", manifest, names);
    const { components, typeDefinitions, dependencies } = analyzer.analyze();
    const schema = generateSchema(
      "machine-native-ops",
      String(manifest.version),
      "",
      components,
      typeDefinitions,
      dependencies,
    );
    assert.deepEqual(
      Object.keys(schema.resources ?? {}).sort(),
      [...names].map((name) => `machine-native-ops:index:${name}`).sort(),
    );
    assert.ok(!JSON.stringify(schema).includes("pulumi.json#/Any"), "a property degraded to Any");
    for (const [token, resource] of Object.entries(schema.resources ?? {})) {
      for (const [property, { description }] of Object.entries(resource.inputProperties ?? {})) {
        assert.ok(description, `${token}.${property} has no description`);
      }
    }
  });
});
