import assert from "node:assert/strict";
import { performance } from "node:perf_hooks";
import { MnoError } from "../../../runtime/exports";
import { monotonicClock } from "../../../runtime/kernel/clock";
import { creationsNeeded } from "../../../runtime/kernel/pool/demand";
import { Pool } from "../../../runtime/kernel/pool/pool";
import { openPool, type Thing, turn, watch } from "./support";

const down = new Error("connection refused");

const failed = (error: unknown): boolean =>
  error instanceof MnoError && error.code === "MNO_POOL_FACTORY_FAILED" && error.cause === down;

describe("a pool whose factory fails", () => {
  it("refuses all that wait with the cause, at once, when it has nothing else for them", async () => {
    const { pool, clock, factory } = openPool({}, (f) => (f.fault = down));
    const waiting = [pool.acquire(), pool.acquire()].map(watch);
    await turn();
    assert.ok(waiting.every((asked) => failed(asked()?.error)));
    await assert.rejects(pool.acquire(), failed);
    assert.equal(factory.attempts.length, 2); // those of the two; the third found the breaker open
    assert.equal(clock.now(), 1_000_000);
  });

  it("lets them wait while others' leases may still come back, and then says in the time-out what failed", async () => {
    const { pool, clock, factory } = openPool({ acquireTimeout: 5000, maximum: 3 });
    const lease = await pool.acquire();
    factory.fault = down;
    const served = watch(pool.acquire());
    const late = watch(pool.acquire());
    await clock.advance(1000);
    lease.release();
    await turn();
    assert.equal(served()?.value?.resource.id, 1);
    await clock.advance(4000);
    assert.match((late()?.error as Error).message, /1 of 3 held.*the factory failed: connection refused/);
    assert.equal((late()?.error as Error).cause, down);
  });

  it("refuses nobody before `failures` attempts have failed", async () => {
    const { pool, clock, factory } = openPool({ breaker: { failures: 3 } }, (f) => (f.fault = down));
    const asked = watch(pool.acquire());
    await turn();
    assert.equal(asked(), undefined);
    await clock.advance(75);
    assert.equal(factory.attempts.length, 2);
    factory.fault = undefined;
    await clock.advance(150);
    assert.equal(asked()?.value?.resource.id, 1);
  });

  it("asks it seldom during an outage of 10 s, one at a time, and is back within half a second of its end", async () => {
    const { pool, clock, factory } = openPool({ maximum: 10 }, (f) => (f.fault = down), Math.random);
    let refused = 0;
    let healed = 0;
    let running = true;
    const borrow = async (): Promise<void> => {
      while (running) {
        try {
          const lease = await pool.acquire();
          healed ||= clock.now();
          await clock.sleep(5);
          lease.release();
        } catch (error) {
          assert.ok(failed(error));
          refused += 1;
          await clock.sleep(20);
        }
      }
    };
    const borrowers = Array.from({ length: 20 }, borrow);
    await clock.advance(10_000);
    const outage = factory.attempts.length;
    factory.fault = undefined;
    await clock.advance(1500);
    running = false;
    await clock.advance(1500);
    await Promise.all(borrowers);
    assert.ok(outage <= 10 + 10 * 4, `${outage} creates in 10 s`);
    assert.ok(refused > 1000);
    assert.ok(healed - 1_010_000 <= 525, `${healed - 1_010_000} ms to recover`);
    assert.equal(pool.stats().leased, 0);
  });

  it("lets warmUp fail with the cause, and goes on to its minimum by itself", async () => {
    const { pool, clock, factory } = openPool({ minimum: 2 }, (f) => (f.fault = down));
    await assert.rejects(pool.warmUp(), failed);
    factory.fault = undefined;
    await clock.advance(200);
    assert.equal(factory.alive.size, 2);
    await pool.warmUp();
  });

  it("counts a create that hangs as a failure, tells it so, and destroys what comes of it later", async () => {
    const aborted: unknown[] = [];
    const { pool, clock, factory } = openPool({ createTimeout: 1000 });
    factory.create = async (signal: AbortSignal): Promise<Thing> => {
      signal.addEventListener("abort", () => aborted.push(signal.reason));
      await clock.sleep(5000);
      const thing = { id: 9, works: true };
      factory.alive.add(thing);
      return thing;
    };
    const asked = watch(pool.acquire());
    await clock.advance(1000);
    assert.match((asked()?.error as Error).message, /create\(\) took longer than 1000 ms/);
    assert.equal(aborted.length, 1);
    await clock.advance(4000);
    assert.deepEqual(factory.destroyed, [{ id: 9, reason: "closed" }]);
  });

  for (const [kind, create] of [
    ["rejects", () => Promise.reject(down)],
    ["throws", () => { throw down; }], // prettier-ignore
  ] as const) {
    it(`lets timers run when create() ${kind} at once`, async () => {
      let creates = 0;
      const counted = (): Promise<number> => {
        creates += 1;
        return create();
      };
      const pool = new Pool(
        { create: counted, destroy: () => undefined },
        { name: "p", maximum: 10, acquireTimeout: 150, breaker: { failures: 1000 } },
        { clock: monotonicClock, random: Math.random },
      );
      const start = performance.now();
      let ticks = 0;
      const timer = setInterval(() => (ticks += 1), 10);
      const results = await Promise.allSettled(Array.from({ length: 50 }, () => pool.acquire()));
      clearInterval(timer);
      assert.ok(results.every(({ status }) => status === "rejected"));
      assert.ok(performance.now() - start < 2000);
      assert.ok(ticks >= 1, `${ticks} ticks`);
      assert.ok(creates <= 20, `${creates} creates`);
      await pool.close();
    });
  }
});

