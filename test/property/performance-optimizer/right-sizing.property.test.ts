import assert from "node:assert/strict";
import fc from "fast-check";
import { CPU_BUCKETS } from "../../../runtime/scalability/performance-optimizer/right-sizing/buckets";
import { DecayingHistogram } from "../../../runtime/scalability/performance-optimizer/right-sizing/decaying-histogram";
import { FLEET_SETTINGS, recommendFleet } from "../../../runtime/scalability/performance-optimizer/right-sizing/fleet";
import { UsageHistory } from "../../../runtime/scalability/performance-optimizer/right-sizing/usage-history";
import { VPA } from "../../../runtime/scalability/performance-optimizer/right-sizing/vpa";

const START = Date.parse("2026-01-01T00:00:00Z");
const DAY = 24 * 3600 * 1000;

const cores = fc.double({ min: 0, max: 64, noNaN: true });
const samples = fc.array(cores, { minLength: 1, maxLength: 60 });

function history(values: readonly number[]): UsageHistory {
  const usage = new UsageHistory();
  values.forEach((value, index) => usage.addCpu(value, START + index * 300_000));
  return usage;
}

describe("right-sizing, whatever the samples", () => {
  it("has percentiles that rise and that hold at least their share", () => {
    fc.assert(
      fc.property(samples, (values) => {
        const { cpu } = history(values);
        let before = 0;
        for (const share of [0.1, 0.5, 0.9, 0.99, 1]) {
          const limit = cpu.percentile(share);
          assert.ok(limit >= before);
          before = limit;
        }
        assert.ok(before >= Math.max(...values));
      }),
    );
  });

  it("keeps percentiles over saving and loading, but for what rounds to nothing", () => {
    fc.assert(
      fc.property(samples, (values) => {
        const { cpu } = history(values);
        const loaded = new DecayingHistogram(CPU_BUCKETS, DAY);
        loaded.load(cpu.save());
        assert.equal(loaded.percentile(1), cpu.percentile(1));
        assert.ok(Math.abs(loaded.save().totalWeight - cpu.save().totalWeight) < 1e-9);
      }),
    );
  });

  it("does not depend on the order of the samples", () => {
    fc.assert(
      fc.property(samples, (values) => {
        const [forwards, backwards] = [
          new DecayingHistogram(CPU_BUCKETS, DAY),
          new DecayingHistogram(CPU_BUCKETS, DAY),
        ];
        const timed = values.map((value, index) => [value, START + index * 300_000] as const);
        for (const [value, time] of timed) forwards.add(value, 1, time);
        for (const [value, time] of timed.toReversed()) backwards.add(value, 1, time);
        for (const { limit, above } of forwards.exceedance()) {
          const other = backwards.exceedance().find((step) => step.limit === limit);
          assert.ok(other && Math.abs(other.above - above) < 1e-9);
        }
      }),
    );
  });

  it("gives a fleet no more than its budget, and nobody less than the 90th percentile", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(samples, fc.integer({ min: 1, max: 20 })), { minLength: 2, maxLength: 8 }),
        (fleet) => {
          const members = fleet.map(([values, replicas], index) => ({
            workload: String(index),
            replicas,
            history: history(values),
          }));
          const targets = recommendFleet(members);
          let [given, budget, least] = [0, 0, 0];
          targets.forEach(({ cpuCores, vpaCores, above }, index) => {
            const { replicas, history: usage } = members[index]!;
            const floor = Math.max(VPA.minimum.cpuCores, usage.cpu.percentile(VPA.target));
            assert.ok(cpuCores >= floor - 1e-9, `${String(cpuCores)} is below ${String(floor)}`);
            assert.ok(above <= FLEET_SETTINGS.mostAbove + 1e-9);
            given += replicas * cpuCores;
            budget += replicas * vpaCores * (1 - FLEET_SETTINGS.saving);
            least += replicas * floor;
          });
          // Where even the floors exceed the budget, the floors it is.
          assert.ok(given <= Math.max(budget, least) + 1e-6, `${String(given)} of ${String(budget)}`);
        },
      ),
      { numRuns: 60 },
    );
  });
});
