import assert from "node:assert/strict";
import {
  DEFAULT_OPTIONS,
  proposeFromReplicas,
  proposeFromTotal,
  type Situation,
} from "../../../runtime/scalability/auto-scaling-engine/replica-calculator";
import type { MetricSpec } from "../../../runtime/scalability/auto-scaling-engine/spec";
import { NOW, QUEUE, replicas, scaler, type State, values } from "./support";

const cpu = (averageUtilization: number): Extract<MetricSpec, { type: "resource" }> => ({
  type: "resource",
  name: "cpu",
  target: { averageUtilization },
});
const pods = (averageValue: number): Extract<MetricSpec, { type: "pods" }> => ({
  type: "pods",
  name: "qps",
  labels: {},
  target: { averageValue },
});
const ready = (count: number): State[] => Array<State>(count).fill("ready");

function situation(current: number, states: readonly State[], changes: Partial<Situation> = {}): Situation {
  return {
    spec: scaler(QUEUE),
    current,
    replicas: replicas(states),
    requests: { cpuCores: 1, memoryBytes: 1000 },
    now: NOW,
    options: DEFAULT_OPTIONS,
    ...changes,
  };
}

/**
 * Down to "more than 100 %" the numbers of Kubernetes' replica_calculator_test.go (commit 0006726), after it our own from its
 * rules; levels are cores or queries per second.
 */
