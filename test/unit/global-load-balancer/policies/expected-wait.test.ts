import assert from "node:assert/strict";
import {
  ConcurrencyEstimate,
  emptyBlock,
} from "../../../../runtime/scalability/global-load-balancer/policies/concurrency-estimate";
import { PoolPrior } from "../../../../runtime/scalability/global-load-balancer/policies/pool-prior";
import { ServiceEstimate } from "../../../../runtime/scalability/global-load-balancer/policies/service-estimate";
import { percentile, simulate, type World } from "../../../../bench/balancer/simulation";
import { createPolicy } from "../../../../runtime/scalability/global-load-balancer/policies";
import { Bench, endpoint, numbers } from "./fixtures";

const costs = (bench: Bench): Record<string, number> => {
  bench.pick();
  return Object.fromEntries(bench.policy.why()!.candidates.map(({ id, cost }) => [id, cost]));
};

describe("expected wait", () => {
  it("takes the fewest in flight before it knows anything", () => {
    assert.equal(new Bench("expected-wait", [endpoint("a", 1, 2), endpoint("b", 1, 1)]).pick(), "b");
  });

  it("learns that an endpoint is slow, and sends it less", () => {
    const bench = new Bench("expected-wait", [endpoint("a"), endpoint("b")]);
    const sent = { a: 0, b: 0 };
    bench.serve(1500, (id) => {
      sent[id as "a" | "b"]++;
      return id === "a" ? 90 : 10;
    });
    assert.ok(sent.b > 8 * sent.a, JSON.stringify(sent));
    assert.ok(sent.a > 2, "it is tried again");
  });

  it("takes an endpoint that does not answer for slow before any request of it ends", () => {
    const bench = new Bench("expected-wait", [endpoint("a"), endpoint("b")]);
    bench.serve(100, () => 10);
    const stuck = bench.start("a");
    bench.start("b");
    const before = costs(bench);
    assert.ok(Math.abs(before["a"]! / before["b"]! - 1) < 0.3);
    bench.now += 2000;
    bench.policy.answered!({ ...stuck, id: "b" }, { now: bench.now, result: "success" }); // not an attempt of b: no news
    const after = costs(bench);
    assert.ok(after["a"]! > 1.5 * before["a"]!, `${after["a"]} after ${before["a"]}`);
  });

  it("is not drawn to an endpoint that fails at once", () => {
    const bench = new Bench("expected-wait", [endpoint("a"), endpoint("b"), endpoint("c")]);
    bench.serve(100, () => 10);
    let failed = 0;
    bench.serve(
      1000,
      (id) => (id === "a" ? 0.1 : 10),
      (id) => (id === "a" && ++failed > 0 ? "failure" : "success"),
    );
    assert.ok(failed < 40, `${failed} of 1000 were sent to it`);
  });

  it("learns nothing from abandoned requests but the time that they took", () => {
    const bench = new Bench("expected-wait", [endpoint("a"), endpoint("b")]);
    bench.serve(200, () => 10);
    const before = costs(bench);
    for (let request = 0; request < 20; request++) bench.end(bench.start("a"), "abandoned");
    assert.deepEqual(costs(bench), before);
  });

  it("assumes capacity by weight where nothing else is known", () => {
    const bench = new Bench("expected-wait", [endpoint("a", 1), endpoint("b", 3)]);
    const held: Record<string, number> = { a: 0, b: 0 };
    for (let request = 0; request < 40; request++) {
      const { id } = bench.start(bench.pick()!);
      held[id]!++;
    }
    assert.ok(Math.abs(held["b"]! / held["a"]! - 3) < 0.4, JSON.stringify(held));
  });

  describe("in the simulation", () => {
    const world: World = {
      servers: 10,
      workers: 4,
      balancers: 1,
      meanServiceMs: 20,
      sigma: 0.7,
      load: 0.9,
      slowness: () => 1,
      capacityFactor: 1,
      warmUpMs: 2000,
      durationMs: 8000,
    };
    const moving = (server: number, now: number): number => (Math.floor(now / 3000 + server) % 5 === 0 ? 3 : 1);
    const p99 = (name: "expected-wait" | "least-request" | "peak-ewma", changes: Partial<World> = {}): number => {
      const contender = { name, create: (random: () => number) => createPolicy(name, {}, { random }) };
      return percentile(simulate({ ...world, ...changes }, contender, 42), 99);
    };
    const antagonist = { slowness: moving, capacityFactor: 0.8 + 0.2 / 3 };

    it("beats least request and Peak-EWMA under an antagonist", () => {
      const ours = p99("expected-wait", antagonist);
      assert.ok(ours < 0.95 * p99("least-request", antagonist));
      assert.ok(ours < 0.95 * p99("peak-ewma", antagonist));
    });

    it("does so with ten balancers that do not see each other's requests", () => {
      const apart = { ...antagonist, balancers: 10 };
      assert.ok(p99("expected-wait", apart) < 0.9 * p99("peak-ewma", apart));
    });

    it("is no worse than least request where all are equal", () => {
      assert.ok(p99("expected-wait") < 1.03 * p99("least-request"));
    });
  });
});

