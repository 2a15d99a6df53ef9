import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { recordScale } from "../../../runtime/scalability/auto-scaling-engine/behavior";
import { evaluate } from "../../../runtime/scalability/auto-scaling-engine/engine";
import { EMPTY_HISTORY, NOW, QUEUE, queueInput, scaler } from "../../unit/auto-scaling-engine/support";

/** Numenta Anomaly Benchmark (MIT, https://github.com/numenta/NAB): tweets about a company per five minutes. */
const FILE = join("..", "shared", "data", "autoscaling", "nab", "Twitter_volume_GOOG.csv");
const present = existsSync(FILE);
const SAMPLES = 4 * 288; // four days

/** Without the file: two sine waves, a day and its third, with a flash crowd on the second day. */
function syntheticLoad(): number[] {
  return Array.from({ length: SAMPLES }, (_, i) => {
    const day = (2 * Math.PI * i) / 288;
    return 40 + 25 * Math.sin(day) + 8 * Math.sin(3 * day) + (i > 420 && i < 430 ? 300 : 0);
  });
}

function recordedLoad(): number[] {
  const lines = readFileSync(FILE, "utf8")
    .trim()
    .split("\n")
    .slice(1, SAMPLES + 1);
  return lines.map((line) => Number(line.split(",")[1]));
}

describe("auto-scaling engine: replay", () => {
  it(present ? "of four days of NAB's Twitter_volume_GOOG" : `of a synthetic load, for ${FILE} is absent`, () => {
    const load = present ? recordedLoad() : syntheticLoad();
    assert.equal(load.length, SAMPLES);
    const spec = scaler({ ...QUEUE, minReplicas: 2, maxReplicas: 60 });
    let current = 2;
    let past = EMPTY_HISTORY;
    let changes = 0;
    load.forEach((total, sample) => {
      // Twenty evaluations, one every 15 s, at each five-minute value.
      const window: number[] = [];
      for (let tick = 0; tick < 20; tick += 1) {
        const now = NOW + (sample * 20 + tick) * 15_000;
        const { decision, history } = evaluate(queueInput(current, total / current, { spec, now, history: past }));
        const to = decision.desiredReplicas;
        past = to === current ? history : recordScale(spec, history, to - current, now);
        if (to !== current) changes += 1;
        current = to;
        window.push(to);
        assert.ok(past.recommendations.length <= 21 && past.scaleEvents.length <= 1, "the history stays bounded");
      }
      // Four doublings lead from 2 to 60 replicas: from then on the load of a constant five minutes is always served.
      const needed = Math.min(Math.max(total / (10 * 1.1), 2), 60);
      for (const replicas of window.slice(4))
        assert.ok(replicas >= Math.floor(needed), `${String(replicas)} of ${String(needed)}`);
      assert.ok(window.every((replicas) => replicas >= 2 && replicas <= 60));
    });
    assert.ok(changes > 10 && changes < SAMPLES, `${String(changes)} changes`);
  });
});
