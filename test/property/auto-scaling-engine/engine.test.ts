import assert from "node:assert/strict";
import fc from "fast-check";
import { MnoError } from "../../../runtime/exports";
import { recordScale, type ScalingHistory } from "../../../runtime/scalability/auto-scaling-engine/behavior";
import { evaluate, wake } from "../../../runtime/scalability/auto-scaling-engine/engine";
import { DEFAULT_PANIC } from "../../../runtime/scalability/auto-scaling-engine/beyond";
import type { ScalerSpec } from "../../../runtime/scalability/auto-scaling-engine/spec";
import { validateScaler } from "../../../runtime/scalability/auto-scaling-engine/validate";
import {
  EMPTY_HISTORY,
  NOW,
  QUEUE,
  queueInput,
  replicas,
  scaler,
  type State,
  values,
} from "../../unit/auto-scaling-engine/support";

const state = fc.constantFrom<State>(
  "ready",
  "unready",
  "hot",
  "pending",
  "neverReady",
  "lapsed",
  "stopping",
  "failed",
);
const live = fc.constantFrom<State>("ready", "unready", "hot", "pending", "neverReady", "lapsed");
const level = fc.option(fc.double({ min: 0, max: 100, noNaN: true }), { nil: undefined });
const rules = fc.record({
  stabilizationWindowSeconds: fc.integer({ min: 0, max: 120 }),
  selectPolicy: fc.constantFrom("Max", "Min", "Disabled"),
  policies: fc.array(
    fc.record({
      type: fc.constantFrom("Pods", "Percent"),
      value: fc.integer({ min: 1, max: 150 }),
      periodSeconds: fc.integer({ min: 1, max: 60 }),
    }),
    { minLength: 1, maxLength: 3 },
  ),
});
const metrics = fc.constantFrom(
  QUEUE.metrics,
  [{ type: "resource", name: "cpu", target: { averageUtilization: 50 } }],
  [{ type: "resource", name: "memory", target: { averageUtilization: 150 } }, ...QUEUE.metrics],
);
const spec = fc
  .record({
    minReplicas: fc.integer({ min: 1, max: 20 }),
    spread: fc.integer({ min: 0, max: 60 }),
    metrics,
    scaleUp: rules,
    scaleDown: rules,
  })
  .map(({ minReplicas, spread, metrics, scaleUp, scaleDown }) =>
    scaler({ minReplicas, maxReplicas: minReplicas + spread, metrics, behavior: { scaleUp, scaleDown } }),
  );
const history: fc.Arbitrary<ScalingHistory> = fc.record({
  recommendations: fc.array(
    fc.record({ time: fc.integer({ min: NOW - 200_000, max: NOW }), replicas: fc.integer({ min: 0, max: 90 }) }),
  ),
  scaleEvents: fc.array(
    fc.record({ time: fc.integer({ min: NOW - 100_000, max: NOW }), change: fc.integer({ min: -20, max: 20 }) }),
  ),
});

/** What one simulated run did: the replicas and the raw recommendation of each step. */
interface Step {
  time: number;
  from: number;
  to: number;
  recommended: number;
}

/** Drives the engine through a series of loads; every replica is ready at once. */
function simulate(spec: ScalerSpec, start: number, loads: readonly { seconds: number; total: number }[]): Step[] {
  let time = NOW;
  let current = start;
  let past = EMPTY_HISTORY;
  return loads.map(({ seconds, total }) => {
    time += seconds * 1000;
    const { decision, history } = evaluate(queueInput(current, total / current, { spec, now: time, history: past }));
    past = history;
    const to = decision.desiredReplicas;
    if (to !== current) past = recordScale(spec, past, to - current, time);
    const step = { time, from: current, to, recommended: decision.stages.tolerance ?? NaN };
    current = to;
    return step;
  });
}

const loads = fc.array(
  fc.record({ seconds: fc.integer({ min: 1, max: 40 }), total: fc.double({ min: 0, max: 3000, noNaN: true }) }),
  { minLength: 1, maxLength: 60 },
);

