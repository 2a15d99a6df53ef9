import assert from "node:assert/strict";
import fc from "fast-check";
import {
  begin,
  end,
  nextArm,
  observe,
  valueOf,
} from "../../../runtime/scalability/performance-optimizer/experiments/experiment";
import type { ExperimentInput } from "../../../runtime/scalability/performance-optimizer/experiments/schemas";

const NOW = Date.parse("2026-01-01T00:00:00Z");
const INPUT: ExperimentInput = {
  knob: { name: "pool size", minimum: 1, maximum: 32, current: 8, url: "http://127.0.0.1:1/knob" },
  candidate: 16,
  measureUrl: "http://127.0.0.1:1/measure",
  objective: { name: "latency", better: "lower" },
  windowSeconds: 10,
  mostWindows: 40,
  significance: 0.05,
  keep: false,
};
const objective = fc.oneof(fc.double({ min: 0, max: 1000, noNaN: true }), fc.constantFrom(NaN, Infinity));

describe("an experiment, whatever is measured", () => {
  it("ends in time, sets the knob to nothing but its two values, and says what came of it", () => {
    fc.assert(
      fc.property(fc.array(objective, { minLength: 40, maxLength: 40 }), (measured) => {
        let experiment = begin("exp_1", INPUT, NOW);
        for (const value of measured) {
          if (experiment.state !== "running") break;
          assert.ok([8, 16].includes(valueOf(experiment, nextArm(experiment))));
          experiment = observe(experiment, { objective: value }, NOW);
        }
        assert.equal(experiment.state, "reverting", "it is not to be kept");
        assert.notEqual(experiment.outcome, null);
        assert.ok(experiment.reasons.at(-1)!.includes("goes back to 8"));
        if (experiment.windows.some((window) => !Number.isFinite(window.objective))) {
          assert.equal(experiment.outcome, "failed");
        }
      }),
    );
  });

  it("gives both values the same number of windows in each four", () => {
    let experiment = begin("exp_1", INPUT, NOW);
    for (let window = 0; window < 4; window++) experiment = observe(experiment, { objective: 5 }, NOW);
    assert.deepEqual(
      experiment.windows.map(({ arm }) => arm),
      ["baseline", "candidate", "candidate", "baseline"],
    );
  });

  it("leaves a steady trend to neither value", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.1, max: 10, noNaN: true }), (slope) => {
        let experiment = begin("exp_1", INPUT, NOW);
        for (let window = 0; experiment.state === "running"; window++) {
          experiment = observe(experiment, { objective: 100 + slope * window }, NOW);
        }
        assert.equal(experiment.outcome, "inconclusive");
      }),
    );
  });

  it("keeps the candidate only where it was better and is to be kept", () => {
    for (const keep of [true, false]) {
      for (const outcome of ["better", "worse", "inconclusive", "stopped", "interrupted", "failed"] as const) {
        const { state } = end(begin("exp_1", { ...INPUT, keep }, NOW), outcome, "over", NOW);
        assert.equal(state, keep && outcome === "better" ? "keeping" : "reverting");
      }
    }
  });
});
