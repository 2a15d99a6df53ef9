import assert from "node:assert/strict";
import { KneeFinder } from "../../../runtime/kernel/pool/knee";
import { PoolSizer } from "../../../runtime/kernel/pool/sizer";
import { openPool } from "./support";

/** A resource that serves `knee` at once in `service` milliseconds, and shares its time among more. */
const sharing = (knee: number, service: number) => (limit: number) => ({
  limit,
  throughput: (Math.min(limit, knee) * 1000) / service,
  heldMilliseconds: service * Math.max(1, limit / knee),
});

/** Amdahl's law: the part `serial` of the work cannot be shared. Its power is highest at (1 - serial) / serial. */
const amdahl = (serial: number, service: number) => (limit: number) => {
  const throughput = (limit / (1 + serial * (limit - 1))) * (1000 / service);
  return { limit, throughput, heldMilliseconds: (limit * 1000) / throughput };
};

function observe(finder: KneeFinder, resource: ReturnType<typeof sharing>, windows: number): void {
  for (let window = 0; window < windows; window++) finder.observe(resource(finder.limit));
}

/** Until a knee has been found. */
function settle(finder: KneeFinder, resource: ReturnType<typeof sharing>): void {
  for (let window = 0; window < 20 && finder.why().phase !== "settled"; window++) observe(finder, resource, 1);
}

describe("KneeFinder", () => {
  const bounds = { minimum: 1, maximum: 64, probeEvery: 20 };

  for (const knee of [1, 3, 8, 20, 50]) {
    it(`finds a knee at ${knee}`, () => {
      const finder = new KneeFinder(bounds);
      settle(finder, sharing(knee, 10));
      const { phase, limit, reason, evidence } = finder.why();
      assert.equal(phase, "settled");
      assert.equal(limit, knee);
      assert.match(reason, /knee/);
      assert.ok(evidence.length > 1);
    });
  }

  it("finds the highest power of a resource whose throughput bends slowly", () => {
    const finder = new KneeFinder(bounds);
    settle(finder, amdahl(0.05, 10));
    const power = (n: number): number => amdahl(0.05, 10)(n).throughput / amdahl(0.05, 10)(n).heldMilliseconds;
    assert.ok(power(finder.limit) > 0.9 * power(19), `settled at ${finder.limit}`);
  });

  it("is not misled by one bad measurement on its way", () => {
    for (let bad = 1; bad <= 5; bad++) {
      const finder = new KneeFinder(bounds);
      for (let window = 0; finder.why().phase !== "settled"; window++) {
        const { limit, throughput, heldMilliseconds } = sharing(20, 10)(finder.limit);
        const noise = window === bad ? 2 : 1;
        finder.observe({ limit, throughput: throughput / noise, heldMilliseconds: heldMilliseconds * noise });
      }
      assert.ok(Math.abs(finder.limit - 20) <= 2, `${finder.limit} with a bad measurement ${bad}`);
    }
  });

  it("stays within its bounds, and says which one holds it", () => {
    const finder = new KneeFinder({ ...bounds, maximum: 4 });
    settle(finder, sharing(50, 10));
    assert.equal(finder.limit, 4);
    assert.match(finder.why().reason, /at the maximum/);
  });

  it("does not move for a demand that does not fill the limit", () => {
    const finder = new KneeFinder({ ...bounds, minimum: 10 });
    for (let window = 0; window < 50; window++) finder.observe({ limit: 10, throughput: 300, heldMilliseconds: 10 });
    assert.equal(finder.limit, 10);
    assert.match(finder.why().reason, /demand keeps 3\.00 of 10 busy/);
  });

  for (const [from, to] of [
    [8, 3],
    [8, 20],
    [20, 2],
  ] as const) {
    it(`follows a knee that moves from ${from} to ${to}`, () => {
      const finder = new KneeFinder(bounds);
      settle(finder, sharing(from, 10));
      assert.equal(finder.limit, from);
      observe(finder, sharing(to, 10), 60);
      // A probe may be under way; what counts is what was found.
      assert.ok(Math.abs(finder.why().knee! - to) < 0.5, JSON.stringify(finder.why()));
    });
  }

  it("keeps its knee when every lease takes longer, for that is no queueing", () => {
    const finder = new KneeFinder(bounds);
    settle(finder, sharing(8, 10));
    observe(finder, sharing(8, 30), 40);
    assert.ok(Math.abs(finder.why().knee! - 8) < 0.5);
  });

  it("loses little throughput to its probes", () => {
    const finder = new KneeFinder({ ...bounds, probeEvery: 30 });
    settle(finder, sharing(8, 10));
    let sum = 0;
    for (let window = 0; window < 320; window++) {
      sum += sharing(8, 10)(finder.limit).throughput;
      finder.observe(sharing(8, 10)(finder.limit));
    }
    assert.ok(sum / 320 > 0.98 * 800, String(sum / 320));
  });
});

describe("PoolSizer", () => {
  it("measures a pool under load, and brings its limit to the knee", async () => {
    const { pool, clock } = openPool({ maximum: 32, validateAfterIdle: Infinity });
    const sizer = new PoolSizer(pool, { minimum: 1, maximum: 32 }, clock);
    sizer.start();
    let running = true;
    const borrow = async (): Promise<void> => {
      while (running) {
        const lease = await pool.acquire();
        // Held for 10 ms up to four at once, and for as much longer as there are more.
        await clock.sleep(10 * Math.max(1, pool.stats().leased / 4));
        lease.release();
      }
    };
    const borrowers = Array.from({ length: 20 }, borrow);
    await clock.advance(20_000);
    const { limit, phase, knee } = sizer.why();
    running = false;
    await clock.advance(1000);
    await Promise.all(borrowers);
    await sizer.stop();
    assert.equal(phase, "settled");
    assert.equal(pool.stats().limit, limit);
    assert.ok(Math.abs(knee! - 4) <= 1, `knee ${knee}`);
  }).timeout(60_000);
});
