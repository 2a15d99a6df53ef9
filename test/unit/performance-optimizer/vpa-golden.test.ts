import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import { CPU_BUCKETS, MEMORY_BUCKETS } from "../../../runtime/scalability/performance-optimizer/right-sizing/buckets";
import { DecayingHistogram } from "../../../runtime/scalability/performance-optimizer/right-sizing/decaying-histogram";
import {
  ReplicaUsage,
  UsageHistory,
} from "../../../runtime/scalability/performance-optimizer/right-sizing/usage-history";
import { recommendAsVpa } from "../../../runtime/scalability/performance-optimizer/right-sizing/vpa";

// Written by tools/oracles/go/vpa from the Vertical Pod Autoscaler's own code; its types say what the members are.
interface HistogramCase {
  kind: "histogram";
  resource: "cpu" | "memory";
  halfLife: number;
  start: number;
  steps: [0 | 1, number, number, number][];
  merged: [0 | 1, number, number, number][];
  percentiles: number[][];
  checkpoint: { buckets: Record<string, number>; totalWeight: number; reference: number };
}
interface ContainerCase {
  kind: "container";
  start: number;
  request: number;
  samples: [0 | 1 | 2, number, number, 0 | 1][];
  recommendations: Record<"target" | "lower" | "upper", { cpu: number; memory: number }>[];
}

const FILE = resolve(__dirname, "../../golden/vpa/cases.jsonl.gz");
const cases = gunzipSync(readFileSync(FILE))
  .toString("utf8")
  .trimEnd()
  .split("\n")
  .map((line) => JSON.parse(line) as HistogramCase | ContainerCase);

const PERCENTILES = [0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1];
const near = (found: number, right: number, what: string): void =>
  assert.ok(Math.abs(found - right) <= 1e-9 * Math.abs(right), `${what}: ${String(found)}, not ${String(right)}`);

describe("right-sizing beside the Vertical Pod Autoscaler's own code", () => {
  it("has the same histograms after adding, subtracting, merging, saving and loading", () => {
    const histograms = cases.filter((one) => one.kind === "histogram");
    assert.ok(histograms.length >= 100);
    histograms.forEach((one, index) => {
      const make = () =>
        new DecayingHistogram(one.resource === "cpu" ? CPU_BUCKETS : MEMORY_BUCKETS, one.halfLife * 1000);
      const apply = (to: DecayingHistogram, steps: HistogramCase["steps"]): void => {
        for (const [operation, value, weight, at] of steps) {
          to[operation === 0 ? "add" : "subtract"](value, weight, (one.start + at) * 1000);
        }
      };
      const check = (of: DecayingHistogram, stage: number): void =>
        PERCENTILES.forEach((p, place) =>
          near(
            of.percentile(p),
            one.percentiles[stage]![place]!,
            `case ${String(index)}.${String(stage)}, P${String(p * 100)}`,
          ),
        );
      const histogram = make();
      const quarter = one.steps.length / 4;
      for (let stage = 0; stage < 4; stage++) {
        apply(histogram, one.steps.slice(stage * quarter, (stage + 1) * quarter));
        check(histogram, stage);
      }
      const other = make();
      apply(other, one.merged);
      histogram.merge(other);
      check(histogram, 4);
      const saved = histogram.save();
      assert.deepEqual(saved.bucketWeights, one.checkpoint.buckets);
      assert.equal(saved.referenceTime, one.checkpoint.reference * 1000);
      near(saved.totalWeight, one.checkpoint.totalWeight, `case ${String(index)}, total weight`);
      const loaded = make();
      loaded.load(saved);
      check(loaded, 5);
    });
  });

  it("takes and refuses the same samples and recommends the same amounts, out of memory included", () => {
    const containers = cases.filter((one) => one.kind === "container");
    assert.ok(containers.length >= 100);
    containers.forEach((one, index) => {
      const history = new UsageHistory();
      const replica = new ReplicaUsage(history);
      one.samples.forEach(([resource, value, at, taken], place) => {
        const time = (one.start + at) * 1000;
        const found =
          resource === 0
            ? replica.addCpu(value / 1000, time)
            : resource === 1
              ? replica.addMemory(value, time)
              : replica.outOfMemory(value, time);
        assert.equal(found, taken === 1, `case ${String(index)}, sample ${String(place)}`);
        if ((place + 1) % (one.samples.length / 4) !== 0) return;
        const right = one.recommendations[(place + 1) / (one.samples.length / 4) - 1]!;
        const ours = recommendAsVpa(history);
        for (const bound of ["target", "lower", "upper"] as const) {
          const { cpuCores, memoryBytes } = ours[bound];
          const what = `case ${String(index)}, sample ${String(place)}, ${bound}`;
          near(cpuCores * 1000, right[bound].cpu, `${what} cpu`);
          near(memoryBytes, right[bound].memory, `${what} memory`);
        }
      });
    });
  });
});
