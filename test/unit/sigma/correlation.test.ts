import assert from "node:assert/strict";
import { SigmaEngine, type SigmaMatch } from "../../../runtime/kernel/sigma/engine";
import { loadSigma } from "../../../runtime/kernel/sigma/load";
import { EventView } from "../../../runtime/kernel/sigma/view";

const RULES = ["a", "b", "c"]
  .map(
    (name) => `title: ${name}\nname: ${name}\nlogsource: {product: x}\ndetection: {s: {kind: ${name}}, condition: s}`,
  )
  .join("\n---\n");

function engineOf(correlation: string, { lateness = 60, limits = {} } = {}): Harness {
  const loaded = loadSigma([{ source: "test", text: `${RULES}\n---\n${correlation}` }]);
  assert.deepEqual(loaded.refused, []);
  return new Harness(
    new SigmaEngine(loaded, {
      latenessMilliseconds: lateness * 1000,
      limits: { groups: 1000, events: 10_000, ...limits },
    }),
  );
}

class Harness {
  private count = 0;
  constructor(readonly engine: SigmaEngine) {}
  /** Correlations found by an event of a kind, at so many seconds. */
  at(second: number, kind: string, fields: Record<string, unknown> = {}): SigmaMatch[] {
    const event = { kind, user: "u", ...fields };
    const uid = `e${++this.count}`;
    const found = this.engine.process({
      uid,
      time: second * 1000,
      logsource: { product: "x" },
      view: new EventView(event),
    });
    return found.filter(({ correlation }) => correlation);
  }
  advance(second: number): SigmaMatch[] {
    return this.engine.advance(second * 1000);
  }
}

const correlation = (type: string, rules: string, rest: string): string =>
  `title: C\nname: corr\nlevel: high\ncorrelation:\n  type: ${type}\n  rules: [${rules}]\n  group-by: [user]\n  timespan: 100s\n${rest.replace(/^/gm, "  ")}`;

describe("Sigma: event_count", () => {
  it("fires at the event that completes the window, with its ids, and not before", () => {
    const h = engineOf(correlation("event_count", "a, b", "condition: {gte: 3}"));
    assert.deepEqual([h.at(0, "a"), h.at(50, "b"), h.at(60, "c")], [[], [], []]);
    const [match] = h.at(100, "a");
    assert.deepEqual(match?.events, ["e1", "e2", "e4"]);
    assert.deepEqual(match?.group, { user: "u" });
    assert.equal(match?.rule.level, "high");
  });

  it("does not fire over more than the timespan, nor over groups", () => {
    const h = engineOf(correlation("event_count", "a", "condition: {gt: 1}"));
    h.at(0, "a");
    assert.deepEqual(h.at(100.001, "a"), []);
    assert.deepEqual(h.at(101, "a", { user: "v" }), []);
    assert.equal(h.at(150, "a").length, 1);
  });

  it("uses events up: the next match needs as many again", () => {
    const h = engineOf(correlation("event_count", "a", "condition: {gte: 2}"));
    assert.deepEqual(
      [0, 1, 2, 3, 4].map((second) => h.at(second, "a").length),
      [0, 1, 0, 1, 0],
    );
  });

  it("counts events that come late, down to the watermark, and counts what is later", () => {
    const h = engineOf(correlation("event_count", "a", "condition: {gte: 3}"));
    h.at(0, "a");
    h.at(150, "c");
    h.at(140, "a");
    assert.equal(h.engine.stats().late, 0);
    h.at(10, "a");
    assert.equal(h.engine.stats().late, 1);
    assert.deepEqual(h.at(95, "a"), []);
    assert.equal(h.at(120, "a").length, 1);
  });

  it("completes an older window by a late event", () => {
    const h = engineOf(correlation("event_count", "a", "condition: {gte: 3}"), { lateness: 300 });
    h.at(0, "a");
    h.at(90, "a");
    h.at(195, "a");
    const [match] = h.at(10, "a");
    assert.deepEqual(match?.events, ["e1", "e4", "e2"]);
  });

  it("with an upper bound judges the window when it is over", () => {
    const h = engineOf(correlation("event_count", "a", "condition: {gt: 1, lte: 2}"), { lateness: 0 });
    h.at(0, "a");
    assert.deepEqual(h.at(1, "a"), []);
    assert.equal(h.advance(200).length, 1);
    h.at(300, "a");
    h.at(301, "a");
    h.at(302, "a");
    assert.deepEqual(h.advance(500), []);
  });

  it("leaves events without the group's field out, and counts them", () => {
    const h = engineOf(correlation("event_count", "a", "condition: {gte: 1}"));
    assert.deepEqual(h.at(0, "a", { user: null }), []);
    assert.equal(h.engine.stats().ungrouped, 1);
  });
});

