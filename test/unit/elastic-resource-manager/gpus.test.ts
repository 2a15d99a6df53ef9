import assert from "node:assert/strict";
import { Capacity } from "../../../runtime/scalability/elastic-resource-manager/capacity";
import type { Decision } from "../../../runtime/scalability/elastic-resource-manager/decision";
import { allocationOf } from "../../../runtime/scalability/elastic-resource-manager/allocation";
import type { Demand } from "../../../runtime/scalability/elastic-resource-manager/demand";
import { place } from "../../../runtime/scalability/elastic-resource-manager/engine";
import { demandOf, quantitiesOf } from "../../../runtime/scalability/elastic-resource-manager/quantities";
import { demand, node, numbered } from "../../support/erm-fixtures";

const gpuNode = (name: string, gpus: number, gpuModel = "T4") =>
  node(name, 64_000, 1000, {
    allocatable: { cpuMilli: 64_000, memoryBytes: 1000, gpuMilli: gpus * 1000 },
    gpuModel,
  });

const gpus = (gpuMilli: number, more: Partial<Demand> = {}): Demand =>
  demand("red", 100, 1, { amount: { cpuMilli: 100, memoryBytes: 1, gpuMilli }, ...more });

/** Decides one request, and takes what it is granted. */
function grant(capacity: Capacity, asked: Demand): Decision {
  const [decision] = place(capacity, [asked], numbered()) as [Decision];
  if (decision.outcome === "allocated") capacity.take(allocationOf(decision, 0));
  return decision;
}

