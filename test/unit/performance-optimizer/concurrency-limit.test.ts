import assert from "node:assert/strict";
import { simulate } from "../../../bench/optimizer/limit-simulation";
import { seeded } from "../../../runtime/kernel/random";
import { exponential } from "../../../bench/balancer/random";
import { MnoError } from "../../../runtime/exports";
import { ManualClock } from "../../../runtime/kernel/clock";
import { AdaptiveLimit } from "../../../runtime/kernel/concurrency-limit/adaptive";
import { AimdLimit } from "../../../runtime/kernel/concurrency-limit/aimd";
import { FixedLimit } from "../../../runtime/kernel/concurrency-limit/fixed";
import { ConcurrencyGate } from "../../../runtime/kernel/concurrency-limit/gate";
import { Gradient2Limit } from "../../../runtime/kernel/concurrency-limit/gradient2";
import { findKnee } from "../../../runtime/kernel/concurrency-limit/knee";
import type { ConcurrencyLimit } from "../../../runtime/kernel/concurrency-limit/limit";
import { Limiter, type Permit } from "../../../runtime/kernel/concurrency-limit/limiter";
import { VegasLimit } from "../../../runtime/kernel/concurrency-limit/vegas";
import { WindowedLimit } from "../../../runtime/kernel/concurrency-limit/windowed";

let at = 0;
/** One request of so many milliseconds. */
function give(limit: ConcurrencyLimit, latency: number, inflight: number, dropped = false): number {
  at += 1;
  limit.onSample({ startedAt: at - latency, finishedAt: at, inflight, dropped });
  return limit.limit;
}
const near = (found: number, right: number): void =>
  assert.ok(Math.abs(found - right) < 1e-9, `${String(found)}, not ${String(right)}`);