describe("Sigma: value_count", () => {
  it("counts distinct values", () => {
    const h = engineOf(correlation("value_count", "a", "condition: {field: ip, gte: 3}"));
    for (const [index, ip] of ["1", "1", "2", "2", "1"].entries()) assert.deepEqual(h.at(index, "a", { ip }), []);
    assert.equal(h.at(5, "a", { ip: "3" }).length, 1);
  });

  it("forgets values that left the window", () => {
    const h = engineOf(correlation("value_count", "a", "condition: {field: ip, gte: 2}"));
    h.at(0, "a", { ip: 1 });
    assert.deepEqual(h.at(101, "a", { ip: 2 }), []);
  });

  it("takes several fields together", () => {
    const h = engineOf(correlation("value_count", "a", "condition: {field: [ip, port], gte: 2}"));
    h.at(0, "a", { ip: 1, port: 1 });
    assert.deepEqual(h.at(1, "a", { ip: 1, port: 1 }), []);
    assert.deepEqual(h.at(1, "a", { ip: 2 }), []);
    assert.equal(h.engine.stats().valueless, 1);
    assert.equal(h.at(2, "a", { ip: 1, port: 2 }).length, 1);
  });
});

describe("Sigma: temporal and temporal_ordered", () => {
  it("temporal wants all rules in any order", () => {
    const h = engineOf(correlation("temporal", "a, b, c", ""));
    h.at(0, "c");
    h.at(1, "c");
    h.at(2, "a");
    assert.equal(h.at(99, "b").length, 1);
  });

  it("temporal is over when one is too old", () => {
    const h = engineOf(correlation("temporal", "a, b", ""));
    h.at(0, "a");
    assert.deepEqual(h.at(101, "b"), []);
  });

  it("temporal with a condition wants that many different rules", () => {
    const h = engineOf(correlation("temporal", "a, b, c", "condition: {gte: 2}"));
    h.at(0, "a");
    assert.equal(h.at(1, "c").length, 1);
  });

  it("temporal_ordered wants the order, and the way that began last", () => {
    const h = engineOf(correlation("temporal_ordered", "a, b, c", ""));
    for (const [second, kind] of [
      [0, "a"],
      [10, "c"],
      [20, "b"],
      [90, "a"],
      [95, "b"],
    ] as const) {
      assert.deepEqual(h.at(second, kind), []);
    }
    const [match] = h.at(150, "c");
    assert.deepEqual(match?.events, ["e4", "e5", "e6"]);
  });

  it("temporal_ordered does not fire backwards, nor too late", () => {
    const h = engineOf(correlation("temporal_ordered", "a, b", ""));
    h.at(0, "b");
    assert.deepEqual(h.at(1, "a"), []);
    assert.deepEqual(h.at(102, "b"), []);
  });

  it("temporal_ordered puts late events where they belong", () => {
    const h = engineOf(correlation("temporal_ordered", "a, b", ""));
    h.at(50, "b");
    const [match] = h.at(40, "a");
    assert.deepEqual(match?.events, ["e2", "e1"]);
  });

  it("an event that two rules find is one step only", () => {
    const twice = `title: d\nname: d\nlogsource: {product: x}\ndetection: {s: {kind: [a, b]}, condition: s}`;
    const h = engineOf(`${correlation("temporal_ordered", "a, d", "")}\n---\n${twice}`);
    assert.deepEqual(h.at(0, "a"), []);
    assert.equal(h.at(1, "b").length, 1);
  });
});

