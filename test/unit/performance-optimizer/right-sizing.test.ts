import assert from "node:assert/strict";
import { MnoError } from "../../../runtime/exports";
import { CPU_BUCKETS } from "../../../runtime/scalability/performance-optimizer/right-sizing/buckets";
import { DecayingHistogram } from "../../../runtime/scalability/performance-optimizer/right-sizing/decaying-histogram";
import {
  FLEET_SETTINGS,
  type FleetMember,
  recommendFleet,
} from "../../../runtime/scalability/performance-optimizer/right-sizing/fleet";
import { rejectionOf } from "../../../runtime/scalability/performance-optimizer/right-sizing/sample-check";
import { UsageHistory } from "../../../runtime/scalability/performance-optimizer/right-sizing/usage-history";

const START = Date.parse("2026-01-01T00:00:00Z");
const DAY = 24 * 3600 * 1000;

function member(workload: string, cores: (index: number) => number, replicas = 1): FleetMember {
  const history = new UsageHistory();
  for (let index = 0; index < 144; index++) history.addCpu(cores(index), START + index * 300_000);
  return { workload, replicas, history };
}

describe("right-sizing", () => {
  describe("decaying histograms", () => {
    it("halve what is a half-life old", () => {
      const histogram = new DecayingHistogram(CPU_BUCKETS, DAY);
      histogram.add(1, 1, START);
      histogram.add(2, 1, START + DAY);
      const [old, young] = histogram.exceedance();
      assert.ok(Math.abs(old!.above - 2 / 3) < 1e-9, String(old!.above));
      assert.equal(histogram.exceedance().at(-1)!.above, 0);
      assert.ok(young!.limit > old!.limit);
    });

    it("have in exceedance the counterpart of the percentile", () => {
      const histogram = new DecayingHistogram(CPU_BUCKETS, DAY);
      for (let index = 0; index < 100; index++) histogram.add(index / 10, 1, START);
      for (const { limit, above } of histogram.exceedance().slice(0, -1)) {
        assert.equal(histogram.percentile(1 - above - 1e-9), limit);
      }
    });

    it("refuse a damaged checkpoint and say what is wrong with it", () => {
      const good = { referenceTime: START, totalWeight: 1, bucketWeights: { "3": 10_000 } };
      for (const [change, named] of [
        [{ bucketWeights: { "9999": 1 } }, /bucket 9999/],
        [{ bucketWeights: { "3": -1 } }, /weight -1/],
        [{ totalWeight: -1 }, /total weight -1/],
      ] as const) {
        assert.throws(
          () => new DecayingHistogram(CPU_BUCKETS, DAY).load({ ...good, ...change }),
          (error) => error instanceof MnoError && error.code === "MNO_CHECKPOINT_INVALID" && named.test(error.message),
        );
      }
    });

    it("refuse to merge with others of another half-life", () => {
      const [one, other] = [DAY, DAY / 2].map((halfLife) => new DecayingHistogram(CPU_BUCKETS, halfLife));
      assert.throws(() => one!.merge(other!), RangeError);
    });
  });

  describe("a fleet's budget", () => {
    // Steady at one core but for two peaks a day; the other wanders between nothing and two cores.
    const steady = member("steady", (index) => (index % 36 < 3 ? 1.05 : 1));
    const wild = member("wild", (index) => (index % 20) / 10);

    it("saves what it promises and exceeds less often than the same everywhere", () => {
      const targets = recommendFleet([steady, wild]);
      const total = (of: (target: (typeof targets)[0]) => number): number =>
        targets.reduce((sum, one) => sum + of(one), 0);
      assert.ok(total((one) => one.cpuCores) <= (1 - FLEET_SETTINGS.saving) * total((one) => one.vpaCores));
      assert.ok(total((one) => one.above) <= total((one) => one.vpaAbove));
    });

    it("puts nobody below the 90th percentile", () => {
      for (const { above } of recommendFleet([steady, wild])) assert.ok(above <= 0.1 + 1e-9);
    });

    it("leaves a workload alone with the Vertical Pod Autoscaler's target", () => {
      const [alone] = recommendFleet([steady]);
      assert.equal(alone!.cpuCores, alone!.vpaCores);
    });

    it("gives an idle workload the least there is", () => {
      const [idle] = recommendFleet([member("idle", () => 0), steady]);
      assert.equal(idle!.cpuCores, 0.025);
      assert.equal(idle!.above, 0);
    });

    it("has nothing to say about nobody", () => assert.deepEqual(recommendFleet([]), []));
  });

  it("tells samples that cannot be true", () => {
    assert.deepEqual(
      [NaN, Infinity, -0.1, 4.5, 1e6, 0, 4.3].map((value) => rejectionOf(value, 4)),
      ["not-finite", "not-finite", "negative", "impossible", "impossible", undefined, undefined],
    );
  });
});
