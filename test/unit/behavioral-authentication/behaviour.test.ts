import assert from "node:assert/strict";
import { seeded } from "../../../runtime/kernel/random";
import {
  genuinePValue,
  logEvidence,
  nextDrift,
  studentUpperTail,
} from "../../../runtime/security/behavioral-authentication/behaviour/evidence";
import { keystrokeFeatures, logScale } from "../../../runtime/security/behavioral-authentication/behaviour/keystrokes";
import {
  actionsOf,
  ACTIONS_PER_WINDOW,
  featuresOf,
  MOUSE_FEATURES,
  mouseWindows,
} from "../../../runtime/security/behavioral-authentication/behaviour/mouse";
import {
  distance,
  fitTemplate,
  isReplay,
  leaveOneOut,
} from "../../../runtime/security/behavioral-authentication/behaviour/template";
import { Hand, Typist } from "./people";

describe("behavioural authentication: templates", () => {
  const groups = ["a", "a", "b"];

  it("measure from the centre and the nearest samples, younger ones first", () => {
    const samples = Array.from({ length: 10 }, (_, index) => [index, -index, 1]);
    const template = fitTemplate(samples, groups);
    // Equal weights would give 4.5.
    assert.ok(template.centre[0]! > 4.5 && template.centre[0]! < 6, String(template.centre[0]));
    assert.ok(distance(template, [5, -5, 1]) < distance(template, [9, -9, 1]));
    assert.ok(distance(template, [9, -9, 1]) < distance(template, [9, -9, 2]));
  });

  it("let no single feature outweigh the rest", () => {
    const random = seeded(1);
    const samples = Array.from({ length: 20 }, () => Array.from({ length: 40 }, () => random()));
    const template = fitTemplate(samples, samples[0]!.map(String));
    const slip = samples[0]!.map((value, index) => (index === 7 ? 1e6 : value));
    const other = samples[0]!.map((value) => value + 1);
    assert.ok(distance(template, slip) < distance(template, other));
  });

  it("shrink the dispersion of a feature that never varied towards its group's", () => {
    const { scale } = fitTemplate(
      [
        [0, 1, 5],
        [0, 2, 5],
        [0, 3, 5],
      ],
      groups,
    );
    assert.ok(scale[0]! > 0.1);
    assert.equal(scale[2], 1e-9);
  });

  it("know a sample that is played back, unless the user's own are alike", () => {
    const random = seeded(4);
    const sample = (length = 20): number[] => Array.from({ length }, () => random());
    const names = (length: number): string[] => Array.from({ length }, (_, index) => String(index));
    const samples = [sample(), sample(), sample()];
    const template = fitTemplate(samples, names(20));
    assert.equal(isReplay(template, [...samples[1]!]), true);
    assert.equal(isReplay(template, sample()), false);
    const coarse = fitTemplate([...samples, samples[2]!], names(20));
    assert.equal(isReplay(coarse, samples[0]!), false);
    const short = [sample(4), sample(4)];
    assert.equal(isReplay(fitTemplate(short, names(4)), short[0]!), false);
  });

  it("need two samples", () => assert.throws(() => fitTemplate([[1]], ["a"]), RangeError));
});

describe("behavioural authentication: evidence", () => {
  it("has Student's upper tail (tables: t(10) = 1.812 at 5 %, t(1) = 12.706 at 2.5 %)", () => {
    assert.ok(Math.abs(studentUpperTail(1.812461, 10) - 0.05) < 1e-6);
    assert.ok(Math.abs(studentUpperTail(12.7062, 1) - 0.025) < 1e-6);
    assert.ok(Math.abs(studentUpperTail(-1.812461, 10) - 0.95) < 1e-6);
    assert.equal(studentUpperTail(0, 5), 0.5);
  });

  it("is a valid e-value: its mean over p-values of the user's own samples is 1 at most", () => {
    let total = 0;
    const steps = 1_000_000;
    for (let step = 0; step < steps; step++) total += Math.exp(logEvidence((step + 0.5) / steps));
    assert.ok(total / steps <= 1, String(total / steps));
    assert.ok(total / steps > 0.8);
  });

  it("speaks for the user by a half at most, and against him by e^6", () => {
    assert.equal(logEvidence(1), Math.log(0.5));
    assert.equal(logEvidence(0), 6);
    assert.ok(logEvidence(0.001) > 2);
  });

  it("gives a distance its place among the genuine ones", () => {
    const genuine = [10, 11, 12, 13, 14];
    assert.ok(genuinePValue(12, genuine) > 0.3);
    assert.ok(genuinePValue(100, genuine) < 0.001);
    // Templates that agree with themselves to the last bit do not make everything else an impostor.
    assert.ok(genuinePValue(12.5, [12, 12, 12, 12, 12]) > 0.2);
  });

  it("adds up over a session, and forgets what was taken back", () => {
    assert.equal(nextDrift(0, -0.5), 0);
    assert.equal(nextDrift(nextDrift(0, 2), 3), 5);
    assert.equal(nextDrift(1, -3), 0);
  });
});