describe("Sigma: sums, averages and percentiles", () => {
  it("value_sum fires at the event that completes it", () => {
    const h = engineOf(correlation("value_sum", "a", "condition: {field: bytes, gt: 100}"));
    h.at(0, "a", { bytes: 60 });
    assert.deepEqual(h.at(1, "a", { bytes: 40 }), []);
    assert.deepEqual(h.at(1, "a", { bytes: "many" }), []);
    assert.equal(h.engine.stats().valueless, 1);
    assert.equal(h.at(2, "a", { bytes: "0.5" }).length, 1);
  });

  it("value_avg is of the whole window", () => {
    const h = engineOf(correlation("value_avg", "a", "condition: {field: bytes, gt: 500}"), { lateness: 0 });
    assert.deepEqual(h.at(0, "a", { bytes: 900 }), []);
    h.at(1, "a", { bytes: 200 });
    assert.equal(h.advance(101.001).length, 1);
    h.at(200, "a", { bytes: 900 });
    h.at(201, "a", { bytes: 100 });
    assert.deepEqual(h.advance(400), []);
  });

  it("value_percentile with a percentile compares that of the numbers", () => {
    const h = engineOf(correlation("value_percentile", "a", "condition: {field: n, percentile: 50, gte: 3}"), {
      lateness: 0,
    });
    for (const n of [1, 2, 3, 4, 100]) h.at(n / 100, "a", { n });
    assert.equal(h.advance(200).length, 1);
    for (const n of [1, 2, 2, 4, 100]) h.at(300 + n / 100, "a", { n });
    assert.deepEqual(h.advance(600), []);
  });

  it("value_percentile without one finds values that are rare among all, as the specification's example", () => {
    const h = engineOf(correlation("value_percentile", "a", "condition: {field: image, lte: 1}"), { lateness: 0 });
    for (let index = 0; index < 99; index++) h.at(index / 10, "a", { image: "common.exe" });
    h.at(50, "a", { image: "rare.exe" });
    const found = h.advance(200);
    assert.deepEqual(
      found.map(({ events }) => events),
      [["e100"]],
    );
  });
});

describe("Sigma: aliases, generate, chains and bounds", () => {
  it("groups by aliases, by each rule's own field", () => {
    const h = engineOf(
      `title: C\ncorrelation:\n  type: temporal\n  rules: [a, b]\n  group-by: [ip]\n  timespan: 10s\n  aliases: {ip: {a: src, b: dst}}`,
    );
    h.at(0, "a", { src: "1.1.1.1", dst: "9.9.9.9" });
    assert.deepEqual(h.at(1, "b", { src: "1.1.1.1", dst: "2.2.2.2" }), []);
    const [match] = h.at(2, "b", { dst: "1.1.1.1" });
    assert.deepEqual(match?.group, { ip: "1.1.1.1" });
  });

  it("silences what it refers to, unless it generates", () => {
    for (const generate of [false, true]) {
      const h = engineOf(correlation("event_count", "a", `condition: {gte: 9}\ngenerate: ${generate}`));
      const process = (kind: string) =>
        h.engine.process({ uid: "x", time: 0, logsource: { product: "x" }, view: new EventView({ kind, user: "u" }) });
      assert.equal(process("a").length, generate ? 1 : 0);
      assert.equal(process("b").length, 1);
    }
  });

  const chain = (inner: string): string =>
    `title: Inner\nname: inner\ncorrelation: {type: event_count, rules: [a], group-by: [host], timespan: 60s, condition: ${inner}}\n---\n` +
    correlation("temporal_ordered", "inner, b", "");

  it("correlates correlations, by the outer's own fields", () => {
    const h = engineOf(chain("{gte: 2}"));
    h.at(0, "a", { host: "h" });
    assert.deepEqual(h.at(1, "b", { host: "h" }), []);
    h.at(2, "a", { host: "h" });
    const [match] = h.at(90, "b", { host: "other" });
    assert.equal(match?.rule.title, "C");
    assert.deepEqual(match?.events, ["e1", "e3", "e4"]);
    assert.deepEqual(match?.group, { user: "u" });
  });

  it("what an inner window comes to when it closes is in time for the outer", () => {
    const h = engineOf(chain("{gte: 2, lte: 5}"), { lateness: 10 });
    h.at(0, "a", { host: "h" });
    h.at(1, "a", { host: "h" });
    h.at(50, "b");
    assert.equal(h.advance(1000).length, 1);
  });

  it("keeps no more groups and events than it may, and says what went", () => {
    const h = engineOf(correlation("event_count", "a", "condition: {gte: 50}"), {
      limits: { groups: 10, events: 100 },
    });
    for (let index = 0; index < 500; index++) h.at(index / 1000, "a", { user: `u${index}` });
    const stats = h.engine.stats();
    assert.equal(stats.groups, 10);
    assert.equal(stats.evictedGroups, 490);
    assert.equal(stats.droppedEvents, 490);
  });

  it("forgets groups whose time is over", () => {
    const h = engineOf(correlation("event_count", "a", "condition: {gte: 50}"));
    for (let index = 0; index < 50; index++) h.at(0, "a", { user: `u${index}` });
    h.advance(1000);
    assert.deepEqual([h.engine.stats().groups, h.engine.stats().events], [0, 0]);
  });
});
