import assert from "node:assert/strict";
import { Capacity } from "../../../runtime/scalability/elastic-resource-manager/capacity";
import { demandOf, supplyOf } from "../../../runtime/scalability/elastic-resource-manager/quantities";
import { amount, claim, node } from "../../support/erm-fixtures";

describe("capacity of the elastic resource manager", () => {
  it("rounds demands up and supplies down to whole milli-cores, decimal fractions exactly", () => {
    assert.equal(demandOf({ cpuCores: 0.57, memoryBytes: 1 }).cpuMilli, 570);
    assert.equal(demandOf({ cpuCores: 0.5701, memoryBytes: 1 }).cpuMilli, 571);
    assert.equal(supplyOf({ cpuCores: 0.57, memoryBytes: 1 }).cpuMilli, 570);
    assert.equal(supplyOf({ cpuCores: 0.5709, memoryBytes: 1 }).cpuMilli, 570);
  });

  it("counts a running workload's allocation once: the larger of the two, per resource", () => {
    const capacity = Capacity.of([node("a", 4000, 100)]);
    capacity.setRunning([{ workload: "web", node: "a", amount: amount(500, 40) }]);
    assert.deepEqual(capacity.usedOn("a"), amount(500, 40));
    capacity.take(claim("red", "web", 1000, 10, ["a"]));
    assert.deepEqual(capacity.usedOn("a"), amount(1000, 40));
    capacity.setRunning([
      { workload: "web", node: "a", amount: amount(700, 40) },
      { workload: "web", node: "a", amount: amount(700, 40) },
    ]);
    assert.deepEqual(capacity.usedOn("a"), amount(1400, 80));
    capacity.setRunning([]);
    assert.deepEqual(capacity.usedOn("a"), amount(1000, 10));
  });

  it("counts allocations that name no workload in full, beside what runs", () => {
    const capacity = Capacity.of([node("a", 4000, 100)]);
    capacity.setRunning([{ workload: "red", node: "a", amount: amount(500, 40) }]);
    capacity.take(claim("red", null, 1000, 10, ["a"]));
    assert.deepEqual(capacity.usedOn("a"), amount(1500, 50));
  });

  it("leaves its base alone when a fork changes, and sees the base where the fork did not", () => {
    const base = Capacity.of([node("a", 4000, 100), node("b", 4000, 100)]);
    const held = claim("red", "web", 1000, 10, ["a", "b"]);
    base.take(held);
    const fork = base.fork();
    fork.give(held);
    fork.take(claim("blue", null, 300, 5, ["b"]));
    assert.deepEqual(base.usedOn("a"), amount(1000, 10));
    assert.deepEqual(base.usedOn("b"), amount(1000, 10));
    assert.deepEqual(base.tenantNames(), ["red"]);
    assert.deepEqual(fork.usedOn("a"), amount(0, 0));
    assert.deepEqual(fork.usedOn("b"), amount(300, 5));
    assert.deepEqual(fork.tenantNames(), ["blue"]);
  });

  it("remembers what is held on a node that is away, and counts no capacity of nodes that are not ready", () => {
    const capacity = Capacity.of([node("a", 4000, 100), node("b", 4000, 100)]);
    capacity.take(claim("red", null, 1000, 10, ["b"]));
    capacity.setNodes([node("a", 4000, 100)]);
    assert.deepEqual(capacity.totals(), { allocatable: amount(4000, 100), free: amount(4000, 100) });
    capacity.setNodes([node("a", 4000, 100, { ready: false }), node("b", 4000, 100)]);
    assert.deepEqual(capacity.totals(), { allocatable: amount(4000, 100), free: amount(3000, 90) });
  });
});
