import assert from "node:assert/strict";
import fc from "fast-check";
import { AWS_REGION_GRID, GCP_GRAMS_PER_KWH } from "../../factors/grid-intensity";
import { configuredFactors, type EstimateConfig } from "../../policies/carbon/configuration";
import { dirtiestPublished, intensityOf } from "../../policies/carbon/intensity";
import { estimate, stackView } from "../../policies/carbon/estimate";
import { PUBLISHED } from "../../policies/carbon/factors";
import { parseQuantity } from "../../policies/carbon/quantities";
import { podRequests } from "../../policies/carbon/requests";
import { toResource, type RegisteredResource } from "../support/policies";
import { CONTAINER, kubernetes, local } from "./fixtures/fixture";

const CONFIG: EstimateConfig = {
  zone: "europe-west3",
  signal: "average",
  intensities: {},
  machines: {},
  utilisation: 0.5,
  assumedMaximumReplicas: 10,
  assumedGigabytes: 1000,
  assumedGramsPerMonth: {},
};

function estimateOf(resource: RegisteredResource, config: EstimateConfig = CONFIG, beside: RegisteredResource[] = []) {
  const view = stackView(beside.map(toResource), config);
  const result = estimate(toResource(resource), config, view, configuredFactors(config));
  assert.ok(result && "grams" in result, JSON.stringify(result));
  return result;
}

function gramsOf(
  resource: RegisteredResource,
  config: EstimateConfig = CONFIG,
  beside: RegisteredResource[] = [],
): number {
  return estimateOf(resource, config, beside).grams.maximum;
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
    // The root volume is 8 GB of solid state, kept twice.
    const watts = 192 * (1.0363 + 0.5 * (4.1605 - 1.0363)) + 768 * 0.392 + 0.008 * 2 * 1.2;
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

  it("tell the minimum and the desired number beside the maximum that the gate judges", () => {
    const pod = { containers: [CONTAINER] };
    const one = gramsOf(kubernetes("Pod", pod));
    const hpa = {
      type: "kubernetes:autoscaling/v2:HorizontalPodAutoscaler",
      name: "hpa",
      props: {
        metadata: { name: "app", namespace: "shop" },
        spec: { scaleTargetRef: { kind: "Deployment", name: "app" }, minReplicas: 2, maxReplicas: 8 },
      },
    };
    const { grams } = estimateOf(kubernetes("Deployment", pod, { spec: { replicas: 3 } }), CONFIG, [hpa]);
    near(grams.minimum, 2 * one);
    near(grams.desired, 3 * one);
    near(grams.maximum, 8 * one);
  });

  it("take a group's types from its launch template: by name, else the hungriest of the stack", () => {
    const template = (name: string, instanceType: string) => ({
      type: "aws:ec2/launchTemplate:LaunchTemplate",
      name,
      props: { name, instanceType },
    });
    const templates = [template("small", "m5.large"), template("large", "m5.24xlarge")];
    const group = (launchTemplate: object) =>
      gramsOf(
        {
          type: "aws:autoscaling/group:Group",
          name: "asg",
          props: { minSize: 1, maxSize: 4, region: "eu-central-1", launchTemplate },
        },
        CONFIG,
        templates,
      );
    assert.ok(group({ name: "small" }) < group({ name: "large" }) / 20);
    near(group({ id: "lt-1" }), group({ name: "large" }));
  });

  it("count a standby, a replica and a regional pool's zones", () => {
    const database = (props: object) =>
      gramsOf({
        type: "aws:rds/instance:Instance",
        name: "db",
        props: { instanceClass: "db.m5.large", region: "eu-central-1", ...props },
      });
    near(database({ multiAz: true }), 2 * database({}));
    const pool = (props: object) =>
      gramsOf({
        type: "gcp:container/nodePool:NodePool",
        name: "pool",
        props: { nodeConfig: { machineType: "n2-standard-4" }, autoscaling: { maxNodeCount: 2 }, ...props },
      });
    near(pool({ location: "europe-west3" }), 3 * pool({ location: "europe-west3-a" }));
  });

  it("interpolate a measured curve between its points", () => {
    const machine = PUBLISHED.machine("aws", "m5.large")!;
    const [idle, tenth, half, full] = [0, 0.1, 0.5, 1].map((load) => machine.watts(load)) as [
      number,
      number,
      number,
      number,
    ];
    assert.ok(idle < tenth && tenth < half && half < full);
    near(machine.watts(0.3), (tenth + half) / 2);
    near(machine.watts(0.75), (half + full) / 2);
    assert.match(machine.method, /measured curve, Teads 2021-08-31/);
    assert.ok(machine.embodiedGramsPerMonth! > 0);
  });

  it("know every provider's types, whatever their case, and custom sizes", () => {
    assert.ok(PUBLISHED.machine("azure", "Standard_D2s_v4"));
    assert.equal(PUBLISHED.machine("azure", "Standard_NC6s_v3"), undefined);
    const custom = PUBLISHED.machine("gcp", "custom-2-4096")!;
    near(custom.watts(0.5), PUBLISHED.machine("gcp", "n2-custom-2-4096")!.watts(0.5));
    near(PUBLISHED.machine("gcp", "custom-4-8192")!.watts(0.5), 2 * custom.watts(0.5));
    assert.equal(PUBLISHED.machine("gcp", "a3-highgpu-8g"), undefined);
  });

  it("say which coefficient is suspect", () => {
    assert.match(PUBLISHED.machine("aws", "m8a.large")!.method, /EPYC 5th Gen.*likely too high/);
    assert.doesNotMatch(PUBLISHED.machine("aws", "m6i.large")!.method, /likely/);
    assert.equal(PUBLISHED.machine("aws", "mac2.metal"), undefined);
    assert.match(estimateOf(local()).working, /requests, mean of Cloud Carbon Footprint/);
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
    assert.equal(dirtiestPublished().gramsPerKwh, Math.max(...Object.values(GCP_GRAMS_PER_KWH)));
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
