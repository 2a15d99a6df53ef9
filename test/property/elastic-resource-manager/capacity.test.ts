import assert from "node:assert/strict";
import fc from "fast-check";
import { Capacity, type Claim } from "../../../runtime/scalability/elastic-resource-manager/capacity";
import type { Decision } from "../../../runtime/scalability/elastic-resource-manager/decision";
import type { Demand } from "../../../runtime/scalability/elastic-resource-manager/demand";
import { place } from "../../../runtime/scalability/elastic-resource-manager/engine";
import {
  type Amount,
  demandOf,
  plus,
  quantitiesOf,
  ZERO,
} from "../../../runtime/scalability/elastic-resource-manager/quantities";
import { STRATEGY_NAMES } from "../../../runtime/scalability/elastic-resource-manager/demand";
import { demand, node, numbered } from "../../support/erm-fixtures";

const quantities = (most: number) =>
  fc.record({ cpuMilli: fc.integer({ min: 1, max: most }), memoryBytes: fc.integer({ min: 0, max: most }) });

/** Of GPUs a share of one, or up to two; of something else up to three. */
const amounts = (most: number, whole = false) =>
  fc
    .tuple(
      quantities(most),
      fc.oneof(fc.constant(0), fc.integer({ min: whole ? 1000 : 1, max: 1000 }), fc.constant(2000)),
      fc.integer({ min: 0, max: 3 }),
    )
    .map(([some, gpuMilli, fpga]) =>
      plus({ ...some, gpuMilli: whole ? gpuMilli - (gpuMilli % 1000) : gpuMilli, custom: { fpga } }, ZERO),
    );

const nodes = fc
  .array(fc.record({ allocatable: amounts(8000, true), zone: fc.constantFrom("z1", "z2"), ready: fc.boolean() }), {
    maxLength: 5,
  })
  .map((list) => list.map((each, i) => node(`n${i}`, 0, 0, each)));

const demands = fc.array(
  fc.record({
    tenant: fc.constantFrom("red", "green", "blue"),
    workload: fc.constantFrom(null, "web", "db"),
    amount: amounts(3000),
    replicas: fc.integer({ min: 1, max: 4 }),
    strategy: fc.constantFrom(...STRATEGY_NAMES),
    zone: fc.constantFrom(null, null, "z1"),
  }),
  { maxLength: 20 },
);

const running = fc.array(
  fc.record({ workload: fc.constantFrom("web", "db"), node: fc.constantFrom("n0", "n1"), amount: amounts(500) }),
  { maxLength: 4 },
);

const toDemand = (each: Partial<Demand>): Demand => ({ ...demand("", 0, 0), ...each });

const claimOf = ({ request, chosen, devices }: Decision): Claim => ({
  tenant: request.tenant,
  workload: request.workload,
  amount: demandOf(request.requests),
  nodes: chosen,
  ...(devices && { devices }),
});

const piecesOf = ({ custom }: Amount): number => custom?.["fpga"] ?? 0;

