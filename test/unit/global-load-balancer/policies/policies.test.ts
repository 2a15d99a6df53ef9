import assert from "node:assert/strict";
import { createPolicy } from "../../../../runtime/scalability/global-load-balancer/policies";
import { POLICY_NAMES } from "../../../../runtime/scalability/global-load-balancer/policies/policy";
import { Bench, endpoint, numbers } from "./fixtures";

const refusal = (detail: RegExp) => ({ code: "MNO_BALANCER_POLICY_INVALID", message: detail });
const near = (actual: number | undefined, wanted: number, by = 0.02): void =>
  assert.ok(Math.abs(actual! - wanted) <= by, `${actual} is not within ${by} of ${wanted}`);

describe("balancing policies", () => {
  for (const name of POLICY_NAMES) {
    describe(name, () => {
      it("picks nothing of nothing, and has nothing to explain", () => {
        const bench = new Bench(name, []);
        assert.equal(bench.pick(), undefined);
        assert.equal(bench.policy.why(), undefined);
      });

      it("picks the only one, even when it is excluded", () => {
        const bench = new Bench(name, [endpoint("a")]);
        assert.equal(bench.pick(), "a");
        assert.equal(bench.pick(["a"]), "a");
      });

      it("picks none that is excluded while there is another", () => {
        const bench = new Bench(name, [endpoint("a"), endpoint("b"), endpoint("c")]);
        for (let pick = 0; pick < 50; pick++) assert.equal(bench.pick(["a", "c"]), "b");
      });

      it("picks none that went, and outcomes of its attempts do no harm", () => {
        const bench = new Bench(name, [endpoint("a"), endpoint("b")]);
        const attempt = bench.start("a");
        bench.policy.update([bench.get("b")], 1);
        bench.policy.answered?.(attempt, { now: 2, result: "success" });
        for (let pick = 0; pick < 20; pick++) assert.equal(bench.pick(), "b");
        bench.policy.update(bench.endpoints, 3);
        bench.policy.answered?.(attempt, { now: 4, result: "success" });
        assert.ok(["a", "b"].includes(bench.pick()!));
      });

      it("explains the last pick", () => {
        const bench = new Bench(name, [endpoint("a"), endpoint("b")]);
        const picked = bench.pick();
        const why = bench.policy.why();
        assert.equal(why?.picked, picked);
        assert.equal(why?.policy, name);
        const costs = why.candidates.map(({ cost }) => cost);
        const own = why.candidates.find(({ id }) => id === picked)?.cost;
        assert.ok(own === undefined || own === Math.min(...costs));
      });

      it("refuses two endpoints with one id, and a weight of 0", () => {
        const policy = createPolicy(name, {}, { random: numbers() });
        assert.throws(() => policy.update([endpoint("a"), endpoint("a")], 0), refusal(/two endpoints have the id "a"/));
        assert.throws(() => policy.update([endpoint("a", 0)], 0), refusal(/"a" has the weight 0/));
      });
    });
  }

  it("refuses an option of another policy", () => {
    const create = () => createPolicy("random", { decayMs: 5 }, { random: numbers() });
    assert.throws(create, refusal(/random has no option "decayMs"; it takes slowStart/));
  });
});

describe("round robin", () => {
  it("spreads by weight as evenly as can be", () => {
    const bench = new Bench("round-robin", [endpoint("a", 5), endpoint("b"), endpoint("c")]);
    const order = Array.from({ length: 7 }, () => bench.pick()).join("");
    assert.equal(order, "aabacaa"); // nginx's own example
  });
});

describe("random", () => {
  it("draws by weight", () => {
    const shares = new Bench("random", [endpoint("a", 3), endpoint("b", 1)]).shares(20_000);
    near(shares.get("a"), 0.75);
  });
});

describe("least request", () => {
  it("takes the fewest in flight for its weight", () => {
    const bench = new Bench("least-request", [endpoint("a", 1, 2), endpoint("b", 4, 8), endpoint("c", 1, 3)]);
    assert.equal(bench.pick(), "b"); // 9/4 < 3/1 < 4/1
    assert.deepEqual(
      bench.policy.why()?.candidates.map(({ cost }) => cost),
      [3, 2.25, 4],
    );
  });

  it("shares out ties", () => {
    const shares = new Bench("least-request", [endpoint("a"), endpoint("b"), endpoint("c")]).shares(20_000);
    for (const share of shares.values()) near(share, 1 / 3);
  });

  it("ignores what is in flight with a bias of 0", () => {
    const bench = new Bench("least-request", [endpoint("a", 1, 0), endpoint("b", 2, 100)], { activeRequestBias: 0 });
    assert.equal(bench.pick(), "b");
  });

  it("of two never takes the fullest", () => {
    const bench = new Bench("least-request-p2c", [endpoint("a", 1, 9), endpoint("b"), endpoint("c", 1, 1)]);
    const shares = bench.shares(5000);
    assert.equal(shares.get("a"), 0);
    near(shares.get("b"), 2 / 3);
  });
});

