import assert from "node:assert/strict";
import { type ScalingHistory } from "../../../runtime/scalability/auto-scaling-engine/behavior";
import { evaluate } from "../../../runtime/scalability/auto-scaling-engine/engine";
import { NOW, QUEUE, queueInput, scaler } from "./support";

/** Slow on the way up, so that what panic passes over shows. */
const SLOW = {
  scaleUp: { stabilizationWindowSeconds: 60, policies: [{ type: "Pods", value: 1, periodSeconds: 60 }] },
  scaleDown: { stabilizationWindowSeconds: 30 },
};
const CALM = scaler({ ...QUEUE, behavior: SLOW });
const NERVOUS = scaler({ ...QUEUE, behavior: SLOW, panic: {} });

/** Evaluations every 15 s, each at its level per replica, with as many replicas as the one before asked for. */
function play(spec: typeof NERVOUS, start: number, levels: readonly number[]) {
  let current = start;
  let history: ScalingHistory = { recommendations: [{ time: NOW - 15_000, replicas: start }], scaleEvents: [] };
  return levels.map((level, index) => {
    const result = evaluate(queueInput(current, level, { spec, history, now: NOW + index * 15_000 }));
    history = result.history;
    current = result.decision.desiredReplicas;
    return result.decision;
  });
}
const numbers = (decisions: ReturnType<typeof play>): number[] => decisions.map((each) => each.desiredReplicas);

describe("auto-scaling engine: panic mode", () => {
  it("follows a surge at once, past the scale-up window and policies; without it the surge waits", () => {
    assert.deepEqual(numbers(play(CALM, 4, [40])), [4]);
    const [decision] = play(NERVOUS, 4, [40]);
    assert.equal(decision?.desiredReplicas, 16);
    assert.ok(
      decision.reasons.includes("panic: the last 6 s ask for 16, at least 200 % of the 4 ready"),
      decision.reasons.join("\n"),
    );
  });

  it("begins at the threshold and not below it", () => {
    assert.deepEqual(numbers(play(NERVOUS, 4, [19.5])), [8], "7.8 rounds up to twice 4");
    assert.deepEqual(numbers(play(NERVOUS, 4, [17])), [4], "7 is less than twice 4");
  });

  it("never scales down, and is over one stable window after the last surge", () => {
    const decisions = play(NERVOUS, 4, [40, 0, 0, 0, 0, 0, 0]);
    // Surge at 0 s: held until 60 s; then the scale-down window (30 s) has only heard 0.
    assert.deepEqual(numbers(decisions), [16, 16, 16, 16, 1, 1, 1]);
    assert.ok(decisions[1]?.reasons.includes("panic holds 16 for 45 s more: nothing is scaled down until then"));
    assert.ok(decisions[4]?.reasons.includes("panic is over: a stable window has passed without a surge"));
  });

  it("then leaves the rest to the scale-down window, which heard every recommendation meanwhile", () => {
    const spec = scaler({ ...QUEUE, panic: {}, behavior: { scaleDown: { stabilizationWindowSeconds: 300 } } });
    assert.deepEqual(numbers(play(spec, 4, [40, 0, 0, 0, 0, 0])), [16, 16, 16, 16, 16, 16]);
  });

  it("averages the short window", () => {
    const input = queueInput(4, 40, {
      spec: NERVOUS,
      history: { recommendations: [{ time: NOW - 3000, replicas: 2 }], scaleEvents: [] },
    });
    const { decision } = evaluate(input);
    assert.equal(decision.desiredReplicas, 9, "(16 + 2) / 2");
  });

  it("respects maxReplicas and a disabled direction", () => {
    const few = scaler({ ...QUEUE, maxReplicas: 10, behavior: SLOW, panic: {} });
    assert.deepEqual(numbers(play(few, 4, [40])), [10]);
    const never = scaler({ ...QUEUE, behavior: { scaleUp: { selectPolicy: "Disabled" } }, panic: {} });
    assert.deepEqual(numbers(play(never, 4, [40])), [4]);
  });
});
