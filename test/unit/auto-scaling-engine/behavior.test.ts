import assert from "node:assert/strict";
import {
  limitRate,
  recordRecommendation,
  recordScale,
  type ScalingHistory,
  stabilise,
} from "../../../runtime/scalability/auto-scaling-engine/behavior";
import { EMPTY_HISTORY, NOW, scaler } from "./support";

const recommended = (...past: [secondsAgo: number, replicas: number][]): ScalingHistory => ({
  ...EMPTY_HISTORY,
  recommendations: past.map(([secondsAgo, replicas]) => ({ time: NOW - secondsAgo * 1000, replicas })),
});
const changed = (...past: [secondsAgo: number, change: number][]): ScalingHistory => ({
  ...EMPTY_HISTORY,
  scaleEvents: past.map(([secondsAgo, change]) => ({ time: NOW - secondsAgo * 1000, change })),
});
const rules = (direction: "scaleUp" | "scaleDown", value: object) => scaler({ behavior: { [direction]: value } });

describe("auto-scaling engine: behavior", () => {
  describe("stabilisation", () => {
    const spec = scaler({ behavior: { scaleUp: { stabilizationWindowSeconds: 60 } } });
    const cases: [name: string, history: ScalingHistory, current: number, desired: number, expected: number][] = [
      ["without a past the newest recommendation rules", EMPTY_HISTORY, 5, 3, 3],
      ["down takes the highest of the window", recommended([10, 8], [200, 9], [290, 7]), 10, 4, 9],
      ["what is as old as the window is forgotten", recommended([300, 9], [299, 7]), 10, 4, 7],
      ["up takes the lowest of the window", recommended([10, 6], [50, 7]), 5, 9, 6],
      ["up stays while an agreement is missing", recommended([10, 4]), 5, 9, 5],
      ["the up window is shorter", recommended([60, 4], [59, 8]), 5, 9, 8],
      ["recommendations on both sides hold the number", recommended([10, 4], [20, 9]), 6, 8, 6],
    ];
    for (const [name, history, current, desired, expected] of cases) {
      it(name, () => assert.equal(stabilise(spec, history, current, desired, NOW), expected));
    }

    it("is off by default on the way up", () => {
      assert.equal(stabilise(scaler(), recommended([1, 4]), 5, 9, NOW), 9);
    });
  });

  describe("scaling policies", () => {
    it("default: up by the larger of 4 replicas and 100 % in 15 s", () => {
      assert.equal(limitRate(scaler(), EMPTY_HISTORY, 1, 50, NOW), 5);
      assert.equal(limitRate(scaler(), EMPTY_HISTORY, 10, 50, NOW), 20);
      assert.equal(limitRate(scaler(), changed([14, 5]), 10, 50, NOW), 10);
      assert.equal(limitRate(scaler(), changed([14, 2]), 10, 50, NOW), 16);
      assert.equal(limitRate(scaler(), changed([15, 5]), 10, 50, NOW), 20);
    });

    it("default: down freely", () => {
      assert.equal(limitRate(scaler(), EMPTY_HISTORY, 80, 1, NOW), 1);
    });

    it("rounds percentages up going up and truncates the rest going down", () => {
      const ten = { policies: [{ type: "Percent", value: 10, periodSeconds: 60 }] };
      assert.equal(limitRate(rules("scaleUp", ten), EMPTY_HISTORY, 1, 9, NOW), 2);
      assert.equal(limitRate(rules("scaleDown", ten), EMPTY_HISTORY, 72, 1, NOW), 64);
    });

    it("selects the smallest change with Min and none with Disabled", () => {
      const two = {
        policies: [
          { type: "Pods", value: 2, periodSeconds: 60 },
          { type: "Percent", value: 50, periodSeconds: 60 },
        ],
      };
      const limit = (direction: "scaleUp" | "scaleDown", selectPolicy: string, desired: number): number =>
        limitRate(rules(direction, { ...two, selectPolicy }), EMPTY_HISTORY, 20, desired, NOW);
      assert.equal(limit("scaleUp", "Max", 99), 30);
      assert.equal(limit("scaleUp", "Min", 99), 22);
      assert.equal(limit("scaleUp", "Disabled", 99), 20);
      assert.equal(limit("scaleDown", "Max", 1), 10);
      assert.equal(limit("scaleDown", "Min", 1), 18);
      assert.equal(limit("scaleDown", "Disabled", 1), 20);
    });

    it("counts changes of both directions since the period's start", () => {
      const spec = rules("scaleUp", { policies: [{ type: "Pods", value: 4, periodSeconds: 60 }] });
      // Ten a minute ago, six removed and two added since: up to fourteen.
      assert.equal(limitRate(spec, changed([50, -6], [20, 2]), 6, 99, NOW), 14);
    });

    it("follows the worked example of the Kubernetes documentation: 10 % or 4 replicas a minute, 80 down to 10", () => {
      const spec = rules("scaleDown", {
        policies: [
          { type: "Pods", value: 4, periodSeconds: 60 },
          { type: "Percent", value: 10, periodSeconds: 60 },
        ],
      });
      let history = EMPTY_HISTORY;
      const path = [80];
      for (let minute = 0; path.at(-1) !== 10; minute += 1) {
        const now = NOW + minute * 60_000;
        const current = path.at(-1) as number;
        const next = limitRate(spec, history, current, 10, now);
        history = recordScale(spec, history, next - current, now);
        assert.equal(limitRate(spec, history, next, 10, now + 59_999), next, "a second step within the minute");
        path.push(next);
      }
      assert.deepEqual(path, [80, 72, 64, 57, 51, 45, 40, 36, 32, 28, 24, 20, 16, 12, 10]);
    });
  });

  it("keeps of the past what a window or period can still reach", () => {
    const spec = scaler();
    assert.deepEqual(recordRecommendation(spec, recommended([300, 1], [299, 2]), 3, NOW).recommendations, [
      { time: NOW - 299_000, replicas: 2 },
      { time: NOW, replicas: 3 },
    ]);
    assert.deepEqual(recordScale(spec, changed([15, 1], [14, 2]), -3, NOW).scaleEvents, [
      { time: NOW - 14_000, change: 2 },
      { time: NOW, change: -3 },
    ]);
  });
});
