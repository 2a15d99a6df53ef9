import assert from "node:assert/strict";
import fc from "fast-check";
import { type Allocation, allocationOf } from "../../../runtime/scalability/elastic-resource-manager/allocation";
import { Capacity } from "../../../runtime/scalability/elastic-resource-manager/capacity";
import type { Demand } from "../../../runtime/scalability/elastic-resource-manager/demand";
import { placeGangs } from "../../../runtime/scalability/elastic-resource-manager/engine";
import { unitOf } from "../../../runtime/scalability/elastic-resource-manager/gangs";
import { demand, node, numbered } from "../../support/erm-fixtures";

const TENANTS = ["red", "green", "blue"] as const;
const QUOTAS: Record<string, { cpuCores?: number; memoryBytes?: number }> = {
  red: { cpuCores: 4 },
  green: { memoryBytes: 3000, cpuCores: 9 },
};

const demands = fc
  .record({
    tenant: fc.constantFrom(...TENANTS),
    workload: fc.constantFrom(null, "web", "db"),
    cpuMilli: fc.integer({ min: 1, max: 3000 }),
    memoryBytes: fc.integer({ min: 1, max: 2000 }),
    replicas: fc.integer({ min: 1, max: 3 }),
    priority: fc.integer({ min: -1, max: 2 }),
    preempt: fc.boolean(),
    preemptible: fc.boolean(),
    strategy: fc.constantFrom("best-fit" as const, "spread" as const, "dominant-resource-fairness" as const),
  })
  .map(({ tenant, cpuMilli, memoryBytes, ...more }): Demand => demand(tenant, cpuMilli, memoryBytes, more));

const gangs = fc.array(demands, { minLength: 1, maxLength: 3 });
const batches = fc.array(fc.array(gangs, { maxLength: 5 }), { minLength: 1, maxLength: 5 });

const supplies = fc
  .array(fc.record({ cpuMilli: fc.integer({ min: 500, max: 6000 }), zone: fc.constantFrom("z1", "z2", "z3") }), {
    minLength: 1,
    maxLength: 5,
  })
  .map((list) => list.map(({ cpuMilli, zone }, index) => node(`n${index}`, cpuMilli, 4000, { zone })));

/** Runs batches as the ledger does, and looks at each decision and at the state after each batch. */
function run(
  nodes: ReturnType<typeof node>[],
  list: readonly (readonly Demand[][])[],
  lose: (batch: number) => readonly string[] = () => [],
): void {
  const active = new Map<string, Allocation>();
  const gangSizes = new Map<string, number>();
  const state = Capacity.of(nodes);
  const present = new Set(nodes.map(({ name }) => name));
  let ids = 0;
  list.forEach((asks, batch) => {
    for (const name of lose(batch)) present.delete(name);
    state.setNodes(nodes.filter(({ name }) => present.has(name)));
    for (const each of [...active.values()]) {
      if (!active.has(each.id) || each.gangId === undefined || each.nodes.every((name) => present.has(name))) continue;
      for (const member of unitOf(each, active)) {
        active.delete(member.id);
        state.give(member);
      }
    }
    const before = new Map(active);
    const options = { ...numbered(), nextId: () => `dec_${(ids += 1)}`, held: before };
    const answers = placeGangs(state, asks, { ...options, quotas: (tenant) => QUOTAS[tenant] });
    answers.forEach((decisions, index) => {
      const members = asks[index] as readonly Demand[];
      const refused = decisions.some(({ outcome }) => outcome === "refused");
      assert.equal(decisions.length, refused ? 1 : members.length, "all members, or one refusal");
      decisions.forEach((decision, member) => {
        if (refused) assert.deepEqual([decision.chosen, decision.preempted], [[], undefined]);
        for (const { allocationId } of decision.preempted ?? []) {
          const victim = active.get(allocationId);
          assert.ok(victim && before.has(allocationId), "held before the batch, and preempted once");
          const asked = members[member] as Demand;
          for (const each of unitOf(victim, active)) {
            assert.equal(each.preemptible, true);
            assert.ok((each.priority ?? 0) < (asked.priority ?? 0));
            assert.ok(
              decision.preempted?.some(({ allocationId }) => allocationId === each.id),
              "whole gangs",
            );
          }
          assert.equal(asked.preempt, true);
        }
        for (const { allocationId } of decision.preempted ?? []) {
          state.give(active.get(allocationId) as Allocation);
          active.delete(allocationId);
        }
        if (refused) return;
        const allocation = allocationOf(decision, batch);
        assert.ok(allocation.nodes.every((name) => present.has(name)));
        active.set(allocation.id, allocation);
        state.take(allocation);
        if (allocation.gangId !== undefined) gangSizes.set(allocation.gangId, members.length);
      });
    });
    for (const name of present) {
      const supply = state.node(name);
      const used = state.usedOn(name);
      assert.ok(supply && used.cpuMilli <= supply.allocatable.cpuMilli, "CPU is allocated once");
      assert.ok(used.memoryBytes <= supply.allocatable.memoryBytes, "memory is allocated once");
    }
    for (const [tenant, { cpuCores = Infinity, memoryBytes = Infinity }] of Object.entries(QUOTAS)) {
      const held = state.allocatedTo(tenant);
      assert.ok(held.cpuMilli <= cpuCores * 1000 && held.memoryBytes <= memoryBytes, `${tenant} is over its quota`);
    }
    for (const each of active.values()) {
      if (each.gangId === undefined) continue;
      assert.equal(unitOf(each, active).length, gangSizes.get(each.gangId), "half a gang is left");
    }
  });
}

