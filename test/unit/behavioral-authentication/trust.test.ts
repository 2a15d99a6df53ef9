import assert from "node:assert/strict";
import { seeded } from "../../../runtime/kernel/random";
import {
  calibrate,
  priorCalibration,
  probabilityOf,
  reliability,
  scoreAt,
} from "../../../runtime/security/behavioral-authentication/trust/calibration";
import { lessonOf, type LearnedToday } from "../../../runtime/security/behavioral-authentication/trust/learning";
import {
  chooseThresholds,
  conformalThreshold,
  levelOf,
} from "../../../runtime/security/behavioral-authentication/trust/thresholds";
import { DAY, NOW } from "./support";

const PRIOR = priorCalibration(0.001);
const RATES = { stepUp: 0.05, deny: 0.001 };

describe("behavioural authentication: calibration", () => {
  it("stays with the prior without labels, and moves with them", () => {
    assert.deepEqual(calibrate([], PRIOR), PRIOR);
    assert.ok(Math.abs(probabilityOf(0, PRIOR) - 0.001) < 1e-12);
    assert.ok(Math.abs(probabilityOf(scoreAt(0.2, PRIOR), PRIOR) - 0.2) < 1e-12);
    const one = calibrate([{ score: 5, fraud: true }], PRIOR);
    assert.ok(probabilityOf(5, one) > probabilityOf(5, PRIOR));
    assert.ok(probabilityOf(5, one) < 0.5);
  });

  it("finds the true probabilities", () => {
    const random = seeded(5);
    const truth = { slope: 0.5, intercept: -3, labels: 0 };
    const labels = Array.from({ length: 5000 }, () => {
      const score = 20 * random() - 8;
      return { score, fraud: random() < probabilityOf(score, truth) };
    });
    const found = calibrate(labels, PRIOR);
    assert.ok(Math.abs(found.slope - 0.5) < 0.05 && Math.abs(found.intercept + 3) < 0.2, JSON.stringify(found));
    const { error, bins } = reliability(
      labels.map((label) => ({ ...label, probability: probabilityOf(label.score, found) })),
    );
    assert.ok(error < 0.02);
    assert.equal(bins.length, 10);
  });

  it("undoes that frauds are kept longer than ordinary attempts", () => {
    const labels = [
      ...Array.from({ length: 100 }, () => ({ score: -2, fraud: false })),
      ...Array.from({ length: 100 }, () => ({ score: 8, fraud: true })),
    ];
    const even = calibrate(labels, PRIOR);
    const rare = calibrate(labels, PRIOR, { genuine: 100, fraud: 1 });
    assert.ok(probabilityOf(3, rare) < probabilityOf(3, even));
  });

  it("never turns round", () => {
    const perverse = Array.from({ length: 2000 }, (_, index) => ({ score: index % 10, fraud: index % 10 < 5 }));
    assert.ok(calibrate(perverse, PRIOR).slope > 0);
  });
});

describe("behavioural authentication: thresholds", () => {
  it("are exceeded by the stated share of attempts to come, whatever their distribution", () => {
    const random = seeded(9);
    const skewed = (): number => (-Math.log(1 - random())) ** 3;
    let exceeded = 0;
    const trials = 4000;
    for (let trial = 0; trial < trials; trial++) {
      const threshold = conformalThreshold(
        Array.from({ length: 39 }, skewed).sort((a, b) => a - b),
        0.05,
      )!;
      if (skewed() > threshold) exceeded++;
    }
    assert.ok(Math.abs(exceeded / trials - 0.05) < 0.012, String(exceeded / trials));
  });

  it("rest on probabilities while there are too few scores, and say so", () => {
    assert.equal(conformalThreshold([1, 2, 3], 0.05), undefined);
    const few = chooseThresholds([1, 2, 3], RATES, PRIOR);
    assert.match(few.basis, /3 genuine scores are too few/);
    assert.ok(Math.abs(probabilityOf(few.medium, PRIOR) - 0.01) < 1e-9);
    assert.ok(Math.abs(probabilityOf(few.high, PRIOR) - 0.2) < 1e-9);
    const many = chooseThresholds(
      Array.from({ length: 2000 }, (_, index) => index / 250),
      RATES,
      PRIOR,
    );
    assert.equal(many.medium, 7.6);
    assert.equal(many.high, 7.992);
    assert.deepEqual(
      [7.6, 7.7, 8, NaN].map((score) => levelOf(score, many)),
      ["low", "medium", "high", "high"],
    );
  });

  it("do not rise beyond what is likely a fraud, however oddly a crowd of accounts logs in", () => {
    const crowd = chooseThresholds(new Array<number>(5000).fill(40), RATES, PRIOR);
    assert.ok(Math.abs(crowd.medium - scoreAt(0.2, PRIOR)) < 1e-9);
    assert.equal(levelOf(20, crowd), "medium");
  });

  it("advise against only what is likely as well as rare", () => {
    const calm = chooseThresholds(new Array<number>(2000).fill(-9), RATES, PRIOR);
    assert.ok(Math.abs(calm.high - scoreAt(0.2, PRIOR)) < 1e-9);
    assert.equal(calm.medium, -9);
  });
});

describe("behavioural authentication: what a history takes in", () => {
  const facts = { level: "low", coldStart: false, source: "a", time: NOW } as const;

  it("is success at low risk, and what another factor confirmed", () => {
    assert.equal(lessonOf("success", facts, undefined).weight, 1);
    assert.equal(lessonOf("step-up-passed", { ...facts, level: "high", coldStart: true }, undefined).weight, 1);
    for (const [outcome, more] of [
      ["success", { level: "medium" }],
      ["success", { coldStart: true }],
      ["failure", {}],
      ["step-up-failed", {}],
      ["confirmed-fraud", {}],
    ] as const) {
      assert.equal(lessonOf(outcome, { ...facts, ...more }, undefined).weight, 0, outcome);
    }
  });

  it("is bounded per source and per day, however often it is tried", () => {
    let today: LearnedToday | undefined;
    let total = 0;
    const learn = (source: string, time: number): number => {
      const lesson = lessonOf("success", { ...facts, source, time }, today);
      today = lesson.today;
      return lesson.weight;
    };
    assert.deepEqual([learn("a", NOW), learn("a", NOW), learn("a", NOW)], [1, 0.5, 0.25]);
    total = 1.75;
    for (let source = 0; source < 1000; source++) total += learn(`s${String(source)}`, NOW);
    assert.equal(total, 3);
    assert.ok(Object.keys(today!.sources).length < 10);
    assert.equal(learn("a", NOW + DAY), 1);
    // Yesterday's attempts, told today, find yesterday closed.
    assert.equal(learn("b", NOW), 0);
  });
});
