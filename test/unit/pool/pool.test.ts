import assert from "node:assert/strict";
import { MnoError } from "../../../runtime/exports";
import { monotonicClock } from "../../../runtime/kernel/clock";
import type { Lease } from "../../../runtime/kernel/pool/lease";
import { Pool } from "../../../runtime/kernel/pool/pool";
import { openPool, type Thing, turn, watch } from "./support";

const coded = (code: string) => (error: unknown) => error instanceof MnoError && error.code === code;

describe("Pool", () => {
  it("makes resources when they are asked for, lends the latest returned, and never more than the maximum", async () => {
    const { pool, factory } = openPool();
    const [a, b, c] = await Promise.all([pool.acquire(), pool.acquire(), pool.acquire()]);
    const fourth = watch(pool.acquire());
    await turn();
    assert.equal(fourth(), undefined);
    assert.equal(factory.created, 3);
    b.release();
    await turn();
    assert.equal(fourth()?.value?.resource, b.resource);
    a.release();
    c.release();
    assert.equal(pool.tryAcquire()?.resource, c.resource);
    assert.deepEqual(pool.stats().idle, 1);
  });

  it("serves those who wait in their order, and lets nobody who comes later past them", async () => {
    const { pool } = openPool({ maximum: 1 });
    const first = await pool.acquire();
    const order: number[] = [];
    const waiters = [1, 2, 3].map(async (who) => {
      const lease = await pool.acquire();
      order.push(who);
      lease.release();
    });
    first.release();
    assert.equal(pool.tryAcquire(), undefined);
    await Promise.all(waiters);
    assert.deepEqual(order, [1, 2, 3]);
  });

  it("serves a smaller priority first, and refuses one that it does not have", async () => {
    const { pool } = openPool({ maximum: 1, priorities: 2 });
    const first = await pool.acquire();
    const order: string[] = [];
    const ask = async (name: string, priority: number): Promise<void> => {
      const lease = await pool.acquire({ priority });
      order.push(name);
      lease.release();
    };
    const waiters = [ask("low", 1), ask("high", 0), ask("low too", 1)];
    first.release();
    await Promise.all(waiters);
    assert.deepEqual(order, ["high", "low", "low too"]);
    await pool.acquire();
    await assert.rejects(pool.acquire({ priority: 2 }), /priorities 0 to 1, not 2/);
  });

  it("takes a lease back once, however often it is released", async () => {
    const { pool } = openPool({ maximum: 1 });
    const first = await pool.acquire();
    first.release();
    const second = await pool.acquire();
    first.release();
    first.destroy();
    assert.deepEqual([pool.stats().leased, pool.stats().idle], [1, 0]);
    second.release();
    assert.deepEqual([pool.stats().leased, pool.stats().idle], [0, 1]);
  });

  it("gives back at the end of `use` and of an `await using` block, also when they throw", async () => {
    const { pool } = openPool({ maximum: 1 });
    assert.equal(await pool.use(async ({ id }) => id), 1);
    await assert.rejects(
      pool.use(async () => {
        throw new Error("no");
      }),
      /no/,
    );
    const block = async (): Promise<never> => {
      await using lease = await pool.acquire();
      throw new Error(`with ${lease.resource.id}`);
    };
    await assert.rejects(block(), /with 1/);
    assert.equal(pool.stats().idle, 1);
  });

  it("ends a wait at its time-out, saying how things stood, and by a signal with its reason", async () => {
    const { pool, clock } = openPool({ maximum: 1, acquireTimeout: 100 });
    const lease = await pool.acquire();
    const controller = new AbortController();
    const late = watch(pool.acquire());
    const later = watch(pool.acquire({ timeout: 150 }));
    const aborted = watch(pool.acquire({ signal: controller.signal }));
    await clock.advance(99);
    assert.equal(late(), undefined);
    controller.abort(new Error("had enough"));
    await clock.advance(1);
    assert.ok(coded("MNO_POOL_ACQUIRE_TIMEOUT")(late()?.error));
    assert.match((late()?.error as Error).message, /within 100 ms; 1 of 1 held, 0 being created, 1 still waiting/);
    assert.match((aborted()?.error as Error).message, /had enough/);
    await assert.rejects(pool.acquire({ signal: controller.signal }), /had enough/);
    await clock.advance(50);
    assert.ok(coded("MNO_POOL_ACQUIRE_TIMEOUT")(later()?.error));
    assert.equal(pool.stats().waiting, 0);
    lease.release();
    assert.equal(pool.stats().idle, 1);
  });

  it("refuses who comes when too many wait", async () => {
    const { pool } = openPool({ maximum: 1, maximumWaiting: 1 });
    await pool.acquire();
    const second = watch(pool.acquire());
    await assert.rejects(pool.acquire(), coded("MNO_POOL_QUEUE_FULL"));
    assert.equal(second(), undefined);
  });

  it("validates what was idle for long before lending it, and replaces what fails", async () => {
    const { pool, clock, factory } = openPool({ maximum: 1, validateAfterIdle: 500 });
    const first = await pool.acquire();
    const { resource } = first;
    first.release();
    await clock.advance(499);
    (await pool.acquire()).release();
    assert.deepEqual(factory.validated, []);
    await clock.advance(500);
    (await pool.acquire()).release();
    assert.deepEqual(factory.validated, [1]);
    resource.works = false;
    await clock.advance(500);
    assert.equal((await pool.acquire()).resource.id, 2);
    assert.deepEqual(factory.destroyed, [{ id: 1, reason: "invalid" }]);
  });

  it("counts a validation that hangs as a failed one", async () => {
    const { pool, clock, factory } = openPool({ maximum: 1, validateAfterIdle: 0, validateTimeout: 50 });
    (await pool.acquire()).release();
    factory.validate = () => new Promise(() => undefined);
    const next = watch(pool.acquire());
    await clock.advance(50);
    assert.equal(next()?.value?.resource.id, 2);
  });

  it("tests idle resources outside the pool, and does not count that as use", async () => {
    const { pool, clock, factory } = openPool({ keepAlive: 2000, idleTimeout: 4500, maximum: 1 });
    (await pool.acquire()).release();
    await clock.advance(4400);
    assert.deepEqual(factory.validated, [1, 1]);
    await clock.advance(1000);
    assert.deepEqual(factory.destroyed, [{ id: 1, reason: "idle" }]);
  });

  it("resets what comes back before it is lent again, and destroys what cannot be reset", async () => {
    const { pool, factory } = openPool({ maximum: 1 });
    const resets: number[] = [];
    const first = await openPoolWithReset();
    async function openPoolWithReset(): Promise<Lease<Thing>> {
      Object.assign(factory, {
        reset: async ({ id }: Thing) => {
          resets.push(id);
          if (resets.length === 2) throw new Error("stuck");
        },
      });
      return pool.acquire();
    }
    first.release();
    assert.equal(pool.tryAcquire(), undefined);
    const second = await pool.acquire();
    assert.equal(second.resource.id, 1);
    second.release();
    assert.equal((await pool.acquire()).resource.id, 2);
    assert.deepEqual(resets, [1, 1]);
    assert.deepEqual(factory.destroyed, [{ id: 1, reason: "invalid" }]);
  });

  it("keeps its minimum, and lets the rest go when idle", async () => {
    const { pool, clock, factory } = openPool({ minimum: 1, idleTimeout: 2000 });
    await pool.warmUp();
    assert.equal(factory.alive.size, 1);
    const leases = await Promise.all([pool.acquire(), pool.acquire(), pool.acquire()]);
    leases[0].destroy();
    await turn();
    assert.equal(factory.alive.size, 2);
    for (const lease of leases) lease.release();
    await clock.advance(3000);
    assert.equal(factory.alive.size, 1);
    for (const lease of [await pool.acquire()]) lease.destroy();
    await turn();
    assert.equal(factory.alive.size, 1);
  });

  it("ends resources at their lifetime, those made together not together, and no held one", async () => {
    let call = 0;
    const { pool, clock, factory } = openPool(
      { minimum: 3, maximumLifetime: 100_000, lifetimeJitter: 0.2, idleTimeout: Infinity },
      undefined,
      () => (call++ % 4) / 4,
    );
    await pool.warmUp();
    const held = await pool.acquire();
    const ends: number[] = [];
    factory.destroy = (thing, reason) => {
      assert.equal(reason, "lifetime");
      factory.alive.delete(thing);
      ends.push(clock.now() - 1_000_000);
    };
    await clock.advance(100_000);
    assert.equal(new Set(ends).size, 2, String(ends));
    assert.ok(ends.every((end) => end >= 80_000 && end <= 100_000));
    assert.equal(factory.alive.size, 3);
    held.release();
    await turn();
    assert.equal(ends.length, 3);
    assert.equal(factory.alive.size, 3);
  });

  it("names who holds a resource for long, and takes it back where there is a limit", async () => {
    const { pool, clock, factory, leaks } = openPool({ maximum: 1, leakThreshold: 2000, leaseLimit: 5000 });
    const forgetful = (): Promise<Lease<Thing>> => pool.acquire();
    const lease = await forgetful();
    const { signal } = lease;
    const next = watch(pool.acquire());
    await clock.advance(2000);
    assert.equal(leaks.length, 1);
    assert.match(leaks[0]?.stack ?? "", /forgetful/);
    assert.equal(leaks[0]?.reclaimed, false);
    await clock.advance(3000);
    assert.deepEqual(
      leaks.map(({ reclaimed }) => reclaimed),
      [false, true],
    );
    assert.equal(next()?.value?.resource.id, 2);
    assert.throws(() => lease.resource, coded("MNO_POOL_LEASE_REVOKED"));
    assert.ok(signal.aborted && coded("MNO_POOL_LEASE_REVOKED")(signal.reason));
    lease.release();
    assert.equal(pool.stats().leased, 1);
    assert.deepEqual(factory.destroyed, [{ id: 1, reason: "reclaimed" }]);
  });

  it("captures no stack where leaks are not looked for, and few where they are sampled", async () => {
    const { pool } = openPool();
    assert.equal((await pool.acquire()).origin, undefined);
    const draws = [0.1, 0.5, 0.9]; // sampled; the first resource's jitter; not sampled
    const sampled = openPool({ leakThreshold: 1, leakStackSampling: 0.5 }, undefined, () => draws.shift() ?? 0.9);
    const leases = [await sampled.pool.acquire(), await sampled.pool.acquire()];
    assert.deepEqual(
      leases.map(({ origin }) => origin !== undefined),
      [true, false],
    );
  });

  it("lends nothing while it is paused, and serves those who waited when it resumes", async () => {
    const { pool } = openPool();
    (await pool.acquire()).release();
    pool.pause();
    const asked = watch(pool.acquire());
    await turn();
    assert.equal(asked(), undefined);
    assert.equal(pool.tryAcquire(), undefined);
    pool.resume();
    await turn();
    assert.equal(asked()?.value?.resource.id, 1);
  });

  it("lends no more than its limit, also after that was lowered", async () => {
    const { pool, factory } = openPool();
    const leases = await Promise.all([pool.acquire(), pool.acquire(), pool.acquire()]);
    pool.setLimit(1);
    const asked = watch(pool.acquire());
    leases[0].release();
    leases[1].release();
    await turn();
    assert.equal(asked(), undefined);
    leases[2].release();
    await turn();
    assert.notEqual(asked(), undefined);
    assert.equal(pool.tryAcquire(), undefined);
    pool.setLimit(2);
    assert.notEqual(pool.tryAcquire(), undefined);
    assert.equal(factory.created, 3);
  });

  describe("close", () => {
    it("serves those who wait, refuses who comes, and destroys everything", async () => {
      const { pool, factory } = openPool({ maximum: 1 });
      const lease = await pool.acquire();
      const waiting = pool.acquire();
      const closed = watch(pool.close());
      await assert.rejects(pool.acquire(), coded("MNO_POOL_CLOSED"));
      lease.release();
      (await waiting).release();
      await turn();
      assert.deepEqual(closed(), { value: undefined });
      assert.deepEqual(factory.destroyed, [{ id: 1, reason: "closed" }]);
    });

    it("takes back what is lent at the deadline, and refuses who waits", async () => {
      const { pool, clock, factory } = openPool({ maximum: 1 });
      const lease = await pool.acquire();
      const waiting = watch(pool.acquire());
      const closed = watch(pool.close(300));
      await clock.advance(299);
      assert.equal(closed(), undefined);
      await clock.advance(1);
      assert.deepEqual(closed(), { value: undefined });
      assert.ok(coded("MNO_POOL_CLOSED")(waiting()?.error));
      assert.throws(() => lease.resource, coded("MNO_POOL_LEASE_REVOKED"));
      assert.equal(factory.alive.size, 0);
    });

    it("destroys what is made after it", async () => {
      const { pool, clock, factory } = openPool({ maximum: 1 }, (f) => {
        f.create = async () => {
          await clock.sleep(1000);
          const thing = { id: 1, works: true };
          factory.alive.add(thing);
          return thing;
        };
      });
      const asked = watch(pool.acquire());
      await turn();
      const closed = watch(pool.close(100));
      await clock.advance(100);
      assert.deepEqual(closed(), { value: undefined });
      assert.ok(coded("MNO_POOL_CLOSED")(asked()?.error));
      await clock.advance(900);
      assert.deepEqual(factory.destroyed, [{ id: 1, reason: "closed" }]);
    });

    it("ends a destroy that hangs at its time-out", async () => {
      const failures: unknown[] = [];
      const observer = { destroyFailed: (error: unknown) => void failures.push(error) };
      const { pool, clock, factory } = openPool({ destroyTimeout: 200, observer });
      (await pool.acquire()).release();
      factory.destroy = () => new Promise(() => undefined) as unknown as void;
      const closed = watch(pool.close());
      await clock.advance(200);
      assert.deepEqual(closed(), { value: undefined });
      assert.match(String(failures[0]), /destroy\(\) took longer than 200 ms/);
    });
  });

  it("names every option that is wrong", () => {
    assert.throws(
      () => openPool({ maximum: 0, minimum: 2, lifetimeJitter: 1, breaker: { firstMilliseconds: 0 } }),
      (error: Error) =>
        coded("MNO_POOL_OPTIONS_INVALID")(error) &&
        ["maximum must", "minimum must", "lifetimeJitter must", "breaker.firstMilliseconds must"].every((part) =>
          error.message.includes(part),
        ),
    );
  });

  it("loses no lease to an observer that throws; its fault comes up outside", async () => {
    const faults: Error[] = [];
    const catcher = (error: Error): void => void faults.push(error);
    const others = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    process.on("uncaughtException", catcher);
    try {
      const observer = {
        acquired: () => {
          throw new Error("bad metric");
        },
      };
      const pool = new Pool(
        { create: async () => 1, destroy: () => undefined },
        { name: "p", maximum: 1, observer },
        { clock: monotonicClock, random: Math.random },
      );
      (await pool.acquire()).release();
      assert.equal(pool.stats().idle, 1);
      await pool.close();
      assert.deepEqual(
        faults.map(({ message }) => message),
        ["bad metric"],
      );
    } finally {
      process.off("uncaughtException", catcher);
      for (const listener of others) process.on("uncaughtException", listener);
    }
  });
});
