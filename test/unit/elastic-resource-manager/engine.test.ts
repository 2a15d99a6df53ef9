import assert from "node:assert/strict";
import { Capacity } from "../../../runtime/scalability/elastic-resource-manager/capacity";
import { dominantShare } from "../../../runtime/scalability/elastic-resource-manager/drf";
import type { Demand } from "../../../runtime/scalability/elastic-resource-manager/demand";
import { place } from "../../../runtime/scalability/elastic-resource-manager/engine";
import { amount, claim, demand, node, numbered } from "../../support/erm-fixtures";

const decide = (capacity: Capacity, ...demands: Demand[]) => place(capacity, demands, numbered());

describe("placement by the elastic resource manager", () => {
  it("best-fit takes the fullest node that still fits and says how full each would be", () => {
    const capacity = Capacity.of([node("big", 8000, 800), node("full", 2000, 200), node("small", 4000, 400)]);
    capacity.take(claim("red", null, 1500, 150, ["full"]));
    const [decision] = decide(capacity, demand("blue", 1000, 100));
    assert.deepEqual(decision?.chosen, ["small"]);
    assert.deepEqual(decision.nodes, [
      { node: "big", score: 0.125, reason: null },
      { node: "full", score: null, reason: "needs 1 cores, 0.5 free of 2; needs 100 bytes, 50 free of 200" },
      { node: "small", score: 0.25, reason: null },
    ]);
    assert.deepEqual(decision.refusals, { "cpu-and-memory": 1 });
    assert.deepEqual(decision.capacity, {
      before: { cpuCores: 12.5, memoryBytes: 1250 },
      after: { cpuCores: 11.5, memoryBytes: 1150 },
    });
    assert.deepEqual(decision.reasons, ["2 of 3 nodes fit", "best-fit scores small highest"]);
  });

  it("decides equal scores by the node's name", () => {
    const capacity = Capacity.of([node("b", 1000, 100), node("a", 1000, 100)]);
    assert.deepEqual(decide(capacity, demand("red", 100, 10))[0]?.chosen, ["a"]);
  });

  it("spread fills zones evenly before nodes, and prefers the least allocated node", () => {
    const capacity = Capacity.of([node("a1", 4000, 400), node("a2", 4000, 400), node("b1", 4000, 400, { zone: "z2" })]);
    capacity.take(claim("other", null, 1000, 10, ["a1"]));
    const [decision] = decide(capacity, demand("red", 500, 50, { strategy: "spread", replicas: 4, workload: "web" }));
    assert.deepEqual(decision?.chosen, ["a2", "b1", "a1", "b1"]);
  });

  it("spread counts replicas that already run without an allocation", () => {
    const capacity = Capacity.of([node("a", 4000, 400), node("b", 4000, 400)]);
    capacity.setRunning([{ workload: "web", node: "a", amount: amount(1, 1) }]);
    const [decision] = decide(capacity, demand("red", 500, 50, { strategy: "spread", workload: "web" }));
    assert.deepEqual(decision?.chosen, ["b"]);
  });

  it("places all replicas or none, and says which one did not fit where, with numbers", () => {
    const capacity = Capacity.of([node("a", 1800, 1000)]);
    const [decision, next] = decide(
      capacity,
      demand("red", 700, 10, { replicas: 3 }),
      demand("blue", 1800, 10, { replicas: 1 }),
    );
    assert.equal(decision?.outcome, "refused");
    assert.deepEqual(decision.chosen, []);
    assert.deepEqual(decision.nodes, [{ node: "a", score: null, reason: "needs 0.7 cores, 0.4 free of 1.8" }]);
    assert.deepEqual(decision.reasons, [
      "replica 3 of 3 fits on none of 1 nodes",
      "the other 2 would have fitted; replicas are placed all or none",
    ]);
    assert.deepEqual(decision.capacity.before, decision.capacity.after);
    assert.equal(next?.outcome, "allocated", "the refused one left nothing behind");
  });

  it("passes over nodes that are not ready or in another zone, and an empty cluster, each by name", () => {
    const capacity = Capacity.of([
      node("a", 1000, 100, { ready: false }),
      node("b", 1000, 100, { zone: "z2" }),
      node("c", 1000, 50),
    ]);
    const [decision] = decide(capacity, demand("red", 100, 60, { zone: "z1" }));
    assert.deepEqual(
      decision?.nodes.map(({ reason }) => reason),
      ["not ready", "in zone z2, not z1", "needs 60 bytes, 50 free of 50"],
    );
    assert.deepEqual(decision.refusals, { "not-ready": 1, "other-zone": 1, memory: 1 });
    assert.deepEqual(decide(Capacity.of(), demand("red", 1, 1))[0]?.reasons, ["the cluster has no nodes"]);
  });

  it("lists the best 16 nodes of a large cluster and counts the rest", () => {
    const nodes = Array.from({ length: 40 }, (_, i) => node(`n${String(i).padStart(2, "0")}`, 1000 + i * 100, 1000));
    const [decision] = decide(Capacity.of(nodes), demand("red", 1500, 10));
    assert.equal(decision?.considered, 40);
    assert.equal(decision.nodes.length, 16);
    assert.equal(decision.nodes[0]?.node, "n05");
    assert.deepEqual(decision.chosen, ["n05"]);
    assert.deepEqual(decision.refusals, { cpu: 5 });
  });

  it("changes nothing of the state it decides on", () => {
    const capacity = Capacity.of([node("a", 1000, 100)]);
    decide(capacity, demand("red", 600, 60), demand("red", 600, 60));
    assert.deepEqual(capacity.usedOn("a"), amount(0, 0));
    assert.deepEqual(capacity.tenantNames(), []);
  });
});

