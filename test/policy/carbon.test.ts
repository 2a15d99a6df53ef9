import assert from "node:assert/strict";
import fc from "fast-check";
import { AWS_REGION_GRID, GCP_GRAMS_PER_KWH } from "../../policies/carbon/factors/grid-intensity";
import { FACTOR_TABLES } from "../../policies/carbon/factors/tables";
import { intensityOf, worstIntensity } from "../../policies/carbon/intensity";
import { estimate, type EstimateConfig } from "../../policies/carbon/estimate";
import { instancePower, requestedPower } from "../../policies/carbon/power";
import { parseQuantity } from "../../policies/carbon/quantities";
import { podRequests } from "../../policies/carbon/requests";
import { autoscalerBounds } from "../../policies/carbon/scaling";
import { freshFactors, freshFactorsOf } from "../../policies/carbon/rules/cb-005-fresh-factors";
import { judge } from "../../policies/shared/judge";
import { TEST_NOW, toResource, type RegisteredResource } from "../support/policies";
import { CONTAINER, kubernetes, local } from "./fixtures/fixture";

const CONFIG: EstimateConfig = { zone: "europe-west3", intensities: {}, utilisation: 0.5, assumedMaximumReplicas: 10 };

function gramsOf(
  resource: RegisteredResource,
  config: EstimateConfig = CONFIG,
  beside: RegisteredResource[] = [],
): number {
  const result = estimate(toResource(resource), config, autoscalerBounds(beside.map(toResource)));
  assert.ok(result && "gramsPerMonth" in result, JSON.stringify(result));
  return result.gramsPerMonth;
}

const near = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual / expected - 1) < 1e-6, `${actual} is not ${expected}`);

describe("carbon estimates", () => {
  it("work out an instance as vCPU and memory power times PUE, hours and intensity", () => {
    const vm = {
      type: "aws:ec2/instance:Instance",
      name: "vm",
      props: { instanceType: "m7i.48xlarge", region: "us-east-1" },
    };
    // 192 vCPU of Sapphire Rapids at half load, 768 GiB; Northern Virginia 2025.
    const watts = 192 * (1.0363 + 0.5 * (4.1605 - 1.0363)) + 768 * 0.392;
    near(gramsOf(vm), (watts * 1.135 * 730 * 343.48) / 1000);
  });

  it("work out requests with a measured core", () => {
    const config = { ...CONFIG, wattsPerCore: 3, pue: 1.2 };
    near(
      gramsOf(local({ replicas: 4, requests: { cpuCores: 0.5, memoryBytes: 2 ** 30 } }), config),
      (4 * (1.5 + 0.392) * 1.2 * 730 * 275.81) / 1000,
    );
  });

  it("count a DaemonSet on the assumed nodes, a CronJob by its parallelism and a ScaledObject without a maximum by KEDA's 100", () => {
    const pod = { containers: [CONTAINER] };
    const one = gramsOf(kubernetes("Pod", pod));
    near(gramsOf(kubernetes("DaemonSet", pod)), 10 * one);
    near(gramsOf(kubernetes("Job", pod, { spec: { parallelism: 3 } })), 3 * one);
    const keda = {
      type: "kubernetes:keda.sh/v1alpha1:ScaledObject",
      name: "k",
      props: { metadata: { namespace: "shop" }, spec: { scaleTargetRef: { name: "app" } } },
    };
    near(gramsOf(kubernetes("Deployment", pod), CONFIG, [keda]), 100 * one);
    near(gramsOf(kubernetes("Deployment", pod, { spec: { replicas: 0 } })) + one, one);
  });

  it("never fall when something is added", () => {
    const size = fc.record({
      cpuCores: fc.double({ min: 0.01, max: 64, noNaN: true }),
      memoryBytes: fc.integer({ min: 1, max: 2 ** 40 }),
    });
    fc.assert(
      fc.property(
        size,
        fc.integer({ min: 1, max: 50 }),
        fc.double({ min: 0, max: 0.9, noNaN: true }),
        (requests, replicas, utilisation) => {
          const base = gramsOf(local({ requests, replicas }), { ...CONFIG, utilisation });
          assert.ok(gramsOf(local({ requests, replicas: replicas + 1 }), { ...CONFIG, utilisation }) > base);
          assert.ok(gramsOf(local({ requests, replicas }), { ...CONFIG, utilisation: utilisation + 0.1 }) > base);
          assert.ok(
            gramsOf(local({ requests, replicas }), { ...CONFIG, utilisation, zone: undefined as never }) >= base,
          );
        },
      ),
      { numRuns: 50 },
    );
  });

  it("never count a label of nonsense as zero hours", () => {
    const plain = gramsOf(local());
    for (const hours of ["0", "-5", "none", "9999"]) {
      near(gramsOf(local({ labels: { "machine-native-ops/hours-per-month": hours } })), plain);
    }
    near(gramsOf(local({ labels: { "machine-native-ops/hours-per-month": "73" } })), plain / 10);
  });

  it("say which coefficient is suspect", () => {
    assert.match(instancePower("m8a.large", 0.5)!.method, /EPYC 5th Gen.*likely too high/);
    assert.doesNotMatch(instancePower("m5.large", 0.5)!.method, /likely/);
    assert.equal(instancePower("mac2.metal", 0.5), undefined);
    assert.match(
      requestedPower({ cpuCores: 1, memoryBytes: 0 }, 0.5, undefined).method,
      /mean of Cloud Carbon Footprint/,
    );
  });
});

