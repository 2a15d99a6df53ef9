import assert from "node:assert/strict";
import { baseProbability, levelLift } from "../../../runtime/security/behavioral-authentication/history/chain";
import { DecayedCounts } from "../../../runtime/security/behavioral-authentication/history/decayed-counts";
import { Hierarchy, keysOf } from "../../../runtime/security/behavioral-authentication/history/hierarchy";
import { History, valuesOf } from "../../../runtime/security/behavioral-authentication/history/history";
import { DAY, NOW } from "./support";

const near = (actual: number, expected: number): void => assert.ok(Math.abs(actual - expected) < 1e-9, String(actual));

describe("behavioural authentication: history", () => {
  it("fades by half in a half-life, in any order of adding", () => {
    const counts = new DecayedCounts(10 * DAY, 100, NOW);
    counts.add("a", 1, NOW + 10 * DAY);
    counts.add("a", 1, NOW);
    near(counts.count("a", NOW + 10 * DAY), 1.5);
    near(counts.total(NOW + 20 * DAY), 0.75);
    assert.equal(counts.count("b", NOW), 0);
  });

  it("takes back exactly what was added, and never falls below nothing", () => {
    const counts = new DecayedCounts(10 * DAY, 100, NOW);
    counts.add("a", 1, NOW);
    counts.add("a", 1, NOW + DAY);
    counts.add("a", -1, NOW + DAY);
    near(counts.count("a", NOW), 1);
    counts.add("a", -5, NOW);
    assert.equal(counts.size, 0);
    assert.equal(counts.total(NOW), 0);
  });

  it("lives for centuries without overflow", () => {
    const counts = new DecayedCounts(DAY, 100, 0);
    counts.add("old", 1, 0);
    for (let year = 1; year <= 200; year++) counts.add("new", 1, year * 365 * DAY);
    near(counts.count("new", 200 * 365 * DAY), 1);
    assert.equal(counts.count("old", 200 * 365 * DAY), 0);
    assert.equal(counts.size, 1);
  });

  it("forgets the lightest tenth when it is full, but not their weight", () => {
    const counts = new DecayedCounts(DAY, 20, NOW);
    for (let value = 1; value <= 21; value++) counts.add(String(value), value, NOW);
    assert.equal(counts.size, 19);
    assert.equal(counts.count("1", NOW), 0);
    assert.equal(counts.count("3", NOW), 3);
    near(counts.total(NOW), 231);
  });

  it("comes back as it was", () => {
    const history = new History(10 * DAY, 20, NOW);
    history.add({ network: ["NO", "1", "x"], client: ["desktop", "Linux", "Firefox", "y"] }, 1, NOW);
    const back = new History(10 * DAY, 20, NOW + DAY).restore(
      JSON.parse(JSON.stringify(history.snapshot(NOW + DAY))) as ReturnType<History["snapshot"]>,
    );
    assert.deepEqual(back.snapshot(NOW + 2 * DAY), history.snapshot(NOW + 2 * DAY));
    near(back.logins(NOW + 10 * DAY), 0.5);
  });

  it("counts each level under its parent", () => {
    const hierarchy = new Hierarchy(3, DAY, 100, NOW);
    hierarchy.add(["NO", "1", "a"], 1, NOW);
    hierarchy.add(["NO", "1", "b"], 1, NOW);
    hierarchy.add(["NO", "2", "a"], 1, NOW);
    assert.deepEqual(hierarchy.counts(["NO", "1", "a"], NOW), [
      { value: 3, parent: 3, kinds: 1 },
      { value: 2, parent: 3, kinds: 2 },
      { value: 1, parent: 2, kinds: 2 },
    ]);
    assert.deepEqual(hierarchy.counts(["SE", "1", "a"], NOW), [
      { value: 0, parent: 3, kinds: 1 },
      { value: 0, parent: 0, kinds: 0 },
      { value: 0, parent: 0, kinds: 0 },
    ]);
    for (const key of keysOf(["SE", "9", "z"])) hierarchy.set(key, 2, NOW);
    assert.equal(hierarchy.counts(["SE", "9", "z"], NOW)[2]!.value, 2);
    assert.equal(valuesOf({ network: ["NO", "1", "a"], device: ["d"] }).length, 4);
  });
});

describe("behavioural authentication: lift along a hierarchy", () => {
  const base = 0.01;
  const lift = (value: number, parent: number, kinds: number): number => levelLift({ value, parent, kinds }, base, 0.5);

  it("is nothing without a history", () => assert.equal(lift(0, 0, 0), 0));

  it("costs a new value the more the longer the user did without, and the less the more kinds he has", () => {
    assert.ok(lift(0, 10, 1) < lift(0, 3, 1));
    assert.ok(lift(0, 10, 8) > lift(0, 10, 1));
    assert.ok(lift(0, 10, 1) < 0);
  });

  it("speaks for what the user often has and others seldom", () => {
    assert.ok(lift(10, 10, 1) > lift(5, 10, 2));
    assert.ok(levelLift({ value: 10, parent: 10, kinds: 1 }, 0.9, 0.5) < lift(10, 10, 1));
  });

  it("has for a value never seen what unseen ones share", () => {
    assert.equal(baseProbability({ value: 0, parent: 0, kinds: 0 }), 1);
    assert.ok(Math.abs(baseProbability({ value: 0, parent: 99, kinds: 9 }) - 0.001) < 1e-12);
  });
});
