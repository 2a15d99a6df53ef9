import assert from "node:assert/strict";
import fc from "fast-check";
import { Capacity } from "../../../runtime/scalability/elastic-resource-manager/capacity";
import { place } from "../../../runtime/scalability/elastic-resource-manager/engine";
import type { Amount } from "../../../runtime/scalability/elastic-resource-manager/quantities";
import { demand, node, numbered } from "../../support/erm-fixtures";

/**
 * The four properties that the paper proves (Ghodsi et al., NSDI 2011, section 4) for divisible tasks. Ours are whole, so
 * each holds up to the size of one task; the bounds below follow from progressive filling and are stated where they are used.
 */

const TOTAL = 10_000;

const RESOURCES = ["cpuMilli", "memoryBytes"] as const;

const task = fc.record({
  cpuMilli: fc.integer({ min: 50, max: 500 }),
  memoryBytes: fc.integer({ min: 50, max: 500 }),
});
const tenants = fc.array(task, { minLength: 2, maxLength: 4 });

const dominant = (each: Amount): number => Math.max(each.cpuMilli, each.memoryBytes) / TOTAL;

/** Tasks that fit into `bundle`. */
const tasksIn = (bundle: Amount, each: Amount): number =>
  Math.max(0, Math.min(...RESOURCES.map((resource) => Math.floor(bundle[resource] / each[resource]))));

const bundleOf = (each: Amount, tasks: number): Amount => ({
  cpuMilli: each.cpuMilli * tasks,
  memoryBytes: each.memoryBytes * tasks,
});

/** Tasks that each tenant gets of one node when all ask for more of theirs than fit. */
function share(demands: readonly Amount[]): number[] {
  const rounds = Math.ceil(TOTAL / 50);
  const requests = Array.from({ length: rounds }, () =>
    demands.map((each, i) =>
      demand(`t${i}`, each.cpuMilli, each.memoryBytes, { strategy: "dominant-resource-fairness" }),
    ),
  ).flat();
  const granted = demands.map(() => 0);
  for (const { outcome, request } of place(Capacity.of([node("n", TOTAL, TOTAL)]), requests, numbered())) {
    const index = Number(request.tenant.slice(1));
    if (outcome === "allocated") granted[index] = (granted[index] as number) + 1;
  }
  return granted;
}

describe("properties of dominant resource fairness", () => {
  it("Pareto efficiency: when all are served, nobody's next task fits", () => {
    fc.assert(
      fc.property(tenants, (demands) => {
        const granted = share(demands);
        for (const each of demands) {
          const fits = RESOURCES.every(
            (resource) =>
              demands.reduce((sum, d, i) => sum + d[resource] * (granted[i] as number), 0) + each[resource] <= TOTAL,
          );
          assert.equal(fits, false);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("sharing incentive: each tenant's dominant share is at least 1/n, up to one task of each tenant", () => {
    // When a tenant is first turned away some resource is full but for its task, and no other tenant is ahead of it by more
    // than one task of its own: 1 < n s + the sum of all tenants' dominant tasks.
    fc.assert(
      fc.property(tenants, (demands) => {
        const slack = demands.reduce((sum, each) => sum + dominant(each), 0);
        share(demands).forEach((tasks, i) => {
          assert.ok(tasks * dominant(demands[i] as Amount) > (1 - slack) / demands.length);
        });
      }),
      { numRuns: 60 },
    );
  });

  it("envy-freeness: with another's bundle less one of the other's tasks, no tenant could run more tasks than it does", () => {
    fc.assert(
      fc.property(tenants, (demands) => {
        const granted = share(demands);
        demands.forEach((mine, i) =>
          demands.forEach((theirs, j) => {
            if (i === j) return;
            const bundle = bundleOf(theirs, Math.max(0, (granted[j] as number) - 1));
            assert.ok(tasksIn(bundle, mine) <= (granted[i] as number));
          }),
        );
      }),
      { numRuns: 60 },
    );
  });

  it("strategy-proofness: asking for more per task than is needed wins no more than rounding can", () => {
    // Truth and lie each end within one task of each tenant of the divisible solution, in which lying wins nothing.
    fc.assert(
      fc.property(tenants, task, (demands, extra) => {
        const [mine, ...others] = demands as [Amount, ...Amount[]];
        const lie = { cpuMilli: mine.cpuMilli + extra.cpuMilli, memoryBytes: mine.memoryBytes + extra.memoryBytes };
        const honest = share(demands)[0] as number;
        const useful = tasksIn(bundleOf(lie, share([lie, ...others])[0] as number), mine);
        const slack = [lie, mine, ...others].reduce((sum, each) => sum + dominant(each), 0) / dominant(mine);
        assert.ok(useful <= honest + slack, `${useful} > ${honest} + ${slack}`);
      }),
      { numRuns: 60 },
    );
  });
});