describe("dominant resource fairness", () => {
  const drf = (tenant: string, cpuMilli: number, memoryBytes: number) =>
    demand(tenant, cpuMilli, memoryBytes, { strategy: "dominant-resource-fairness" });

  const granted = (decisions: ReturnType<typeof place>, tenant: string) =>
    decisions.filter((d) => d.outcome === "allocated" && d.request.tenant === tenant).length;

  it("solves the example of the paper: 9 CPUs and 18 GB, A <1, 4>, B <3, 1> get 3 and 2 tasks", () => {
    const capacity = Capacity.of([node("cluster", 9000, 18)]);
    // All of A's requests come first; order of arrival would give A four tasks and B one.
    const demands = [...Array<Demand>(10).fill(drf("a", 1000, 4)), ...Array<Demand>(10).fill(drf("b", 3000, 1))];
    const decisions = place(capacity, demands, numbered());
    assert.equal(granted(decisions, "a"), 3);
    assert.equal(granted(decisions, "b"), 2);
    const share = (held: ReturnType<typeof amount>) => dominantShare(held, amount(9000, 18)).share;
    assert.equal(share(amount(3000, 12)), share(amount(6000, 2)), "both end at two thirds");
  });

  it("gives a tenant of twice the weight twice the share", () => {
    const capacity = Capacity.of([node("cluster", 9000, 1000)]);
    const demands = [...Array<Demand>(9).fill(drf("a", 1000, 1)), ...Array<Demand>(9).fill(drf("b", 1000, 1))];
    const decisions = place(capacity, demands, { ...numbered(), weights: { b: 2 } });
    assert.equal(granted(decisions, "a"), 3);
    assert.equal(granted(decisions, "b"), 6);
  });

  it("counts what the tenants held before the batch", () => {
    const capacity = Capacity.of([node("cluster", 9000, 1000)]);
    capacity.take(claim("a", null, 5000, 1, ["cluster"]));
    const decisions = place(
      capacity,
      [...Array<Demand>(4).fill(drf("a", 1000, 1)), ...Array<Demand>(4).fill(drf("b", 1000, 1))],
      numbered(),
    );
    assert.equal(granted(decisions, "a"), 0);
    assert.equal(granted(decisions, "b"), 4);
  });

  it("does not refuse a request for raising its tenant's share", () => {
    const capacity = Capacity.of([node("cluster", 9000, 1000)]);
    assert.equal(decide(capacity, drf("a", 9000, 1000))[0]?.outcome, "allocated");
  });

  it("keeps its places in the line beside requests of other strategies", () => {
    const capacity = Capacity.of([node("cluster", 2000, 100)]);
    capacity.take(claim("rich", null, 10, 50, ["cluster"]));
    const decisions = decide(capacity, drf("rich", 900, 1), demand("other", 900, 1), drf("poor", 900, 1));
    assert.deepEqual(
      decisions.map(({ outcome }) => outcome),
      ["refused", "allocated", "allocated"],
    );
    assert.deepEqual(
      decisions.map(({ id }) => id),
      ["dec_3", "dec_2", "dec_1"],
    );
  });
});
