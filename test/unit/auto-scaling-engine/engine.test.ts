import assert from "node:assert/strict";
import { evaluate, refuse } from "../../../runtime/scalability/auto-scaling-engine/engine";
import { EMPTY_HISTORY, NOW, QUEUE, queueInput, replicas, scaler, values } from "./support";

const CPU = { type: "resource", name: "cpu", target: { averageUtilization: 50 } };

describe("auto-scaling engine: evaluation", () => {
  it("scales up at once and says every stage", () => {
    const { decision, history } = evaluate(queueInput(3, 20));
    assert.equal(decision.action, "scaled");
    assert.equal(decision.desiredReplicas, 6);
    assert.deepEqual(decision.stages, { raw: 6, tolerance: 6, stabilised: 6, rateLimited: 6, clamped: 6 });
    assert.deepEqual(decision.perMetric, [
      {
        metric: "queue",
        ratio: 2,
        raw: 6,
        proposal: 6,
        arithmetic: "average 20 / target 10 over 3 replica(s): ratio 2; ceil(2 × 3) = 6",
      },
    ]);
    assert.equal(decision.inputs.currentReplicas, 3);
    assert.equal(decision.inputs.readyReplicas, 3);
    assert.deepEqual(decision.inputs.readings[0]?.values, { "r-0": 20, "r-1": 20, "r-2": 20 });
    assert.deepEqual(decision.reasons, ["from 3 to 6: queue asks for 6"]);
    assert.equal(decision.time, "2026-01-01T12:00:00.000Z");
    assert.deepEqual(history.recommendations, [
      { time: NOW, replicas: 3 },
      { time: NOW, replicas: 6 },
    ]);
  });

  it("keeps what is within tolerance", () => {
    const { decision } = evaluate(queueInput(5, 10.9));
    assert.equal(decision.action, "kept");
    assert.deepEqual(decision.stages, { raw: 6, tolerance: 5, stabilised: 5, rateLimited: 5, clamped: 5 });
  });

  it("starts with the number it finds, so that a new scaler waits its window before it scales down", () => {
    const first = evaluate(queueInput(10, 2));
    assert.equal(first.decision.action, "kept");
    assert.match(
      first.decision.reasons[0] ?? "",
      /stabilised at 10: a recommendation of the last 300 s was higher than 2/,
    );
    const early = evaluate(queueInput(10, 2, { history: first.history, now: NOW + 299_000 }));
    assert.equal(early.decision.desiredReplicas, 10);
    const late = evaluate(queueInput(10, 2, { history: first.history, now: NOW + 300_000 }));
    assert.equal(late.decision.desiredReplicas, 2);
    assert.deepEqual(late.decision.reasons, ["from 10 to 2: all metrics are below target, queue the highest"]);
  });

  it("limits the rate and the number, and says so", () => {
    const limited = evaluate(queueInput(10, 50)).decision;
    assert.deepEqual(limited.stages, { raw: 50, tolerance: 50, stabilised: 50, rateLimited: 20, clamped: 20 });
    assert.equal(limited.reasons[0], "the scaling policies allow 20 for now, not 50");
    const spec = scaler({ ...QUEUE, maxReplicas: 12 });
    const clamped = evaluate(queueInput(10, 15, { spec })).decision;
    assert.equal(clamped.desiredReplicas, 12);
    assert.equal(clamped.reasons[0], "15 is outside minReplicas 1 to maxReplicas 12");
  });

  it("goes to the bounds without asking any metric", () => {
    const spec = scaler({ ...QUEUE, minReplicas: 4, maxReplicas: 6 });
    for (const [current, expected] of [
      [2, 4],
      [9, 6],
    ] as const) {
      const { decision, history } = evaluate(queueInput(current, 10, { spec, readings: [{ error: "down" }] }));
      assert.equal(decision.desiredReplicas, expected);
      assert.equal(decision.action, "scaled");
      assert.equal(decision.stages.raw, null);
      assert.deepEqual(history, { recommendations: [{ time: NOW, replicas: current }], scaleEvents: [] });
    }
  });

  it("is off while a workload is set to 0 replicas by hand", () => {
    const { decision } = evaluate(queueInput(0, 10));
    assert.equal(decision.action, "skipped");
    assert.match(decision.reasons[0] ?? "", /scaling is off while the workload is set to 0/);
  });

  it("scales from zero and to zero on an external metric", () => {
    const spec = scaler({
      minReplicas: 0,
      metrics: [{ type: "external", name: "allocated", target: { averageValue: 1 } }],
      behavior: { scaleDown: { stabilizationWindowSeconds: 0 } },
    });
    const up = evaluate(queueInput(0, 0, { spec, readings: [{ value: 3 }] })).decision;
    assert.equal(up.desiredReplicas, 3);
    assert.equal(up.perMetric[0]?.ratio, null);
    assert.equal(evaluate(queueInput(3, 0, { spec, readings: [{ value: 0 }] })).decision.desiredReplicas, 0);
  });

  it("uses every granted replica: no tolerance where only grants count", () => {
    const metrics = [{ type: "external", name: "allocated", target: { averageValue: 1 } }];
    const { decision } = evaluate(queueInput(10, 0, { spec: scaler({ metrics }), readings: [{ value: 11 }] }));
    assert.equal(decision.desiredReplicas, 11);
  });

  describe("several metrics", () => {
    const spec = scaler({
      metrics: [CPU, ...QUEUE.metrics],
      behavior: { scaleDown: { stabilizationWindowSeconds: 0 } },
    });
    const cpu = (level: number) => ({ values: values([level, level, level, level]) });

    it("the largest proposal counts", () => {
      const { decision } = evaluate(
        queueInput(4, 15, { spec, readings: [cpu(0.25), { values: values([15, 15, 15, 15]) }] }),
      );
      assert.equal(decision.desiredReplicas, 6);
      assert.deepEqual(
        decision.perMetric.map((metric) => metric.proposal),
        [2, 6],
      );
    });

    it("one that fails does not keep another from scaling up", () => {
      const { decision } = evaluate(queueInput(4, 15, { spec, readings: [cpu(1), { error: "the scrape failed" }] }));
      assert.equal(decision.desiredReplicas, 8);
      assert.equal(decision.reasons[0], "queue: the scrape failed");
    });

    it("one that fails keeps the others from scaling down", () => {
      const { decision, history } = evaluate(
        queueInput(4, 15, { spec, readings: [cpu(0.1), { error: "the scrape failed" }] }),
      );
      assert.equal(decision.action, "skipped");
      assert.equal(decision.desiredReplicas, 4);
      assert.match(
        decision.reasons.at(-1) ?? "",
        /1 of 2 metrics could not be read: no scaling down to 1 on missing data/,
      );
      assert.deepEqual(history.recommendations, [{ time: NOW, replicas: 4 }], "only what it started with");
    });

    it("all failing: keep, and say so", () => {
      const { decision } = evaluate(queueInput(4, 0, { spec, readings: [{ error: "a" }, { error: "b" }] }));
      assert.equal(decision.action, "skipped");
      assert.deepEqual(decision.reasons, ["cpu: a", "queue: b", "no metric could be read: keep 4"]);
    });
  });

  describe("lying metrics", () => {
    for (const lie of [NaN, Infinity, -Infinity, -1]) {
      it(`${String(lie)} counts as missing and is named`, () => {
        const reading = { values: values([20, lie, 20]) };
        const { decision } = evaluate(queueInput(3, 0, { readings: [reading] }));
        assert.equal(decision.inputs.readings[0]?.missing, 1);
        assert.equal(decision.desiredReplicas, 4, "(20 + 20 + 0) / 3 / 10 × 3");
        assert.equal(decision.reasons[0], `queue: r-1 reports ${String(lie)}, which cannot be; it counts as missing`);
        const spec = scaler({ metrics: [{ type: "external", name: "allocated", target: { value: 2 } }] });
        const total = evaluate(queueInput(3, 0, { spec, readings: [{ value: lie }] })).decision;
        assert.equal(total.action, "skipped");
        assert.equal(total.reasons[0], `allocated: reports ${String(lie)}, which cannot be`);
      });
    }
  });

  it("refuses for a reason outside the numbers", () => {
    const { decision, history } = refuse(queueInput(3, 20), "web is suspended");
    assert.equal(decision.action, "skipped");
    assert.equal(decision.desiredReplicas, 3);
    assert.deepEqual(decision.reasons, ["web is suspended"]);
    assert.deepEqual(history, EMPTY_HISTORY);
  });

  it("is pure: the same input gives the same output, and the input stays as it was", () => {
    const input = queueInput(3, 20, { replicas: replicas(["ready", "ready", "pending"]) });
    const before = structuredClone(input);
    assert.deepEqual(evaluate(input), evaluate(input));
    assert.deepEqual(input, before);
  });
});