describe("properties of placement", () => {
  it("no GPU is ever shared by more than it is, each replica has the devices it asked for, and all come back", () => {
    fc.assert(
      fc.property(nodes, demands, (supplies, requests) => {
        const capacity = Capacity.of(supplies);
        const shares = new Map<string, number>();
        const granted: Claim[] = [];
        for (const decision of place(capacity, requests.map(toDemand), numbered())) {
          const { gpuMilli = 0 } = demandOf(decision.request.requests);
          decision.chosen.forEach((name, replica) => {
            const devices = decision.devices?.[replica] ?? [];
            assert.equal(new Set(devices).size, Math.ceil(gpuMilli / 1000));
            for (const device of devices) {
              const key = `${name}/${device}`;
              shares.set(key, (shares.get(key) ?? 0) + Math.min(gpuMilli, 1000));
            }
          });
          if (decision.outcome !== "allocated") continue;
          granted.push(claimOf(decision));
          capacity.take(claimOf(decision));
        }
        capacity.nodes.forEach(({ name }, node) => {
          capacity.table.devicesOn(node).forEach((left, device) => {
            assert.equal(left, 1000 - (shares.get(`${name}/${device}`) ?? 0));
            assert.ok(left >= 0);
          });
        });
        for (const claim of granted) capacity.give(claim);
        assert.ok(capacity.nodes.every((_, node) => capacity.table.devicesOn(node).every((left) => left === 1000)));
      }),
    );
  });

  it("no node is ever over its allocatable, replicas are placed all or none, and the decision fits the state", () => {
    fc.assert(
      fc.property(nodes, demands, running, (supplies, requests, replicas) => {
        const capacity = Capacity.of(supplies);
        capacity.setRunning(replicas);
        const before = new Map(supplies.map(({ name }) => [name, capacity.usedOn(name)]));
        const decisions = place(capacity, requests.map(toDemand), numbered());
        assert.equal(decisions.length, requests.length);
        for (const [index, decision] of decisions.entries()) {
          const asked = requests[index] as (typeof requests)[number];
          assert.equal(decision.chosen.length, decision.outcome === "allocated" ? asked.replicas : 0);
          for (const name of decision.chosen) {
            assert.equal(capacity.node(name)?.ready, true);
            if (asked.zone !== null) assert.equal(capacity.node(name)?.zone, asked.zone);
          }
          if (decision.outcome === "allocated") capacity.take(claimOf(decision));
        }
        for (const { name, allocatable } of supplies) {
          const used = capacity.usedOn(name);
          const was = before.get(name) ?? ZERO;
          // What runs may outgrow a node by itself; an allocation never adds to that.
          assert.ok(used.cpuMilli <= Math.max(allocatable.cpuMilli, was.cpuMilli), name);
          assert.ok(used.memoryBytes <= Math.max(allocatable.memoryBytes, was.memoryBytes), name);
          assert.ok((used.gpuMilli ?? 0) <= Math.max(allocatable.gpuMilli ?? 0, was.gpuMilli ?? 0), name);
          assert.ok(piecesOf(used) <= Math.max(piecesOf(allocatable), piecesOf(was)), name);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("the sum of the allocations is the sum of what the nodes have used, to the byte", () => {
    fc.assert(
      fc.property(nodes, demands, (supplies, requests) => {
        const capacity = Capacity.of(supplies);
        let granted = ZERO;
        for (const decision of place(capacity, requests.map(toDemand), numbered())) {
          capacity.take(claimOf(decision));
          granted = plus(granted, demandOf(decision.request.requests), decision.chosen.length);
        }
        const used = supplies.reduce((sum, { name }) => plus(sum, capacity.usedOn(name)), ZERO);
        const tenants = capacity.tenantNames().reduce((sum, name) => plus(sum, capacity.allocatedTo(name)), ZERO);
        assert.deepEqual(used, granted);
        assert.deepEqual(tenants, granted);
      }),
    );
  });

  it("giving back frees exactly what was taken, in any order, with fractions of cores", () => {
    const fraction = fc.double({ min: 0.001, max: 3, noNaN: true });
    fc.assert(
      fc.property(fc.array(fraction, { minLength: 1, maxLength: 20 }), fc.infiniteStream(fc.nat()), (cores, order) => {
        const capacity = Capacity.of([node("a", 100_000, 100_000)]);
        const claims = cores.map((cpuCores, i): Claim => ({
          tenant: `t${i % 3}`,
          workload: i % 2 ? "web" : null,
          amount: demandOf({ cpuCores, memoryBytes: i }),
          nodes: ["a", "a"],
        }));
        for (const each of claims) capacity.take(each);
        while (claims.length > 0) {
          const [given] = claims.splice((order.next().value as number) % claims.length, 1) as [Claim];
          const before = capacity.usedOn("a");
          capacity.give(given);
          assert.deepEqual(plus(before, capacity.usedOn("a"), -1), plus(ZERO, given.amount, 2));
        }
        assert.deepEqual(capacity.usedOn("a"), ZERO);
        assert.deepEqual(capacity.tenantNames(), []);
      }),
    );
  });

  it("replaying the same claims in another order gives the same state", () => {
    const claims = fc.array(
      fc.record({
        tenant: fc.constantFrom("red", "blue"),
        workload: fc.constantFrom(null, "web"),
        amount: amounts(1000),
        nodes: fc.array(fc.constantFrom("a", "b"), { minLength: 1, maxLength: 3 }),
      }),
      { maxLength: 12 },
    );
    const shuffled = claims.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
    );
    const picture = (list: readonly Claim[]) => {
      const capacity = Capacity.of([node("a", 1e6, 1e6), node("b", 1e6, 1e6)]);
      for (const each of list) capacity.take(each);
      return {
        used: ["a", "b"].map((name) => capacity.usedOn(name)),
        tenants: capacity.tenantNames().map((name) => capacity.allocatedTo(name)),
        replicas: [null, "web"].flatMap((workload) =>
          ["red", "blue"].map((tenant) => [...capacity.replicasPerNode({ tenant, workload })].sort()),
        ),
      };
    };
    fc.assert(fc.property(shuffled, ([list, other]) => assert.deepEqual(picture(other), picture(list))));
  });

  it("quantities survive the way to whole units and back", () => {
    fc.assert(
      fc.property(amounts(1_000_000), (there) => {
        assert.deepEqual(demandOf(quantitiesOf(there)), there);
      }),
    );
  });
});