describe("service estimate", () => {
  const fed = (serviceMs: number, workers: number): ServiceEstimate => {
    const estimate = new ServiceEstimate(0, workers);
    const waiting = Array.from({ length: workers }, () => ({ id: "a", startedAt: 0 }));
    waiting.forEach((attempt) => estimate.started(attempt));
    for (let step = 1; step <= 200; step++) {
      const now = (step * serviceMs) / workers;
      estimate.advance(now, serviceMs);
      estimate.ended(waiting.shift()!, "success");
      const next = { id: "a", startedAt: now };
      estimate.started(next);
      waiting.push(next);
    }
    return estimate;
  };

  it("finds the service time behind several workers", () => {
    for (const workers of [1, 4]) {
      const estimate = fed(30, workers);
      assert.ok(Math.abs(estimate.serviceMs((200 * 30) / workers, 30, 1) - 30) < 2);
    }
  });

  it("counts an answer once", () => {
    const estimate = new ServiceEstimate(0, 1);
    const attempt = { id: "a", startedAt: 0 };
    estimate.started(attempt);
    assert.equal(estimate.ended(attempt, "success"), true);
    assert.equal(estimate.ended(attempt, "success"), false);
    assert.equal(estimate.evidence.completions, 1);
  });

  it("forgets an idle endpoint's slowness", () => {
    const estimate = fed(90, 1);
    const { completions } = estimate.evidence;
    estimate.advance(200 * 90 + 1 + 60_000, 10);
    assert.ok(estimate.evidence.completions < completions / 1000);
  });
});

describe("concurrency estimate", () => {
  for (const workers of [1, 4, 16]) {
    it(`finds ${workers} workers, whatever the speed of the hour`, () => {
      const random = numbers(3);
      const estimate = new ConcurrencyEstimate();
      const block = emptyBlock();
      for (let completion = 0; completion < 20_000; completion++) {
        const requests = 1 + Math.floor(random() * workers * 3);
        const serviceMs = Math.floor(completion / 500) % 2 === 0 ? 10 : 30;
        const gap = (-Math.log(1 - random()) * serviceMs) / Math.min(requests, workers);
        estimate.elapsed(block, gap, requests, 1);
        estimate.completed(block, requests, 1);
      }
      assert.equal(estimate.workers, workers);
    });
  }
});

describe("pool prior", () => {
  const of = (serviceMs: readonly number[]): PoolPrior => {
    const prior = new PoolPrior();
    prior.review(
      serviceMs.map((each) => {
        const estimate = new ServiceEstimate(0, 1);
        for (let request = 0; request < 30; request++) {
          const attempt = { id: "a", startedAt: 0 };
          estimate.started(attempt);
          estimate.advance((request + 1) * each, Infinity);
          estimate.ended(attempt, "success");
        }
        return estimate;
      }),
    );
    return prior;
  };

  it("is trusted much where endpoints are alike, and little where they differ", () => {
    assert.equal(of([10, 10, 10, 10]).completions, 200);
    assert.equal(of([10, 10, 10, 90]).completions, 8);
  });

  it("is the mean service time", () => {
    assert.equal(of([10, 20, 30]).serviceMs, 20);
  });
});