describe("auto-scaling engine: properties of the evaluation", () => {
  it("a result is within [min, max]", () => {
    fc.assert(
      fc.property(
        spec,
        history,
        fc.array(state),
        fc.array(level),
        fc.integer({ min: 0, max: 100 }),
        (spec, history, states, levels, current) => {
          const reading = { values: values(levels) };
          const { decision } = evaluate(
            queueInput(current, 0, { spec, history, replicas: replicas(states), readings: [reading, reading] }),
          );
          if (decision.action === "skipped") assert.equal(decision.desiredReplicas, current);
          else assert.ok(decision.desiredReplicas >= spec.minReplicas && decision.desiredReplicas <= spec.maxReplicas);
          assert.equal(decision.action === "scaled", decision.desiredReplicas !== current);
          assert.ok(decision.reasons.length > 0);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("a panic never scales down, and never beyond maxReplicas", () => {
    fc.assert(
      fc.property(spec, loads, (spec, loads) => {
        const nervous: ScalerSpec = { ...spec, metrics: scaler(QUEUE).metrics, panic: DEFAULT_PANIC };
        let time = NOW;
        let current = spec.minReplicas;
        let past = EMPTY_HISTORY;
        for (const { seconds, total } of loads) {
          time += seconds * 1000;
          const input = queueInput(current, total / current, { spec: nervous, now: time, history: past });
          const { decision, history } = evaluate(input);
          const to = decision.desiredReplicas;
          if (history.memory?.panic) assert.ok(to >= current, decision.reasons.join("; "));
          assert.ok(to <= spec.maxReplicas);
          past = to === current ? history : recordScale(nervous, history, to - current, time);
          current = to;
        }
      }),
    );
  });

  it("one reading a million times too large changes nothing, wherever it comes", () => {
    fc.assert(
      fc.property(spec, loads, fc.nat(), (spec, loads, where) => {
        const trusting: ScalerSpec = { ...spec, metrics: scaler(QUEUE).metrics };
        const lie = where % loads.length;
        let time = NOW;
        let current = spec.minReplicas;
        let past = EMPTY_HISTORY;
        loads.forEach(({ seconds, total }, index) => {
          time += seconds * 1000;
          const value = index === lie && index > 0 ? (total + 3000) * 1e6 : total;
          const input = queueInput(current, value / current, { spec: trusting, now: time, history: past });
          const { decision, history } = evaluate(input);
          const to = decision.desiredReplicas;
          if (value !== total) assert.equal(to, current, decision.reasons.join("; "));
          past = to === current ? history : recordScale(trusting, history, to - current, time);
          current = to;
        });
      }),
    );
  });

  it("the last replica goes only after the whole cool-down without demand", () => {
    const idle = fc.array(fc.record({ seconds: fc.integer({ min: 1, max: 90 }), busy: fc.boolean() }), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(idle, fc.integer({ min: 0, max: 300 }), (steps, cooldownSeconds) => {
        const sleeper = scaler({ ...QUEUE, minReplicas: 0, idle: { cooldownSeconds } });
        let time = NOW;
        let current = 1;
        let past = EMPTY_HISTORY;
        let active = NaN;
        for (const { seconds, busy } of steps) {
          time += seconds * 1000;
          if (current === 0) {
            ({ history: past } = wake(queueInput(0, 0, { spec: sleeper, now: time, history: past })));
            current = 1;
            active = time;
            continue;
          }
          if (busy || Number.isNaN(active)) active = time;
          const level = busy ? 10 : 0;
          const result = evaluate(queueInput(current, level, { spec: sleeper, now: time, history: past }));
          past = result.history;
          const to = result.decision.desiredReplicas;
          if (to === 0) assert.ok(time - active >= cooldownSeconds * 1000);
          current = to;
        }
      }),
    );
  });

  it("within tolerance nothing ever changes", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.double({ min: 9, max: 11, noNaN: true }), (current, level) => {
        const { decision } = evaluate(queueInput(current, level));
        assert.equal(decision.desiredReplicas, current);
      }),
    );
  });

  it("with all metrics missing it never scales down, whatever it did before", () => {
    fc.assert(
      fc.property(
        spec,
        history,
        fc.array(state, { minLength: 1 }),
        fc.integer({ min: 0, max: 60 }),
        (spec, history, states, extra) => {
          const current = Math.min(spec.minReplicas + extra, spec.maxReplicas);
          const reading = { values: new Map([["r-0", NaN]]) };
          const input = { spec, history, replicas: replicas(states), readings: [reading, { error: "down" }] };
          assert.equal(evaluate(queueInput(current, 0, input)).decision.desiredReplicas, current);
        },
      ),
    );
  });

  it("with one metric missing it never scales down", () => {
    fc.assert(
      fc.property(history, fc.array(level, { minLength: 5, maxLength: 5 }), (history, levels) => {
        const spec = scaler({
          metrics: [{ type: "resource", name: "memory", target: { averageValue: 5 } }, ...QUEUE.metrics],
        });
        const { decision } = evaluate(
          queueInput(5, 0, { spec, history, readings: [{ values: values(levels) }, { error: "down" }] }),
        );
        // The past may hold scaling back, but it must not be what scales down either.
        assert.ok(decision.desiredReplicas >= 5);
      }),
    );
  });

  it("more load never gives fewer replicas, whichever replicas are unready or missing", () => {
    fc.assert(
      fc.property(
        metrics,
        fc.array(fc.tuple(live, level), { minLength: 1, maxLength: 20 }),
        fc.double({ min: 1, max: 5, noNaN: true }),
        (metrics, fleet, factor) => {
          const spec = scaler({ metrics });
          const propose = (factor: number): number | null => {
            const reading = {
              values: values(fleet.map(([, level]) => (level === undefined ? undefined : level * factor))),
            };
            const input = { spec, replicas: replicas(fleet.map(([state]) => state)), readings: [reading, reading] };
            return evaluate(queueInput(fleet.length, 0, input)).decision.stages.tolerance;
          };
          const less = propose(1);
          const more = propose(factor);
          assert.equal(less === null, more === null);
          if (less !== null && more !== null)
            assert.ok(more >= less, `${String(less)} at 1, ${String(more)} at ${String(factor)}`);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it("no window of a policy's period ever sees more change than the policies allow", () => {
    fc.assert(
      fc.property(rules, rules, loads, fc.integer({ min: 1, max: 80 }), (scaleUp, scaleDown, loads, start) => {
        const spec = scaler({ ...QUEUE, behavior: { scaleUp, scaleDown } });
        const steps = simulate(spec, start, loads);
        const at = (time: number): number => steps.findLast((step) => step.time <= time)?.to ?? start;
        for (const { time, from, to } of steps.filter((step) => step.to !== step.from)) {
          const up = to > from;
          const { policies, selectPolicy } = up ? spec.behavior.scaleUp : spec.behavior.scaleDown;
          assert.notEqual(selectPolicy, "Disabled");
          const obeys = policies.map(({ type, value, periodSeconds }) => {
            const then = at(time - periodSeconds * 1000);
            const share = value / 100;
            if (up) return to <= (type === "Pods" ? then + value : Math.ceil(then * (1 + share)));
            return to >= (type === "Pods" ? then - value : Math.trunc(then * (1 - share)));
          });
          assert.ok(
            selectPolicy === "Max" ? obeys.some(Boolean) : obeys.every(Boolean),
            JSON.stringify({ time, from, to, policies }),
          );
        }
      }),
      { numRuns: 300 },
    );
  });

  it("stabilisation: scaling down never goes below a recommendation of the down window, up never above one of the up window", () => {
    fc.assert(
      fc.property(rules, rules, loads, fc.integer({ min: 1, max: 80 }), (scaleUp, scaleDown, loads, start) => {
        const spec = scaler({ ...QUEUE, behavior: { scaleUp, scaleDown } });
        const steps = simulate(spec, start, loads);
        for (const { time, from, to, recommended } of steps) {
          const past = (seconds: number): number[] => [
            recommended,
            ...steps
              .filter((step) => step.time < time && step.time > time - seconds * 1000)
              .map((step) => step.recommended),
          ];
          const bound = (all: number[], pick: (...all: number[]) => number): number =>
            Math.min(Math.max(pick(...all), 1), 100);
          if (to < from) assert.ok(to >= bound(past(scaleDown.stabilizationWindowSeconds), Math.max));
          if (to > from) assert.ok(to <= bound(past(scaleUp.stabilizationWindowSeconds), Math.min));
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("auto-scaling engine: properties of validateScaler", () => {
  it("a scaler it accepts it accepts again, unchanged", () => {
    fc.assert(fc.property(spec, (spec) => assert.deepEqual(validateScaler(structuredClone(spec)), spec)));
  });

  it("whatever it is given, it returns a scaler or MNO_SCALER_INVALID with at least one fault", () => {
    const key = fc.constantFrom(
      "workload",
      "minReplicas",
      "maxReplicas",
      "metrics",
      "behavior",
      "port",
      "path",
      "type",
      "target",
      "labels",
      "scaleUp",
      "policies",
      "__proto__",
    );
    const anything = fc.object({ key, maxDepth: 4, withNullPrototype: true });
    fc.assert(
      fc.property(fc.oneof(anything, fc.anything()), (input) => {
        try {
          validateScaler(input);
        } catch (error) {
          assert.ok(
            error instanceof MnoError && error.code === "MNO_SCALER_INVALID" && error.faults.length > 0,
            String(error),
          );
        }
      }),
      { numRuns: 500 },
    );
  });
});