describe("a pool under a spike", () => {
  const spike = async (hold: number, borrowers: number) => {
    const bench = openPool({ minimum: 5, maximum: 100 }, (f) => (f.createMilliseconds = 200));
    const { pool, clock, factory } = bench;
    const warm = pool.warmUp();
    await clock.advance(200);
    await warm;
    // The pool knows how long its leases take.
    const routine = Array.from({ length: 5 }, () => pool.use(() => clock.sleep(hold)));
    await clock.advance(hold);
    await Promise.all(routine);
    const before = factory.created;
    const start = clock.now();
    let last = 0;
    const served = Array.from({ length: borrowers }, async () => {
      await pool.use(() => clock.sleep(hold));
      last = clock.now() - start;
    });
    await clock.advance(60_000);
    await Promise.all(served);
    return { opened: factory.created - before, last };
  };

  it("opens nothing for 95 borrowers whom the five at work serve sooner than a new one could", async () => {
    assert.deepEqual(await spike(10, 95), { opened: 0, last: 190 });
  });

  it("opens no more than those who would still wait, when holding takes longer", async () => {
    const { opened, last } = await spike(100, 95);
    assert.ok(opened > 20 && opened <= 85, `opened ${opened}`);
    assert.ok(last < 1900 / 2, `took ${last} ms`);
  });

  it("opens what a demand that stays needs, and no more at once than a pool of that size should", async () => {
    const { pool, clock, factory } = openPool({ minimum: 5, maximum: 100 }, (f) => (f.createMilliseconds = 200));
    const warm = pool.warmUp();
    await clock.advance(200);
    await warm;
    let running = true;
    let most = 0;
    const borrowers = Array.from({ length: 40 }, async () => {
      while (running) {
        await pool.use(() => clock.sleep(10));
        most = Math.max(most, pool.stats().creating);
      }
    });
    await clock.advance(3000);
    running = false;
    await clock.advance(1000);
    await Promise.all(borrowers);
    assert.equal(factory.created, 40);
    assert.equal(most, 15); // 5, then 10 more, then as many as there are
  });
});

describe("creationsNeeded", () => {
  const demand = {
    waiting: 10,
    coming: 0,
    working: 5,
    createMilliseconds: 200,
    heldMilliseconds: 100,
    queuedMilliseconds: 0,
  };

  it("is for those who wait, less what is coming, less what will be served meanwhile", () => {
    assert.equal(creationsNeeded({ ...demand, working: 0 }), 10);
    assert.equal(creationsNeeded({ ...demand, working: 0, coming: 12 }), 0);
    assert.equal(creationsNeeded(demand), 0);
    assert.equal(creationsNeeded({ ...demand, waiting: 15, coming: 2 }), 3);
    assert.equal(creationsNeeded({ ...demand, heldMilliseconds: undefined }), 10);
    assert.equal(creationsNeeded({ ...demand, queuedMilliseconds: 200 }), 10);
    assert.equal(creationsNeeded({ ...demand, heldMilliseconds: 0 }), 0);
  });
});
