import assert from "node:assert/strict";
import {
  growthYesterday,
  newDayProfile,
  record,
} from "../../../../runtime/scalability/auto-scaling-engine/prediction/day-profile";
import {
  append,
  demandAt,
  HISTORY_SECONDS,
  newHistory,
} from "../../../../runtime/scalability/auto-scaling-engine/prediction/history";
import {
  judge,
  newMissControl,
  provide,
  tail,
} from "../../../../runtime/scalability/auto-scaling-engine/prediction/miss-control";
import {
  learn,
  newRegression,
  predict,
} from "../../../../runtime/scalability/auto-scaling-engine/prediction/recursive-least-squares";
import {
  addResidual,
  exceededWith,
  newResiduals,
} from "../../../../runtime/scalability/auto-scaling-engine/prediction/residuals";
import { DAY, noise, START } from "./support";

describe("recursive least squares", () => {
  it("finds the weights of a linear relation, and follows when they change", () => {
    const state = newRegression(2);
    const train = (weights: [number, number], from: number): void => {
      for (let i = from; i < from + 400; i++) {
        const features = [noise(i, 1) - 0.5, noise(i, 2) - 0.5];
        const outcome = weights[0] * features[0]! + weights[1] * features[1]!;
        learn(state, features, outcome - predict(state, features), 0.95);
      }
    };
    const weights = (): number[] => state.weights.map((weight) => Math.round(weight * 1000) / 1000);
    train([2, -1], 0);
    assert.deepEqual(weights(), [2, -1]);
    train([-3, 0.5], 400);
    assert.deepEqual(weights(), [-3, 0.5]);
  });

  it("stays finite without excitation for a month, and after overflow", () => {
    const state = newRegression(3);
    for (let i = 0; i < 200_000; i++) learn(state, [1, 1, 0], 0, 0.98);
    assert.ok([...state.weights, ...state.covariance].every(Number.isFinite));
    learn(state, [1e200, 1e200, 1], 1e200, 0.98);
    assert.deepEqual(state, newRegression(3));
  });
});

describe("history", () => {
  it("is straight between samples and flat outside", () => {
    const history = newHistory();
    append(history, { time: 1000, demand: 10 });
    append(history, { time: 3000, demand: 20 });
    assert.deepEqual(
      [0, 1000, 1500, 3000, 9000].map((time) => demandAt(history, time)),
      [10, 10, 12.5, 20, 20],
    );
  });

  it("is bounded in time and in number", () => {
    const history = newHistory();
    for (let i = 0; i < 5000; i++) append(history, { time: i * 15_000, demand: i });
    assert.ok(history.times.length <= HISTORY_SECONDS / 15 + 2);
    for (let i = 0; i < 5000; i++) append(history, { time: 5000 * 15_000 + i, demand: i });
    assert.ok(history.times.length <= HISTORY_SECONDS / 5 + 2);
  });
});

describe("day profile", () => {
  it("tells yesterday's growth where it knows it, within bounds", () => {
    const profile = newDayProfile();
    const at = (second: number): number => START + second * 1000;
    for (let second = 0; second <= DAY; second += 15) record(profile, at(second), second < 600 ? 10 : 20);
    assert.equal(growthYesterday(profile, at(DAY), at(DAY + 60)), 1);
    assert.equal(growthYesterday(profile, at(DAY), at(DAY + 660)), 2);
    // Not known: the minute's neighbour was not seen yet, or is long gone.
    assert.equal(growthYesterday(profile, at(2 * DAY), at(2 * DAY + 60)), 1);
    assert.equal(growthYesterday(profile, at(-DAY), at(0)), 1);
  });

  it("forgets what lies in a gap", () => {
    const profile = newDayProfile();
    const at = (minute: number): number => START + minute * 60_000;
    for (let minute = 0; minute < 100; minute++) record(profile, at(minute), minute < 50 ? 1 : 2);
    for (let minute = 1490; minute < 1500; minute++) record(profile, at(minute), 5);
    assert.equal(growthYesterday(profile, at(1440 + 48), at(1440 + 52)), 2);
    record(profile, at(5000), 5);
    assert.equal(growthYesterday(profile, at(1440 + 48), at(1440 + 52)), 1);
  });
});

describe("residuals", () => {
  it("tells the error that is exceeded with a probability", () => {
    const residuals = newResiduals();
    for (let i = 0; i < 20_000; i++) addResidual(residuals, noise(i) * 4 - 1, 0.9999);
    for (const probability of [0.5, 0.1, 0.02]) {
      assert.ok(Math.abs(exceededWith(residuals, probability) - (3 - 4 * probability)) < 0.15);
    }
  });

  it("stays between -12 and 12 whatever it is told, and forgets", () => {
    const residuals = newResiduals();
    for (let i = 0; i < 5000; i++) addResidual(residuals, 1e9, 0.99);
    assert.ok(exceededWith(residuals, 1e-4) <= 12.1);
    for (let i = 0; i < 5000; i++) addResidual(residuals, -1e9, 0.99);
    assert.ok(exceededWith(residuals, 0.01) <= -11.9);
  });
});

describe("miss control", () => {
  it("allows less after misses and more after successes, within bounds", () => {
    const control = newMissControl(0.01);
    const round = (second: number, load: number): void => {
      provide(control, second * 1000, load);
      judge(control, second * 1000, 10, 60_000, 0.01);
    };
    const first = tail(control);
    round(0, 9);
    assert.ok(tail(control) < first);
    const low = tail(control);
    for (let i = 1; i < 10_000; i++) round(i * 15, 11);
    assert.ok(tail(control) > low && tail(control) <= 0.3);
    for (let i = 10_000; i < 20_000; i++) round(i * 15, 9);
    assert.ok(tail(control) >= 1e-4 * 0.999 && tail(control) < 1.1e-4);
  });

  it("counts what is held from before, as far as it is not given up after", () => {
    const judged = (...provisions: [number, number][]): number => {
      const control = newMissControl(0.01);
      for (const [second, load] of provisions) provide(control, second * 1000, load);
      judge(control, 60_000, 10, 60_000, 0.01);
      return tail(control);
    };
    const [missed, covered] = [judged([60, 5]), judged([60, 20])];
    assert.ok(missed < covered);
    assert.equal(judged([0, 20], [60, 5], [75, 12]), covered);
    assert.equal(judged([0, 20], [60, 5], [75, 6]), missed);
    assert.equal(judged([0, 6], [60, 5], [75, 20]), missed);
  });

  it("judges no moment that nothing was provisioned for", () => {
    const control = newMissControl(0.01);
    const before = tail(control);
    judge(control, 0, 10, 60_000, 0.01);
    assert.equal(tail(control), before);
  });
});