const CASES: {
  name: string;
  metric: Exclude<MetricSpec, { type: "external" }>;
  current: number;
  states: State[];
  levels: (number | undefined)[];
  expected: number;
}[] = [
  { name: "scale up", metric: cpu(30), current: 3, states: ready(3), levels: [0.3, 0.5, 0.7], expected: 5 },
  {
    name: "unready replicas damp the way up",
    metric: cpu(30),
    current: 3,
    states: ["unready", "ready", "ready"],
    levels: [0.3, 0.5, 0.7],
    expected: 4,
  },
  {
    name: "hot replicas damp the way up",
    metric: cpu(30),
    current: 3,
    states: ["hot", "ready", "ready"],
    levels: [0.3, 0.5, 0.7],
    expected: 4,
  },
  {
    name: "unready replicas can hold it",
    metric: cpu(30),
    current: 3,
    states: ["ready", "unready", "unready"],
    levels: [0.4, 0.5, 0.7],
    expected: 3,
  },
  {
    name: "hot replicas can hold it",
    metric: cpu(30),
    current: 3,
    states: ["ready", "hot", "hot"],
    levels: [0.4, 0.5, 0.7],
    expected: 3,
  },
  {
    name: "failed replicas are not there",
    metric: cpu(30),
    current: 2,
    states: ["ready", "ready", "failed", "failed"],
    levels: [0.5, 0.7],
    expected: 4,
  },
  {
    name: "stopping replicas are not there",
    metric: cpu(30),
    current: 2,
    states: ["ready", "ready", "stopping", "stopping"],
    levels: [0.5, 0.7, 0.9, 0.9],
    expected: 4,
  },
  {
    name: "scale up on a pods metric",
    metric: pods(15),
    current: 3,
    states: ready(3),
    levels: [20, 10, 30],
    expected: 4,
  },
  {
    name: "readiness does not matter to a pods metric that is there",
    metric: pods(15),
    current: 3,
    states: ["ready", "ready", "unready"],
    levels: [50, 10, 30],
    expected: 6,
  },
  {
    name: "nor does a hot start",
    metric: pods(15),
    current: 3,
    states: ["hot", "ready", "unready"],
    levels: [50, 15, 30],
    expected: 7,
  },
  {
    name: "scale down",
    metric: cpu(50),
    current: 5,
    states: ready(5),
    levels: [0.1, 0.3, 0.5, 0.25, 0.25],
    expected: 3,
  },
  {
    name: "scale down on a pods metric",
    metric: pods(20),
    current: 5,
    states: ready(5),
    levels: [12, 12, 12, 12, 12],
    expected: 3,
  },
  {
    name: "unready replicas are left out on the way down",
    metric: cpu(50),
    current: 5,
    states: ["ready", "ready", "ready", "unready", "unready"],
    levels: [0.1, 0.3, 0.5, 0.25, 0.25],
    expected: 2,
  },
  {
    name: "pending replicas are left out on the way down",
    metric: cpu(50),
    current: 5,
    states: ["ready", "pending", "pending", "pending", "pending"],
    levels: [0.1],
    expected: 1,
  },
  {
    name: "hot replicas are left out on the way down",
    metric: cpu(50),
    current: 5,
    states: ["ready", "ready", "ready", "hot", "hot"],
    levels: [0.1, 0.3, 0.5, 0.25, 0.25],
    expected: 2,
  },
  { name: "tolerance", metric: cpu(100), current: 3, states: ready(3), levels: [1.01, 1.03, 1.02], expected: 3 },
  {
    name: "tolerance on a pods metric",
    metric: pods(20),
    current: 3,
    states: ready(3),
    levels: [20, 21, 21],
    expected: 3,
  },
  {
    name: "missing replicas use their whole request on the way down",
    metric: cpu(100),
    current: 4,
    states: ready(4),
    levels: [0.4, 0.095],
    expected: 3,
  },
  {
    name: "missing: no change at the target",
    metric: cpu(100),
    current: 2,
    states: ready(2),
    levels: [1],
    expected: 2,
  },
  {
    name: "missing: no change above the target",
    metric: cpu(100),
    current: 2,
    states: ready(2),
    levels: [1.9],
    expected: 2,
  },
  {
    name: "missing: no change below the target",
    metric: cpu(100),
    current: 2,
    states: ready(2),
    levels: [0.6],
    expected: 2,
  },
  {
    name: "missing and unready: no change",
    metric: cpu(50),
    current: 3,
    states: ["unready", "ready", "ready"],
    levels: [0.1, 0.45],
    expected: 3,
  },
  {
    name: "missing and hot: no change",
    metric: cpu(50),
    current: 3,
    states: ["hot", "ready", "ready"],
    levels: [0.1, 0.45],
    expected: 3,
  },
  {
    name: "missing and unready: scale up",
    metric: cpu(50),
    current: 3,
    states: ["unready", "ready", "ready"],
    levels: [0.1, 2],
    expected: 4,
  },
  {
    name: "missing and unready: scale down",
    metric: cpu(50),
    current: 4,
    states: ["unready", "ready", "ready", "ready"],
    levels: [0.1, 0.1, 0.1],
    expected: 3,
  },
  {
    name: "a roll's surge does not turn the direction",
    metric: cpu(50),
    current: 2,
    states: ready(3),
    levels: [0.1, 0.1],
    expected: 2,
  },
  {
    name: "more than 100 % of the request",
    metric: cpu(100),
    current: 4,
    states: ready(4),
    levels: [4, 9.5, 3, 7],
    expected: 24,
  },
  {
    name: "a target above 100 % assumes it of missing replicas",
    metric: cpu(300),
    current: 4,
    states: ready(4),
    levels: [2.4, 2.4, 2.4],
    expected: 4,
  },
  {
    name: "never ready: its CPU does not count",
    metric: cpu(50),
    current: 2,
    states: ["ready", "neverReady"],
    levels: [0.25, 5],
    expected: 1,
  },
  {
    name: "not ready at the moment: its CPU counts",
    metric: cpu(50),
    current: 2,
    states: ["ready", "lapsed"],
    levels: [1, 1],
    expected: 4,
  },
  {
    name: "no rounding error costs a replica",
    metric: pods(0.3),
    current: 1,
    states: ready(1),
    levels: [0.1 + 0.2 + 0.3],
    expected: 2,
  },
];