describe("peak EWMA", () => {
  it("jumps to a peak and forgets it slowly", () => {
    const bench = new Bench("peak-ewma", [endpoint("a"), endpoint("b")], { decayMs: 1000 });
    for (const id of ["a", "b"]) {
      const attempt = bench.start(id);
      bench.now += id === "a" ? 100 : 10;
      bench.end(attempt);
    }
    assert.equal(bench.pick(), "b");
    const costs = () => Object.fromEntries(bench.policy.why()!.candidates.map(({ id, cost }) => [id, cost]));
    near(costs()["a"], 100 * Math.exp(-0.01), 1e-6);
    bench.now += 1000;
    bench.pick();
    near(costs()["a"], 100 * Math.exp(-1.01), 1e-6);
  });

  it("does not take a fast failure for speed", () => {
    const bench = new Bench("peak-ewma", [endpoint("a"), endpoint("b")]);
    const fast = ["a", "b"].map((id) => bench.start(id));
    bench.now += 50;
    fast.forEach((attempt) => bench.end(attempt));
    const failing = bench.start("a");
    bench.now += 1;
    bench.end(failing, "failure");
    bench.pick();
    const costs = bench.policy.why()!.candidates.map(({ cost }) => cost);
    assert.ok(Math.min(...costs) > 49);
  });
});

describe("Prequal", () => {
  const report = (bench: Bench, id: string, inFlight: number, latencyMs: number): void =>
    bench.policy.probed!(id, { inFlight, latencyMs }, bench.now);

  it("takes the fastest of the cold ones", () => {
    const bench = new Bench(
      "prequal",
      ["a", "b", "c", "d"].map((id) => endpoint(id)),
    );
    for (const [id, inFlight, latency] of [
      ["d", 3, 9],
      ["a", 1, 30],
      ["b", 2, 10],
      ["c", 9, 1],
    ] as const) {
      report(bench, id, inFlight, latency);
    }
    assert.equal(bench.pick(), "b"); // the oldest, d's, is removed; c's is hot
  });

  it("takes the fewest in flight where all are hot", () => {
    const bench = new Bench(
      "prequal",
      ["a", "b", "c"].map((id) => endpoint(id)),
      { hotQuantile: 0 },
    );
    for (const [id, inFlight, latency] of [
      ["c", 1, 1],
      ["a", 5, 1],
      ["b", 4, 90],
    ] as const)
      report(bench, id, inFlight, latency);
    assert.equal(bench.pick(), "b");
  });

  it("does not use reports that are too old, and probes different endpoints", () => {
    const bench = new Bench(
      "prequal",
      ["a", "b", "c", "d"].map((id) => endpoint(id)),
    );
    for (const id of ["a", "b", "c"]) report(bench, id, 1, 1);
    bench.now += 1001;
    bench.pick();
    assert.deepEqual(bench.policy.why()?.candidates, []);
    assert.equal(new Set(bench.policy.probeTargets!(bench.now)).size, 3);
  });

  it("uses a report until it is used up: the removal and the uses leave the pool empty at last", () => {
    const bench = new Bench("prequal", [endpoint("a"), endpoint("b"), endpoint("c")]);
    for (const id of ["a", "b", "c"]) report(bench, id, 1, 5);
    const compared = Array.from({ length: 3 }, () => {
      bench.pick();
      return bench.policy.why()!.candidates.length;
    });
    assert.deepEqual(compared, [2, 0, 0]);
  });

  it("takes what a response reports", () => {
    const bench = new Bench("prequal", [endpoint("a"), endpoint("b"), endpoint("c")]);
    for (const id of ["a", "b", "c"]) {
      const attempt = bench.start(id);
      bench.policy.answered!(attempt, { now: 0, result: "success", serverLoad: { inFlight: 2, latencyMs: 7 } });
    }
    bench.pick();
    assert.equal(bench.policy.why()?.candidates.length, 2);
  });
});

describe("slow start", () => {
  const grown = (name: "round-robin" | "expected-wait"): Bench => {
    const bench = new Bench(name, [endpoint("a"), endpoint("b")], { slowStart: { windowMs: 10_000 } });
    bench.now = 1000;
    bench.endpoints.push(endpoint("new"));
    bench.policy.update(bench.endpoints, bench.now);
    return bench;
  };

  it("does not hold the first endpoints back", () => {
    const bench = new Bench("round-robin", [endpoint("a"), endpoint("b")], { slowStart: { windowMs: 10_000 } });
    near(bench.shares(100).get("a"), 0.5, 1e-9);
  });

  it("gives a new endpoint a share that grows to its own", () => {
    const bench = grown("round-robin");
    const shares = [0, 5000, 10_000].map((age) => {
      bench.now = 1000 + age;
      return bench.shares(2100).get("new");
    });
    near(shares[0], 0.1 / 2.1, 0.005);
    near(shares[1], 0.5 / 2.5, 0.005);
    near(shares[2], 1 / 3, 0.005);
  });

  it("raises a new endpoint's cost in the default policy", () => {
    const bench = grown("expected-wait");
    bench.pick();
    const costOf = (id: string) => bench.policy.why()!.candidates.find((each) => each.id === id)!.cost;
    near(costOf("new") / costOf("a"), 10, 1e-9);
    bench.now += 10_000;
    bench.pick();
    near(costOf("new") / costOf("a"), 1, 1e-9);
  });
});