describe("GPUs and custom resources", () => {
  it("puts shares together on the tightest GPU, and whole GPUs on untouched ones", () => {
    const capacity = Capacity.of([gpuNode("a", 4)]);
    assert.deepEqual(grant(capacity, gpus(600)).devices, [[0]]);
    assert.deepEqual(grant(capacity, gpus(500)).devices, [[1]]);
    assert.deepEqual(grant(capacity, gpus(400)).devices, [[0]], "the rest of the first is exactly enough");
    assert.deepEqual(grant(capacity, gpus(2000)).devices, [[2, 3]]);
    assert.deepEqual(capacity.table.devicesOn(0), [0, 500, 0, 0]);
    assert.deepEqual(capacity.usedOn("a"), { cpuMilli: 400, memoryBytes: 4, gpuMilli: 3500 });
  });

  it("refuses what no single GPU has, however much they have together, and says so", () => {
    const capacity = Capacity.of([gpuNode("a", 2)]);
    grant(capacity, gpus(600));
    grant(capacity, gpus(700));
    const refused = grant(capacity, gpus(500));
    assert.equal(refused.outcome, "refused");
    assert.equal(refused.nodes[0]?.reason, "needs 0.5 of a GPU, at most 0.4 free on one of 2");
    assert.deepEqual(refused.refusals, { gpu: 1 });
    assert.equal(grant(capacity, gpus(1000)).nodes[0]?.reason, "needs 1 whole GPUs, 0 free of 2");
  });

  it("gives exactly the devices back that were taken", () => {
    const capacity = Capacity.of([gpuNode("a", 3)]);
    const first = allocationOf(grant(capacity, gpus(300)), 0);
    const second = allocationOf(grant(capacity, gpus(1000, { replicas: 2 })), 0);
    const fork = capacity.fork();
    fork.give(second);
    assert.deepEqual(fork.table.devicesOn(0), [700, 1000, 1000]);
    assert.deepEqual(capacity.table.devicesOn(0), [700, 0, 0]);
    capacity.give(first);
    capacity.give(second);
    assert.deepEqual(capacity.table.devicesOn(0), [1000, 1000, 1000]);
  });

  it("leaves nothing behind of a gang of which one replica did not fit", () => {
    const capacity = Capacity.of([gpuNode("a", 2)]);
    const [refused, granted] = place(capacity, [gpus(1000, { replicas: 3 }), gpus(2000)], numbered());
    assert.equal(refused?.outcome, "refused");
    assert.deepEqual(granted?.devices, [[0, 1]]);
  });

  it("places by the model asked for", () => {
    const capacity = Capacity.of([gpuNode("a", 1, "T4"), gpuNode("b", 1, "A10"), node("c", 9000, 9)]);
    const decision = grant(capacity, gpus(1000, { gpuModels: ["A10", "H100"] }));
    assert.deepEqual(decision.chosen, ["b"]);
    assert.deepEqual(decision.request.requests.gpuModels, ["A10", "H100"]);
    assert.deepEqual(decision.refusals, { "other-gpu-model": 2 });
    assert.equal(decision.nodes[0]?.reason, "GPU model T4, not A10 or H100");
    assert.equal(decision.nodes[2]?.reason, "GPU model unknown, not A10 or H100");
  });

  it("keeps whole GPUs free of what runs without a named device, and counts it once with its allocation", () => {
    const capacity = Capacity.of([gpuNode("a", 4)]);
    const amount = { cpuMilli: 1000, memoryBytes: 1, gpuMilli: 1000 };
    capacity.setRunning([
      { workload: "web", node: "a", amount },
      { workload: "web", node: "a", amount },
    ]);
    assert.deepEqual(capacity.table.devicesOn(0).sort(), [0, 0, 1000, 1000]);
    capacity.take({ tenant: "red", workload: "web", amount, nodes: ["a", "a"], devices: [[2], [3]] });
    assert.deepEqual(capacity.table.devicesOn(0), [1000, 1000, 0, 0]);
  });

  it("remembers the devices held on a node that is away", () => {
    const capacity = Capacity.of([gpuNode("a", 2), gpuNode("b", 2)]);
    capacity.take(allocationOf(grant(Capacity.of([gpuNode("b", 2)]), gpus(400)), 0));
    capacity.setNodes([gpuNode("a", 2)]);
    capacity.setNodes([gpuNode("a", 2), gpuNode("b", 2)]);
    assert.deepEqual(capacity.table.devicesOn(1), [600, 1000]);
    const copy = Capacity.restore(structuredClone(capacity.snapshot()));
    assert.deepEqual(copy.table.devicesOn(1), [600, 1000]);
  });

  it("counts custom resources by name", () => {
    const fpga = (count: number) => ({ cpuMilli: 100, memoryBytes: 1, custom: { "example.com/fpga": count } });
    const capacity = Capacity.of([node("a", 9000, 9, { allocatable: { ...fpga(2), cpuMilli: 9000, memoryBytes: 9 } })]);
    assert.equal(grant(capacity, demand("red", 0, 0, { amount: fpga(2) })).outcome, "allocated");
    const refused = grant(capacity, demand("red", 0, 0, { amount: fpga(1) }));
    assert.equal(refused.nodes[0]?.reason, "needs 1 example.com/fpga, 0 free of 2");
    assert.deepEqual(refused.refusals, { custom: 1 });
    const unknown = demand("red", 0, 0, { amount: { ...fpga(1), custom: { other: 1 } } });
    assert.equal(grant(capacity, unknown).nodes[0]?.reason, "needs 1 other, 0 free of 0");
  });

  it("rounds shares up to a thousandth, and leaves out what there is none of", () => {
    const amount = demandOf({ cpuCores: 1, memoryBytes: 1, gpus: 0.1234, custom: { a: 0, b: 2 } });
    assert.deepEqual(amount, { cpuMilli: 1000, memoryBytes: 1, gpuMilli: 124, custom: { b: 2 } });
    assert.deepEqual(quantitiesOf(amount), { cpuCores: 1, memoryBytes: 1, gpus: 0.124, custom: { b: 2 } });
    assert.deepEqual(demandOf({ cpuCores: 1, memoryBytes: 1, gpus: 0 }), { cpuMilli: 1000, memoryBytes: 1 });
  });
});
