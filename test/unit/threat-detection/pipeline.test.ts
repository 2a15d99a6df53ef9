import assert from "node:assert/strict";
import { BUILT_IN, derived } from "../../../runtime/security/threat-detection/pipeline/built-in";
import { DampedStatistics, DECAYS } from "../../../runtime/security/threat-detection/pipeline/damped";
import { type PipelineSpec, valueAt } from "../../../runtime/security/threat-detection/pipeline/fields";
import { Pipeline } from "../../../runtime/security/threat-detection/pipeline/pipeline";
import { request, START } from "./support";

const SPEC: PipelineSpec = {
  name: "orders",
  entity: "who",
  outcome: { path: "state", failures: ["refused"] },
  fields: [
    { name: "amount", path: "order.amount", kind: "number" },
    { name: "currency", path: "order.currency", kind: "category" },
  ],
};

describe("threat detection: pipelines", () => {
  it("make numbers, what is absent, the entity's statistics and categories of an event", () => {
    const pipeline = new Pipeline(SPEC);
    assert.equal(pipeline.columns.length, 1 + 1 + 15 + 1);
    const { raw, entity } = pipeline.encode(
      { who: "alice", state: "refused", order: { amount: 12, currency: "EUR" } },
      START,
    );
    assert.equal(entity, "alice");
    assert.deepEqual([...raw.subarray(0, 5)], [12, 0, 1, 1, 0]);
    const other = pipeline.encode({ who: "bob", order: { currency: "EUR" } }, START).raw;
    assert.deepEqual([...other.subarray(0, 5)], [0, 1, 1, 0, 0]);
    assert.equal(other.at(-1), raw.at(-1));
    assert.notEqual(pipeline.encode({ order: { currency: "USD" } }, START).raw.at(-1), raw.at(-1));
    assert.equal(pipeline.encode({}, START).raw.at(-1), -1);
  });

  it("let statistics fade by half in the time of each decay", () => {
    const statistics = new DampedStatistics(10);
    const row = new Float64Array(15);
    statistics.update("a", START, 1, row, 0);
    statistics.update("a", START + 1000, 0, row, 0);
    DECAYS.forEach((decay, index) => {
      const left = 2 ** -decay;
      assert.ok(Math.abs(row[index * 3]! - (1 + left)) < 1e-12);
      assert.ok(Math.abs(row[index * 3 + 1]! - left / (1 + left)) < 1e-12);
    });
  });

  it("forget the entity longest unheard of", () => {
    const statistics = new DampedStatistics(2);
    const row = new Float64Array(15);
    for (const entity of ["a", "b", "a", "c"]) statistics.update(entity, START, 1, row, 0);
    assert.equal(statistics.size, 2);
    statistics.update("a", START, 1, row, 0);
    assert.equal(row[0], 3);
    statistics.update("b", START, 1, row, 0);
    assert.equal(row[0], 1);
  });

  it("see own members only", () => {
    assert.equal(valueAt({ a: { b: 1 } }, "a.b"), 1);
    for (const path of ["constructor.name", "a.__proto__", "a.b.toString"])
      assert.equal(valueAt({ a: { b: 1 } }, path), undefined);
  });

  it("there are for the gateway's events", () => {
    const event = request("/a/b", "192.0.2.1", START, 200, "q=1");
    const { raw, entity } = new Pipeline(BUILT_IN[0]!).encode({ ...event, derived: derived(event, START) }, START);
    assert.equal(entity, "192.0.2.1");
    assert.deepEqual([...raw.subarray(0, 4)], [4, 2, 3, 11.5]);
  });
});