describe("concurrency limits", () => {
  describe("as published (worked by hand from the constants of concurrency-limits 0.5.4)", () => {
    it("AIMD: one more while in use, a tenth less on a drop or a timeout, 20 to 200", () => {
      const limit = new AimdLimit();
      assert.equal(give(limit, 10, 10), 21);
      assert.equal(give(limit, 10, 10), 21, "10 in flight are less than half of 21");
      for (let step = 0; step < 9; step++) give(limit, 10, 100);
      assert.equal(limit.limit, 30);
      assert.equal(give(limit, 10, 30, true), 27);
      assert.equal(give(limit, 5001, 30), 24);
      for (let step = 0; step < 5; step++) give(limit, 10, 30, true);
      assert.equal(limit.limit, 20);
      for (let step = 0; step < 500; step++) give(limit, 10, 1000);
      assert.equal(limit.limit, 200);
    });

    it("Vegas: grows by 6, by 1, holds, falls by 1, by the queue it infers", () => {
      const limit = new VegasLimit(() => 0.999); // probes after nearly 30 x limit samples
      assert.equal(give(limit, 100, 20), 20, "the first sample is the least latency");
      assert.equal(give(limit, 100, 20), 26, "no queue: 6 log10");
      assert.equal(give(limit, 105, 26), 27, "queue 2 of less than 3: log10");
      assert.equal(give(limit, 115, 27), 27, "queue 4 is between 3 and 6");
      assert.equal(give(limit, 150, 27), 26, "queue 9 is more than 6");
      assert.equal(give(limit, 100, 12), 26, "less than half in use");
      assert.equal(give(limit, 100, 26, true), 25, "a drop");
      assert.equal(give(limit, 50, 25), 25, "a new least latency");
    });

    it("Gradient2: the long average over the short one, smoothed by 0.2", () => {
      const limit = new Gradient2Limit();
      near(give(limit, 100, 20), 20.8); // gradient 1: 20 x 0.8 + 24 x 0.2
      // long (100 + 400) / 2 = 250, gradient 1.5 x 250 / 400 = 0.9375
      near(give(limit, 400, 20), 20.8 * 0.8 + (20.8 * 0.9375 + 4) * 0.2);
      const before = limit.limit;
      near(give(limit, 100, 5), before); // less than half in use
    });

    it("Gradient2 ignores drops and creeps upwards under steady overload: the flaws that are mended in ours", () => {
      const limit = new Gradient2Limit();
      for (let step = 0; step < 2000; step++) give(limit, 100 * (limit.limit / 16), limit.limit, true);
      assert.equal(limit.limit, 200);
    });

    it("windows: a second each, those with fewer than ten samples are thrown away", () => {
      const seen: number[] = [];
      const limit = new WindowedLimit({
        limit: 1,
        allowed: () => 1,
        onSample: ({ startedAt, finishedAt, inflight }) => seen.push(finishedAt - startedAt, inflight),
      });
      const send = (finishedAt: number, latency: number, inflight: number): void =>
        limit.onSample({ startedAt: finishedAt - latency, finishedAt, inflight, dropped: false });
      send(1, 0.05, 1); // too short to be true
      send(10, 10, 1); // closes the window that nothing had opened, with one sample
      for (let index = 0; index < 10; index++) send(100 + index, 10 + index, index);
      send(1011, 30, 4);
      assert.deepEqual(
        seen.map((value) => Number(value.toFixed(9))),
        [(145 + 30) / 11, 9].map((value) => Number(value.toFixed(9))),
      );
    });
  });

  describe("ours", () => {
    const scenario = (slots: number, milliseconds: number, load: number) => ({
      slots: [{ at: 0, count: slots }],
      service: (random: () => number) => exponential(random, milliseconds),
      rate: (load * slots * 1000) / milliseconds,
      seconds: 40,
    });
    const last = (values: readonly number[]): number => values.slice(-10).reduce((sum, one) => sum + one, 0) / 10;

    for (const [slots, milliseconds, load] of [
      [16, 20, 1.2],
      [16, 20, 2],
      [50, 10, 1.5],
      [9, 15, 1.3],
    ] as const) {
      it(`finds ${String(slots)} slots of ${String(milliseconds)} ms at load ${String(load)}`, () => {
        const limit = new AdaptiveLimit();
        const { limits } = simulate(scenario(slots, milliseconds, load), { limit, queue: true }, seeded(3));
        assert.ok(Math.abs(last(limits) / slots - 1) < 0.1, String(last(limits)));
      });
    }

    it("turns nobody away at half load", () => {
      const run = simulate(scenario(16, 20, 0.5), { limit: new AdaptiveLimit(), queue: true }, seeded(4));
      assert.equal(run.rejected, 0);
    });

    it("is not misled when the service itself becomes slower", () => {
      const { limits } = simulate(
        { ...scenario(16, 20, 1.5), service: (random, now) => exponential(random, now < 20 ? 20 : 60) },
        { limit: new AdaptiveLimit(), queue: true },
        seeded(5),
      );
      assert.ok(Math.abs(last(limits) / 16 - 1) < 0.1, String(last(limits)));
    });

    it("gives way to drops", () => {
      const limit = new AdaptiveLimit();
      for (let request = 0; request < 400; request++) give(limit, 10, 20, true);
      assert.ok(limit.limit < 10, String(limit.limit));
    });

    it("keeps its limit while nobody needs it", () => {
      const limit = new AdaptiveLimit();
      for (let request = 0; request < 1000; request++) give(limit, 10 + (request % 7), 3);
      assert.equal(limit.limit, 20);
    });
  });

  describe("the knee", () => {
    const observation = (inflight: number, latency: number) => ({ inflight, latency, variance: 1e-4, weight: 1 });

    it("is where latency begins to grow with what is in flight", () => {
      const knee = findKnee([8, 12, 20, 24].map((n) => observation(n, 20 * Math.max(1, n / 16))))!;
      assert.ok(Math.abs(Math.exp(knee.mean) - 16) < 0.5, String(Math.exp(knee.mean)));
      assert.ok(Math.abs(Math.exp(knee.base) - 20) < 0.5, String(Math.exp(knee.base)));
    });

    it("lies beyond what was tried where all of it is on one side", () => {
      assert.ok(Math.exp(findKnee([10, 12].map((n) => observation(n, 20)))!.mean) > 12);
      assert.ok(Math.exp(findKnee([10, 12].map((n) => observation(n, 2 * n)))!.mean) < 10);
      assert.equal(findKnee([]), undefined);
    });
  });

  describe("the gate", () => {
    const gate = (limit: number, queue = true) => {
      const clock = new ManualClock();
      const limiter = new Limiter(new FixedLimit(limit), { queue });
      return { limiter, gate: new ConcurrencyGate(limiter, clock, (error) => error === "overloaded") };
    };

    it("lets as many in as it may, then in order, and turns the rest away with a code", async () => {
      const { gate: front, limiter } = gate(1);
      const order: number[] = [];
      const ends: (() => void)[] = [];
      const work = (index: number) => async (): Promise<void> => {
        order.push(index);
        await new Promise<void>((resolve) => ends.push(resolve));
      };
      const runs = Array.from({ length: 9 }, (_, index) => front.run(work(index)));
      assert.deepEqual([limiter.status().inflight, limiter.status().waiting], [1, 8]);
      await assert.rejects(
        front.run(work(99)),
        (error) => error instanceof MnoError && error.code === "MNO_OVERLOADED",
      );
      for (let index = 0; index < 9; index++) {
        await new Promise((resolve) => setImmediate(resolve));
        ends[index]!();
      }
      await Promise.all(runs);
      assert.deepEqual(order, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
      assert.deepEqual([limiter.status().inflight, limiter.status().waiting], [0, 0]);
    });

    it("hands on what the work throws, and lets go of who gives up waiting", async () => {
      const { gate: front, limiter } = gate(1);
      await assert.rejects(
        front.run(() => Promise.reject(new Error("wrong"))),
        /wrong/,
      );
      let finish = (): void => undefined;
      const first = front.run(() => new Promise<void>((resolve) => (finish = resolve)));
      const leaving = new AbortController();
      const second = front.run(() => Promise.resolve(), leaving.signal);
      leaving.abort(new Error("left"));
      await assert.rejects(second, /left/);
      assert.equal(limiter.status().waiting, 0);
      finish();
      await first;
    });

    it("takes a first burst for one, however it is spread, before anything has come back", () => {
      const limiter = new Limiter(new FixedLimit(16));
      for (let time = 0; time < 36; time++)
        assert.equal(
          limiter.offer(time, () => undefined),
          true,
          String(time),
        );
      assert.equal(
        limiter.offer(36, () => undefined),
        false,
        "16 under way and 20 that wait",
      );
      assert.equal(limiter.status().queue, 20);
    });

    it("keeps only a short queue once it does not empty any more", () => {
      const limiter = new Limiter(new FixedLimit(16));
      assert.equal(limiter.status().queue, 20);
      const running: Permit[] = [];
      for (let time = 0; time < 4000; time++) {
        limiter.offer(time, (permit) => running.push(permit));
        limiter.offer(time, (permit) => running.push(permit));
        const oldest = running[0];
        if (oldest && time - oldest.startedAt >= 16) limiter.finish(running.shift()!, time);
      }
      assert.equal(limiter.status().queue, 8);
    });
  });
});
