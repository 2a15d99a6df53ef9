import assert from "node:assert/strict";
import type { ScalingHistory } from "../../../runtime/scalability/auto-scaling-engine/behavior";
import { evaluate, wake } from "../../../runtime/scalability/auto-scaling-engine/engine";
import type { EvaluationInput } from "../../../runtime/scalability/auto-scaling-engine/evaluation";
import { EMPTY_HISTORY, NOW, QUEUE, queueInput, scaler } from "./support";

const IDLE = scaler({
  ...QUEUE,
  minReplicas: 0,
  idle: { cooldownSeconds: 120 },
  behavior: { scaleDown: { stabilizationWindowSeconds: 0 } },
});

function at(seconds: number, current: number, level: number, history: ScalingHistory): EvaluationInput {
  return queueInput(current, level, { spec: IDLE, history, now: NOW + seconds * 1000 });
}

describe("auto-scaling engine: scale to zero", () => {
  it("keeps the last replica until the cool-down has passed without demand", () => {
    let { decision, history } = evaluate(at(0, 2, 5, EMPTY_HISTORY));
    assert.equal(decision.desiredReplicas, 1);
    ({ decision, history } = evaluate(at(60, 1, 0, history)));
    assert.equal(decision.desiredReplicas, 1);
    assert.ok(decision.reasons.includes("the last replica stays until 120 s have passed without demand; so far 60 s"));
    ({ decision, history } = evaluate(at(119, 1, 0, history)));
    assert.equal(decision.desiredReplicas, 1);
    ({ decision, history } = evaluate(at(120, 1, 0, history)));
    assert.equal(decision.desiredReplicas, 0);
    assert.equal(decision.action, "scaled");
    assert.equal(history.memory?.asleep, true);
  });

  it("begins the cool-down anew with any demand, and with metrics that cannot be read", () => {
    for (const reading of [{ values: new Map([["r-0", 0.1]]) }, { error: "down" }]) {
      const first = evaluate(at(0, 1, 0, EMPTY_HISTORY)).history;
      const between = evaluate({ ...at(100, 1, 0, first), readings: [reading] }).history;
      assert.equal(evaluate(at(219, 1, 0, between)).decision.desiredReplicas, 1);
      assert.equal(evaluate(at(220, 1, 0, between)).decision.desiredReplicas, 0);
    }
  });

  it("stays asleep when nothing is left to be measured", () => {
    const history = { ...EMPTY_HISTORY, recommendations: [{ time: NOW, replicas: 0 }], memory: { asleep: true } };
    const { decision } = evaluate({ ...at(0, 0, 0, history), readings: [{ values: new Map() }] });
    assert.equal(decision.action, "skipped");
    assert.equal(decision.reasons.at(-1), "asleep: a request wakes it");
  });

  it("wakes with one replica, which then has its whole cool-down", () => {
    const history = { ...EMPTY_HISTORY, recommendations: [{ time: NOW, replicas: 0 }], memory: { asleep: true } };
    const woken = wake(at(1000, 0, 0, history));
    assert.equal(woken.decision.action, "scaled");
    assert.equal(woken.decision.desiredReplicas, 1);
    assert.deepEqual(woken.decision.reasons, ["woken: a request waits"]);
    assert.equal(woken.history.memory?.asleep, false);
    assert.equal(evaluate(at(1060, 1, 0, woken.history)).decision.desiredReplicas, 1);
    assert.equal(evaluate(at(1120, 1, 0, woken.history)).decision.desiredReplicas, 0);
  });

  it("is not changed by a wake request while awake, but for the cool-down", () => {
    const { decision, history } = wake(at(50, 3, 0, EMPTY_HISTORY));
    assert.deepEqual([decision.action, decision.desiredReplicas], ["kept", 3]);
    assert.equal(history.memory?.activeAt, NOW + 50_000);
  });

  it("by hand switches off, and a wake request does not switch on", () => {
    const input = queueInput(0, 0);
    assert.equal(wake(input).decision.action, "skipped");
    assert.equal(evaluate(input).decision.action, "skipped");
  });

  it("of the engine's own doing ends when minReplicas is raised", () => {
    const external = { metrics: [{ type: "external", name: "allocated", target: { averageValue: 1 } }] };
    const spec = scaler({ ...external, minReplicas: 2 });
    const history = { ...EMPTY_HISTORY, recommendations: [{ time: NOW, replicas: 0 }], memory: { asleep: true } };
    const { decision } = evaluate(queueInput(0, 0, { spec, history, replicas: [], readings: [{ value: 0 }] }));
    assert.deepEqual([decision.action, decision.desiredReplicas], ["scaled", 2]);
  });

  it("where KEDA acts: what was woken stays wanted until the cluster has it, for its cool-down", () => {
    const external = { metrics: [{ type: "external", name: "allocated", target: { averageValue: 1 } }] };
    const spec = scaler({ ...external, minReplicas: 0, idle: { cooldownSeconds: 60 }, act: "serve" });
    const none = (seconds: number, history: ScalingHistory): EvaluationInput =>
      queueInput(0, 0, { spec, history, now: NOW + seconds * 1000, replicas: [], readings: [{ value: 0 }] });
    const asleep = { ...EMPTY_HISTORY, recommendations: [{ time: NOW, replicas: 0 }], memory: { asleep: true } };
    assert.equal(evaluate(none(0, asleep)).decision.desiredReplicas, 0);
    const woken = wake(none(0, asleep));
    assert.deepEqual([woken.decision.action, woken.decision.desiredReplicas], ["served", 1]);
    const next = evaluate(none(30, woken.history));
    assert.deepEqual([next.decision.action, next.decision.desiredReplicas], ["served", 1]);
    assert.equal(evaluate(none(61, next.history)).decision.desiredReplicas, 0);
  });
});
