import assert from "node:assert/strict";
import { estimateLength, resample } from "../../../../runtime/sustainability/green-scheduler/engine";
import { denoise } from "../../../../runtime/sustainability/green-scheduler/engine/smoothing";

const HOUR = 3_600_000;

describe("green scheduler: what planning starts from", () => {
  it("resamples stretches to the steps of a grid, and leaves out what is not known", () => {
    const stretches = [
      { from: 0, to: HOUR / 2, gramsPerKwh: 100 },
      { from: HOUR / 2, to: 2 * HOUR, gramsPerKwh: 200 },
    ];
    assert.deepEqual([...resample(stretches, { from: 0, stepMs: HOUR, steps: 3 })], [150, 200, NaN]);
  });

  /** Sum of twelve uniform numbers: near enough to a normal one. */
  function noiseOf(count: number): number[] {
    let seed = 42;
    const random = (): number => (seed = (seed * 48271) % 2147483647) / 2147483647;
    return Array.from({ length: count }, () => Array.from({ length: 12 }, random).reduce((a, b) => a + b, -6));
  }

  it("takes independent errors out of a forecast, and leaves one whose errors are smooth nearly alone", () => {
    const truth = Float64Array.from({ length: 400 }, (_, i) => 300 + 80 * Math.sin(i / 8));
    const noise = noiseOf(400);
    const error = (series: Float64Array): number =>
      Math.sqrt(series.reduce((sum, value, i) => sum + (value - truth[i]!) ** 2, 0) / series.length);
    const noisy = truth.map((value, i) => value + 30 * noise[i]!);
    assert.ok(error(denoise(noisy, 0.1)) < 0.6 * error(noisy));
    // As wrong on the whole, but without noise from step to step.
    const biased = truth.map((value, i) => value + 30 * Math.sin(i / 40));
    const change = denoise(biased, 0.1).reduce((worst, value, i) => Math.max(worst, Math.abs(value - biased[i]!)), 0);
    assert.ok(change < 2, `changed by up to ${String(change)}`);
    assert.equal(denoise(noisy, null), noisy);
    assert.equal(denoise(noisy, 0), noisy);
  });

  it("learns run lengths from what was seen, runs that have not ended included", () => {
    const finished = Array.from({ length: 99 }, (_, i) => ({ seconds: 100 + i, finished: true }));
    const learnt = estimateLength({ seen: finished, declaredSeconds: 150, ranSeconds: 0 });
    assert.ok(learnt.meanSeconds > 140 && learnt.meanSeconds < 160);
    assert.ok(learnt.highSeconds >= 198);
    assert.ok(learnt.highSeconds > learnt.meanSeconds);
    const running = Array.from({ length: 50 }, () => ({ seconds: 150, finished: false }));
    const censored = estimateLength({ seen: [...finished, ...running], declaredSeconds: 150, ranSeconds: 0 });
    assert.ok(censored.meanSeconds > learnt.meanSeconds);
  });

  it("knows only what the owner declares of a job never seen, and doubts it", () => {
    const { meanSeconds, highSeconds } = estimateLength({ seen: [], declaredSeconds: 600, ranSeconds: 0 });
    assert.ok(Math.abs(meanSeconds - 600) < 1e-9);
    assert.ok(highSeconds > 1000 && highSeconds <= 1200);
  });

  it("rules out lengths that a running job has outlived", () => {
    const seen = [100, 100, 100, 1000].map((seconds) => ({ seconds, finished: true }));
    const left = estimateLength({ seen, declaredSeconds: 50, ranSeconds: 200 });
    assert.equal(left.meanSeconds, 800);
    const beyond = estimateLength({ seen, declaredSeconds: 100, ranSeconds: 2000 });
    assert.ok(beyond.meanSeconds > 0 && Number.isFinite(beyond.highSeconds));
  });
});
