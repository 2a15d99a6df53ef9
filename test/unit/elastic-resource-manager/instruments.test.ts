import assert from "node:assert/strict";
import { createMetrics } from "../../../runtime/kernel/telemetry/metrics";
import { Capacity } from "../../../runtime/scalability/elastic-resource-manager/capacity";
import { costPerHour, Instruments } from "../../../runtime/scalability/elastic-resource-manager/instruments";
import { node } from "../../support/erm-fixtures";

const GIB = 2 ** 30;
const prices = { cpuCoreHour: 0.04, memoryGibHour: 0.005 };

describe("the price of resources", () => {
  it("is cores times their price plus GiB times theirs", () => {
    assert.equal(costPerHour({ cpuMilli: 2500, memoryBytes: 4 * GIB }, prices), 2.5 * 0.04 + 4 * 0.005);
  });

  it("is shown as used and idle, which sum to the whole", async () => {
    const metrics = createMetrics();
    const capacity = Capacity.of([node("a", 4000, 8 * GIB)]);
    capacity.take({ tenant: "t", workload: null, amount: { cpuMilli: 1000, memoryBytes: GIB }, nodes: ["a"] });
    new Instruments(metrics, prices).observe(capacity);
    const gauge = await metrics.registry.getSingleMetric("mno_erm_cost_usd_per_hour")?.get();
    const cost = Object.fromEntries(gauge?.values.map(({ labels, value }) => [String(labels.use), value]) ?? []);
    assert.equal(cost.used, 0.04 + 0.005);
    assert.ok(Math.abs((cost.used ?? 0) + (cost.idle ?? 0) - (4 * 0.04 + 8 * 0.005)) < 1e-12);
  });
});

describe("the gauges of GPUs", () => {
  it("show what each node with GPUs has and uses, and nothing of nodes without", async () => {
    const metrics = createMetrics();
    const allocatable = { cpuMilli: 4000, memoryBytes: GIB, gpuMilli: 4000 };
    const capacity = Capacity.of([node("a", 4000, GIB), node("g", 0, 0, { allocatable })]);
    const amount = { cpuMilli: 1, memoryBytes: 1, gpuMilli: 500 };
    capacity.take({ tenant: "t", workload: null, amount, nodes: ["g"], devices: [[0]] });
    new Instruments(metrics, prices).observe(capacity);
    const valuesOf = async (name: string) => (await metrics.registry.getSingleMetric(name)?.get())?.values ?? [];
    const shown = async (name: string) => (await valuesOf(name)).map(({ labels, value }) => ({ labels, value }));
    assert.deepEqual(await shown("mno_erm_allocated_gpus"), [{ labels: { node: "g" }, value: 0.5 }]);
    assert.deepEqual(await shown("mno_erm_capacity_gpus"), [{ labels: { node: "g" }, value: 4 }]);
    const utilization = await shown("mno_erm_utilization_ratio");
    assert.equal(utilization.find(({ labels }) => labels.resource === "gpu")?.value, 0.125);
  });
});