describe("behavioural authentication: keystrokes", () => {
  const presses = [
    { down: 0, up: 90, pressure: 0.2, size: 0.1 },
    { down: 150, up: 230, pressure: 0.3, size: 0.1 },
    { down: 200, up: 300, pressure: 0.4, size: 0.1 },
    { down: 400, up: 480, pressure: 0.1, size: 0.1 },
  ];

  it("are the features of the CMU and MEU-Mobile sets", () => {
    const { groups, values } = keystrokeFeatures(presses);
    assert.deepEqual(
      groups.map((group, index) => [group, values[index]!]),
      [
        ...[90, 80, 100, 80].map((ms) => ["hold", Math.log(ms)]),
        ...[150, 50, 200].map((ms) => ["down-down", Math.log(ms)]),
        ...[60, -30, 100].map((ms) => ["up-down", logScale("up-down", ms)]),
        ...[0.2, 0.3, 0.4, 0.1].map((value) => ["pressure", Math.log(value)]),
        ...[0.1, 0.1, 0.1, 0.1].map((value) => ["size", Math.log(value)]),
        ["mean-hold", Math.log(87.5)],
        ["mean-pressure", Math.log(0.25)],
        ["mean-size", Math.log(0.1)],
      ],
    );
    assert.equal(logScale("up-down", -30), -Math.log1p(0.3));
  });

  it("have no pressure where one press has none, and come in the order of their beginning", () => {
    const { pressure: _, ...bare } = presses[2]!;
    const shuffled = [presses[3]!, bare, presses[1]!, presses[0]!];
    const { groups } = keystrokeFeatures(shuffled);
    assert.ok(!groups.includes("pressure") && !groups.includes("mean-pressure") && groups.includes("size"));
    assert.deepEqual(keystrokeFeatures(shuffled).values[0], Math.log(90));
  });

  it("of synthetic typists tell them apart, one imitating the average among them", () => {
    const random = seeded(7);
    const typists = Array.from({ length: 12 }, () => new Typist(random));
    const enrolled = typists.map((typist) => Array.from({ length: 15 }, () => typist.type()));
    const { groups } = enrolled[0]![0]!;
    let refused = 0;
    let accepted = 0;
    typists.forEach((typist, index) => {
      const samples = enrolled[index]!.map(({ values }) => values);
      const template = fitTemplate(samples, groups);
      const genuine = leaveOneOut(samples, groups);
      const p = (values: readonly number[]): number => genuinePValue(distance(template, values), genuine);
      for (let round = 0; round < 20; round++) if (p(typist.type().values) < 0.01) refused++;
      for (const other of typists) if (other !== typist && p(other.type().values) >= 0.01) accepted++;
      // A presentation attack from the population's statistics.
      const means = groups.map(
        (_, feature) => enrolled.reduce((sum, rows) => sum + rows[0]!.values[feature]!, 0) / enrolled.length,
      );
      if (p(means) >= 0.01) accepted++;
    });
    assert.ok(refused / (20 * 12) < 0.08, `${String(refused)} of 240 refused`);
    assert.ok(accepted / (12 * 12) < 0.05, `${String(accepted)} of 144 accepted`);
  });
});

describe("behavioural authentication: mouse (synthetic movements)", () => {
  it("cuts actions at pauses and at the release of a button", () => {
    const points = (from: number, count: number, button = false) =>
      Array.from({ length: count }, (_, index) => ({ t: from + 10 * index, x: index, y: index, button }));
    const actions = actionsOf([...points(0, 6), ...points(2000, 6, true), { t: 2100, x: 1, y: 1 }, ...points(2110, 3)]);
    assert.deepEqual(
      actions.map((action) => action.length),
      [6, 7],
    );
  });

  it("has 24 finite features of any action", () => {
    assert.equal(MOUSE_FEATURES.length, 24);
    const still = Array.from({ length: 6 }, (_, index) => ({ t: index, x: 3, y: 3 }));
    for (const action of [still, new Hand(seeded(2)).move(10).slice(0, 9)]) {
      const features = featuresOf(action);
      assert.equal(features.length, 24);
      assert.ok(features.every(Number.isFinite));
    }
  });

  it("stays finite whatever a client sends for time", () => {
    const hostile = new Hand(seeded(5))
      .move(20)
      .map((point, index) => ({ ...point, t: point.t + (index % 2) * 1e-300 }));
    const close = Array.from({ length: 3000 }, (_, index) => ({ t: index * 1e-9, x: index * 1e5 * (index % 2), y: 0 }));
    for (const window of [...mouseWindows(hostile), ...mouseWindows(close)]) assert.ok(window.every(Number.isFinite));
    assert.deepEqual(actionsOf(close), []);
  });

  it("leaves out samples that go back in time, and what is less than a window", () => {
    const hand = new Hand(seeded(3));
    assert.equal(mouseWindows(hand.move(ACTIONS_PER_WINDOW - 1)).length, 0);
    const moves = hand.move(ACTIONS_PER_WINDOW);
    assert.equal(mouseWindows(moves).length, 1);
    assert.deepEqual(mouseWindows([...moves, { t: 0, x: 0, y: 0 }]), mouseWindows(moves));
  });

  it("notices within a session that another hand took over, and not that the same one went on", () => {
    const random = seeded(11);
    const alarms = { same: 0, other: 0 };
    for (let user = 0; user < 10; user++) {
      const hand = new Hand(random);
      const thief = new Hand(random);
      const samples = Array.from({ length: 12 }, () => mouseWindows(hand.move(ACTIONS_PER_WINDOW))[0]!);
      const template = fitTemplate(samples, MOUSE_FEATURES);
      const genuine = leaveOneOut(samples, MOUSE_FEATURES);
      const drift = (who: Hand): number => {
        let at = 0;
        for (let window = 0; window < 8; window++) {
          const [sample] = mouseWindows(who.move(ACTIONS_PER_WINDOW));
          at = nextDrift(at, logEvidence(genuinePValue(distance(template, sample!), genuine)));
        }
        return at;
      };
      if (drift(hand) > Math.log(100)) alarms.same++;
      if (drift(thief) > Math.log(100)) alarms.other++;
    }
    assert.ok(alarms.same <= 1 && alarms.other >= 7, JSON.stringify(alarms));
  });
});