describe("grid intensity", () => {
  it("keeps to the average signal: Stockholm stays far below Ireland's neighbours, which marginal figures would reverse", () => {
    assert.ok(intensityOf("eu-north-1", {})!.gramsPerKwh < intensityOf("eu-central-1", {})!.gramsPerKwh / 5);
    assert.match(intensityOf("eu-north-1", {})!.basis, /average signal.*2025.*europe-north2/);
  });

  it("maps AWS regions only to regions of the table, and knows nothing of the others", () => {
    for (const [aws, grid] of Object.entries(AWS_REGION_GRID)) assert.ok(GCP_GRAMS_PER_KWH[grid]! > 0, aws);
    assert.equal(intensityOf("eu-west-1", {}), undefined);
    assert.equal(intensityOf("toString", {}), undefined);
    assert.equal(worstIntensity().gramsPerKwh, Math.max(...Object.values(GCP_GRAMS_PER_KWH)));
  });
});

describe("quantities", () => {
  it("read what Kubernetes writes", () => {
    const cases: [unknown, number | undefined][] = [
      ["250m", 0.25],
      [2, 2],
      ["1Gi", 2 ** 30],
      ["1.5G", 1.5e9],
      ["1e3", 1000],
      ["12E", 12e18],
      ["0", undefined],
      ["-1", undefined],
      ["1 Gi", undefined],
      ["abc", undefined],
      ["1constructor", undefined],
      [undefined, undefined],
    ];
    for (const [text, value] of cases) assert.equal(parseQuantity(text), value, String(text));
  });

  it("name every container without requests", () => {
    assert.deepEqual(podRequests({ containers: [CONTAINER, { name: "b" }], initContainers: [{}] }).missing, [
      "container b",
      "container (unnamed)",
    ]);
    assert.deepEqual(podRequests({}).missing, ["any container"]);
  });
});

describe("CB-005 fresh-factors", () => {
  const ages = (now: string, config = {}) =>
    judge(freshFactors, [], config, new Date(now)).map(({ message }) => message);

  it("accepts the package's tables for two years and refuses them after", () => {
    assert.deepEqual(judge(freshFactors, [], {}, TEST_NOW), []);
    assert.deepEqual(ages("2027-12-31T12:00:00Z"), []);
    assert.match(
      ages("2028-01-01T00:00:00Z")[0]!,
      /^CB-005: the table of grid carbon intensity \(Google region carbon data 2025, data to 2025-12-31\) is 731 days old; the limit is 730/,
    );
    assert.equal(ages("2029-01-01T00:00:00Z").length, FACTOR_TABLES.length);
  });

  it("takes its limit from the configuration and its tables from whoever makes it", () => {
    assert.equal(ages("2026-11-01T00:00:00Z", { maximumAgeDays: 30 }).length, 2);
    const old = freshFactorsOf([{ name: "watts", asOf: "2019-01-01", source: "an old book" }]);
    assert.match(judge(old, [], {}, TEST_NOW)[0]!.message, /watts \(an old book/);
  });
});