describe("auto-scaling engine: replica calculator", () => {
  for (const { name, metric, current, states, levels, expected } of CASES) {
    it(name, () => {
      const result = proposeFromReplicas(metric, values(levels), situation(current, states));
      assert.ok("replicas" in result, JSON.stringify(result));
      assert.equal(result.replicas, expected, result.arithmetic);
    });
  }

  it("counts ready, unready and missing replicas", () => {
    const states: State[] = ["ready", "hot", "pending", "ready", "failed"];
    const { counts } = proposeFromReplicas(cpu(50), values([0.5, 0.5]), situation(4, states));
    assert.deepEqual(counts, { ready: 1, unready: 2, missing: 1 });
  });

  it("says the arithmetic", () => {
    const plain = proposeFromReplicas(cpu(30), values([0.3, 0.5, 0.7]), situation(3, ready(3)));
    assert.ok("arithmetic" in plain);
    assert.equal(plain.arithmetic, "50 % of request / target 30 % over 3 replica(s): ratio 1.667; ceil(1.667 × 3) = 5");
    const filled = proposeFromReplicas(pods(10), values([5]), situation(2, ready(2)));
    assert.ok("arithmetic" in filled);
    assert.match(filled.arithmetic, /with 1 missing at 10 and 0 unready at 0: ratio 0.75, ceil\(0.75 × 2\) = 2/);
  });

  it("fails without a request, a replica, or a usable value", () => {
    const without = (changes: Partial<Situation>, levels = [1]): unknown =>
      (proposeFromReplicas(cpu(50), values(levels), situation(1, ready(1), changes)) as { error?: string }).error;
    assert.equal(without({ requests: { cpuCores: 0, memoryBytes: 0 } }), "the workload requests no cpu");
    assert.equal(without({ replicas: [] }), "there is no replica");
    assert.match(String(without({}, [])), /no replica has a usable value/);
  });

  it("uses a tolerance per direction", () => {
    const spec = scaler({ ...QUEUE, behavior: { scaleUp: { tolerance: 0.5 }, scaleDown: { tolerance: 0 } } });
    const propose = (level: number): unknown =>
      (
        proposeFromReplicas(pods(10), values(Array<number>(20).fill(level)), situation(20, ready(20), { spec })) as {
          replicas: number;
        }
      ).replicas;
    assert.equal(propose(15), 20);
    assert.equal(propose(15.1), 31);
    assert.equal(propose(9.4), 19);
  });

  describe("external metrics", () => {
    const external = (
      target: { averageValue: number } | { value: number },
      value: number,
      current: number,
      states: State[],
    ) => {
      const spec = scaler(QUEUE);
      const result = proposeFromTotal(
        { type: "external", name: "allocated", target },
        value,
        situation(current, states, { spec }),
      );
      assert.ok("replicas" in result);
      return result.replicas;
    };

    it("hold a value: the ratio times the ready replicas", () => {
      assert.equal(external({ value: 4.4 }, 8.6, 1, ready(1)), 2);
      assert.equal(external({ value: 4.4 }, 8.6, 3, ["unready", "ready", "unready"]), 2);
      assert.equal(external({ value: 14.334 }, 8.6, 5, ready(5)), 3);
      assert.equal(external({ value: 8.888 }, 8.6, 3, ready(3)), 3);
    });

    it("hold an average: the value over the target", () => {
      assert.equal(external({ averageValue: 2.15 }, 8.6, 3, ready(3)), 4);
      assert.equal(external({ averageValue: 2.867 }, 8.6, 5, ready(5)), 3);
      assert.equal(external({ averageValue: 2.9 }, 8.6, 3, ready(3)), 3);
      assert.equal(external({ averageValue: 0.1 }, 0.1 + 0.2, 1, ready(1)), 3, "not 4, for a rounding error");
    });

    it("scale from zero and to zero", () => {
      assert.equal(external({ averageValue: 1 }, 3, 0, []), 3);
      assert.equal(external({ value: 2 }, 3, 0, []), 2);
      assert.equal(external({ value: 2 }, 2, 0, []), 1, "from zero there is no tolerance");
      assert.equal(external({ averageValue: 1 }, 0, 0, []), 0);
      assert.equal(external({ averageValue: 1 }, 0, 3, ready(3)), 0);
    });
  });
});