describe("properties of quotas, priorities, preemption, gangs and rules", () => {
  it("nothing is allocated twice, no quota exceeded, nothing preempted that may not be, no gang halved", () => {
    fc.assert(
      fc.property(supplies, batches, (nodes, list) => run(nodes, list)),
      { numRuns: 300 },
    );
  });

  it("holds while nodes vanish at random", () => {
    const losses = fc.array(fc.subarray(["n0", "n1", "n2", "n3", "n4"]), { minLength: 5, maxLength: 5 });
    fc.assert(
      fc.property(supplies, batches, losses, (nodes, list, lost) => run(nodes, list, (batch) => lost[batch] ?? [])),
      { numRuns: 300 },
    );
  });

  it("the refusal of a gang changes nothing: what comes after it is decided as if it had not been there", () => {
    fc.assert(
      fc.property(supplies, fc.array(gangs, { maxLength: 5 }), gangs, (nodes, asks, last) => {
        const state = Capacity.of(nodes);
        const all = [...asks, last].map((members) => members.map(({ preempt: _, priority: __, ...each }) => each));
        const outcomes = (list: typeof all) =>
          placeGangs(state, list, numbered()).map((decisions) => decisions.map(({ chosen }) => chosen));
        const refused = placeGangs(state, all, numbered()).map(([first]) => first?.outcome === "refused");
        const rest = outcomes(all.filter((_, index) => !refused[index]));
        if (all.some((members) => members[0]?.strategy === "dominant-resource-fairness")) return;
        assert.deepEqual(
          outcomes(all).filter((_, index) => !refused[index]),
          rest,
        );
      }),
    );
  });

  it("zones never differ by more than the skew, among those that the request may use", () => {
    const asks = fc.array(
      fc.record({ replicas: fc.integer({ min: 1, max: 4 }), maxSkew: fc.integer({ min: 1, max: 3 }) }),
      {
        maxLength: 8,
      },
    );
    fc.assert(
      fc.property(supplies, asks, fc.integer({ min: 1, max: 2 }), (nodes, list, zones) => {
        const state = Capacity.of(
          nodes.map((each) => ({ ...each, labels: { pool: each.zone <= `z${zones}` ? "a" : "b" } })),
        );
        const eligible = new Set(nodes.map(({ zone }) => zone).filter((zone) => zone <= `z${zones}`));
        let widest = 0;
        for (const { replicas, maxSkew } of list) {
          const rules = { maxSkew, nodeSelector: { pool: "a" } };
          const [[decision] = []] = placeGangs(
            state,
            [[demand("red", 300, 1, { workload: "web", replicas, rules })]],
            numbered(),
          );
          if (decision?.outcome !== "allocated") continue;
          state.take(allocationOf(decision, 0));
          widest = Math.max(widest, maxSkew);
          const counts = new Map([...eligible].map((zone) => [zone, 0]));
          for (const [name, count] of state.replicasPerNode({ tenant: "red", workload: "web" })) {
            const { zone } = state.node(name) as { zone: string };
            assert.ok(eligible.has(zone));
            counts.set(zone, (counts.get(zone) ?? 0) + count);
          }
          assert.ok(Math.max(...counts.values()) - Math.min(...counts.values()) <= widest);
        }
      }),
      { numRuns: 300 },
    );
  });
});
