import assert from "node:assert/strict";
import { evaluate } from "../../../runtime/scalability/auto-scaling-engine/engine";
import type { Memory } from "../../../runtime/scalability/auto-scaling-engine/memory";
import type { MetricReading } from "../../../runtime/scalability/auto-scaling-engine/proposals";
import { NOW, QUEUE, queueInput, scaler, values } from "./support";

const AT_ONCE = { scaleDown: { stabilizationWindowSeconds: 0 } };
const SPEC = scaler({ ...QUEUE, behavior: AT_ONCE });

/** What four replicas at these levels lead to, each measured so many seconds ago. */
function decide(levels: readonly (number | undefined)[], age = 0, memory: Memory = {}) {
  const times = new Map(
    levels.map((_, index) => [`r-${String(index)}`, { time: NOW - age * 1000, windowSeconds: 15 }]),
  );
  const reading: MetricReading = { values: values(levels), times };
  const history = { recommendations: [{ time: NOW - 15_000, replicas: 4 }], scaleEvents: [], memory };
  return evaluate(queueInput(4, 0, { spec: SPEC, readings: [reading], history }));
}

describe("auto-scaling engine: unreliable metrics", () => {
  describe("a source that is down", () => {
    it("changes nothing, and says why", () => {
      const history = { recommendations: [{ time: NOW - 15_000, replicas: 4 }], scaleEvents: [] };
      const { decision } = evaluate(
        queueInput(4, 0, { spec: SPEC, readings: [{ error: "connection refused" }], history }),
      );
      assert.equal(decision.action, "skipped");
      assert.equal(decision.desiredReplicas, 4);
      assert.deepEqual(decision.reasons, ["queue: connection refused", "no metric could be read: keep 4"]);
    });

    it("for some replicas damps both directions", () => {
      assert.equal(decide([2, 2, 2, 2]).decision.desiredReplicas, 1);
      assert.equal(
        decide([2, 2, undefined, undefined]).decision.desiredReplicas,
        3,
        "the silent ones are at the target",
      );
      assert.equal(decide([30, 30, undefined, undefined]).decision.desiredReplicas, 6, "the silent ones are idle");
    });
  });

  describe("a stale source", () => {
    it("counts as missing beyond the age allowed, and is named", () => {
      assert.equal(decide([2, 2, 2, 2], 120).decision.desiredReplicas, 1);
      const { decision } = decide([2, 2, 2, 2], 121);
      assert.equal(decision.action, "skipped");
      assert.ok(decision.reasons.includes("queue: r-0 reports a value of 121 s ago; it counts as missing"));
    });

    it("counts as missing as well where it is stamped ahead by more than that", () => {
      assert.equal(decide([2, 2, 2, 2], -120).decision.desiredReplicas, 1, "clocks differ");
      const { decision } = decide([2, 2, 2, 2], -121);
      assert.equal(decision.action, "skipped");
      assert.ok(decision.reasons.includes("queue: r-0 reports a value of 121 s ahead; it counts as missing"));
    });
  });

  it("an external value that is old, or stamped far ahead, counts as none", () => {
    const external = { metrics: [{ type: "external", name: "allocated", target: { value: 10 } }] };
    const at = (age: number) =>
      evaluate(queueInput(4, 0, { spec: scaler(external), readings: [{ value: 20, time: NOW - age * 1000 }] }));
    assert.equal(at(120).decision.desiredReplicas, 8);
    assert.equal(at(-120).decision.desiredReplicas, 8);
    for (const [age, time] of [
      [121, "121 s ago"],
      [-3600, "3600 s ahead"],
    ] as const) {
      assert.deepEqual(at(age).decision.reasons, [
        `allocated: reports a value of ${time}`,
        "no metric could be read: keep 4",
      ]);
    }
  });

  describe("a source that lies", () => {
    for (const lie of [NaN, Infinity, -1]) {
      it(`with ${String(lie)} counts as missing`, () => {
        const { decision } = decide([lie, 2, 2, 2]);
        assert.equal(decision.desiredReplicas, 2, "as if the liar were at the target");
        assert.ok(
          decision.reasons.includes(`queue: r-0 reports ${String(lie)}, which cannot be; it counts as missing`),
        );
      });
    }

    it("by a factor of a million is not believed at first: nothing is changed, and it is said why", () => {
      const { decision, history } = decide([1e7, 10, 10, 10], 0, { believed: { queue: 40 } });
      assert.equal(decision.action, "skipped");
      assert.equal(decision.desiredReplicas, 4);
      assert.match(
        decision.reasons[0] ?? "",
        /^queue: jumped to 1\.000e\+7 from 40\.00, more than 1000 times: it is not believed/,
      );
      assert.deepEqual([history.memory?.believed, history.memory?.doubted], [{ queue: 40 }, { queue: 1e7 + 30 }]);
    });

    it("and stays so is believed at the second look, bounded by the policies", () => {
      const first = decide([1e7, 10, 10, 10], 0, { believed: { queue: 40 } });
      const { decision } = decide([1e7, 10, 10, 10], 0, first.history.memory);
      assert.equal(decision.desiredReplicas, 8, "100 % more and not 1,000,003");
      assert.ok(decision.reasons.includes("the scaling policies allow 8 for now, not 1000003"));
    });

    it("and takes it back leaves no trace", () => {
      const first = decide([1e7, 10, 10, 10], 0, { believed: { queue: 40 } });
      const { decision, history } = decide([10, 10, 10, 10], 0, first.history.memory);
      assert.equal(decision.desiredReplicas, 4);
      assert.deepEqual([history.memory?.believed, history.memory?.doubted], [{ queue: 40 }, {}]);
    });

    for (const [outage, reading] of [
      ["that failed", { error: "connection refused" }],
      ["without any value", { values: values([]) }],
    ] as const) {
      it(`is not believed after a reading ${outage} either: one outage does not disarm the check`, () => {
        const known: Memory = { believed: { queue: 40 }, doubted: { queue: 5e5 } };
        const history = { recommendations: [{ time: NOW - 15_000, replicas: 4 }], scaleEvents: [], memory: known };
        const down = evaluate(queueInput(4, 0, { spec: SPEC, readings: [reading], history })).history.memory;
        assert.deepEqual([down?.believed, down?.doubted], [{ queue: 40 }, { queue: 5e5 }]);
        const { decision } = decide([1e7, 10, 10, 10], 0, down);
        assert.deepEqual([decision.action, decision.desiredReplicas], ["skipped", 4]);
      });
    }

    it("does not send a panicking scaler to maxReplicas after an outage", () => {
      const spec = scaler({ ...QUEUE, panic: {} });
      const recommendations = [{ time: NOW - 15_000, replicas: 4 }];
      const turn = (reading: MetricReading, memory: Memory | undefined) =>
        evaluate(
          queueInput(4, 0, { spec, readings: [reading], history: { recommendations, scaleEvents: [], memory } }),
        );
      const down = turn({ error: "connection refused" }, { believed: { queue: 40 } });
      const up = turn({ values: values([1e6, 10, 10, 10]) }, down.history.memory);
      assert.deepEqual([up.decision.action, up.decision.desiredReplicas], ["skipped", 4]);
    });

    it("is told from a flash crowd of a hundred times the load", () => {
      assert.equal(decide([1000, 1000, 1000, 1000], 0, { believed: { queue: 40 } }).decision.desiredReplicas, 8);
    });

    it("is told from the first load after none", () => {
      assert.equal(decide([20, 20, 20, 20], 0, { believed: { queue: 0 } }).decision.desiredReplicas, 8);
    });
  });
});
