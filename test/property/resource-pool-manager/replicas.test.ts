import assert from "node:assert/strict";
import fc from "fast-check";
import { MnoError } from "../../../runtime/exports";
import { ManualClock } from "../../../runtime/kernel/clock";
import type { Database, Queryable } from "../../../runtime/kernel/store/database";
import { OUTBOX_MIGRATIONS } from "../../../runtime/kernel/events/outbox";
import { openDatabase } from "../../../runtime/kernel/store/open";
import type { Lease } from "../../../runtime/scalability/resource-pool-manager/lease";
import type { PoolManager } from "../../../runtime/scalability/resource-pool-manager/manager";
import { log, openManager } from "../../unit/resource-pool-manager/support";

const SLOTS = 4;
const LEASE_SECONDS = 5;

type Link = "up" | "down" | "answers lost";

/** One replica's way to the database that all share. */
class Connection {
  link: Link = "up";
  readonly database: Database;

  constructor(shared: Database) {
    const broken = (): MnoError => new MnoError("MNO_STORE_UNAVAILABLE", "the database is away");
    this.database = {
      ...shared,
      engine: shared.engine,
      migrate: (set, migrations) => shared.migrate(set, migrations),
      query: async <Row>(sql: string, parameters?: readonly unknown[]) => {
        if (this.link === "down") throw broken();
        return shared.query<Row>(sql, parameters);
      },
      transaction: async <T>(work: (tx: Queryable) => Promise<T>) => {
        if (this.link === "down") throw broken();
        const result = await shared.transaction(work);
        // Committed, and nobody has heard of it.
        if (this.link === "answers lost") throw broken();
        return result;
      },
    };
  }
}

interface Replica {
  connection: Connection;
  manager: PoolManager;
  process: AbortController;
}

interface Real {
  pool: string;
  clock: ManualClock;
  replicas: Replica[];
  restart: (index: number) => Promise<void>;
}

/** What the callers believe. */
interface Model {
  held: Lease[];
  waiting: Set<Promise<void>>;
  /** Largest fencing token seen of each slot. */
  tokens: Map<string, number>;
  /** A lease may have been granted or ended without its caller having heard of it. */
  isUncertain: boolean;
  keys: number;
}

const EXPECTED = ["MNO_POOL_EXHAUSTED", "MNO_STORE_UNAVAILABLE", "MNO_LEASE_OVER", "MNO_AGENT_UNAVAILABLE"];

function assertExpected(error: unknown): void {
  assert.ok(error instanceof MnoError && EXPECTED.includes(error.code), String((error as Error).stack));
}

function take(model: Model, lease: Lease, clock: ManualClock): void {
  if (lease.expiresAt <= clock.now() || lease.endedAt !== null) return;
  if (model.held.some(({ id }) => id === lease.id)) return;
  for (const slot of lease.slots) {
    const before = model.tokens.get(slot) ?? 0;
    assert.ok(lease.fencingToken > before, `slot ${slot}: token ${lease.fencingToken} after ${before}`);
    model.tokens.set(slot, lease.fencingToken);
  }
  model.held.push(lease);
}

/** Enough for every statement under way to be done. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 40; turn++) await new Promise((resolve) => setImmediate(resolve));
}

async function judge(model: Model, { clock, pool, replicas }: Real): Promise<void> {
  await settle();
  model.held = model.held.filter(({ expiresAt }) => expiresAt > clock.now());
  const slots = model.held.flatMap((lease) => lease.slots);
  assert.equal(new Set(slots).size, slots.length, `a slot has two holders: ${slots.join()}`);
  const up = replicas.find(({ connection }) => connection.link === "up");
  if (!up) return;
  const { leased } = await up.manager.pool(pool);
  assert.ok(leased >= slots.length, `${slots.length} slots are held, the store knows of ${leased}`);
}

type Command = fc.AsyncCommand<Model, Real>;
const command = (name: string, run: (model: Model, real: Real) => Promise<void>): Command => ({
  check: () => true,
  run: async (model, real) => {
    await run(model, real);
    await judge(model, real);
  },
  toString: () => name,
});

const never = new AbortController().signal;

async function acquire(model: Model, real: Real, index: number, count: number, wait: number, keyed: boolean) {
  const { manager, connection } = real.replicas[index]!;
  const key = keyed ? { value: `key-${++model.keys}`, requestHash: String(count) } : null;
  const request = { holder: `r${index}`, count, leaseSeconds: null, site: null };
  if (connection.link !== "up") model.isUncertain = true;
  try {
    const { lease } = await manager.acquire(real.pool, request, key, wait, never);
    take(model, lease, real.clock);
  } catch (error) {
    assertExpected(error);
    if ((error as MnoError).code === "MNO_STORE_UNAVAILABLE") model.isUncertain = true;
  }
}

const replica = fc.nat(1);
const commands = [
  fc
    .tuple(replica, fc.integer({ min: 1, max: SLOTS }), fc.boolean())
    .map(([index, count, keyed]) =>
      command(`acquire(${index}, ${count})`, (model, real) => acquire(model, real, index, count, 0, keyed)),
    ),
  fc.tuple(replica, fc.integer({ min: 1, max: 2 }), fc.boolean()).map(([index, count, keyed]) =>
    command(`wait(${index}, ${count})`, async (model, real) => {
      const asked = acquire(model, real, index, count, 20, keyed);
      model.waiting.add(asked);
      void asked.finally(() => model.waiting.delete(asked));
    }),
  ),
  fc.integer({ min: 2, max: 8 }).map((callers) =>
    command(`race(${callers})`, async (model, real) => {
      await Promise.all(
        Array.from({ length: callers }, (_, caller) => acquire(model, real, caller % 2, 1, 0, caller % 3 === 0)),
      );
    }),
  ),
  fc.tuple(replica, fc.nat(9)).map(([index, at]) =>
    command(`release(${index}, ${at})`, async (model, { replicas }) => {
      const lease = model.held[at % Math.max(1, model.held.length)];
      if (!lease) return;
      // The caller uses it no longer, whatever comes of the release.
      model.held = model.held.filter((other) => other !== lease);
      await replicas[index]!.manager.release(lease.id).catch(assertExpected);
    }),
  ),
  fc.tuple(replica, fc.nat(9)).map(([index, at]) =>
    command(`renew(${index}, ${at})`, async (model, { replicas }) => {
      const lease = model.held[at % Math.max(1, model.held.length)];
      if (!lease) return;
      await replicas[index]!.manager.renew(lease.id, null).then(
        ({ expiresAt }) => void (lease.expiresAt = expiresAt),
        (error: unknown) => {
          assertExpected(error);
          assert.notEqual(
            (error as MnoError).code,
            "MNO_LEASE_OVER",
            "a lease that its holder has ended before its time",
          );
        },
      );
    }),
  ),
  fc.constantFrom(100, 1000, 3000, 6000).map((milliseconds) =>
    command(`advance(${milliseconds})`, async (_, { clock, replicas }) => {
      await clock.advance(milliseconds);
      for (const { manager } of replicas) await manager.expire().catch(assertExpected);
    }),
  ),
  fc.tuple(replica, fc.constantFrom<Link>("up", "down", "answers lost")).map(([index, link]) =>
    command(`${index} is ${link}`, async (model, { replicas }) => {
      replicas[index]!.connection.link = link;
      if (link !== "up") model.isUncertain = true;
    }),
  ),
  replica.map((index) =>
    command(`crash(${index})`, async (model, { restart }) => {
      model.isUncertain = true;
      await restart(index);
    }),
  ),
];

describe("two replicas of the resource pool manager on one database", function () {
  this.timeout(180_000);
  let shared: Database;
  let runs = 0;
  before(async () => {
    shared = await openDatabase("pglite:memory", { log });
    await shared.migrate("outbox", OUTBOX_MIGRATIONS);
  });
  after(() => shared.close());

  it("give no slot to two holders and lose none, whatever fails", async () => {
    await fc.assert(
      fc.asyncProperty(fc.commands(commands, { maxCommands: 30 }), async (sequence) => {
        const clock = new ManualClock(Date.parse("2026-01-01T00:00:00Z"));
        const pool = `p${++runs}`;
        const start = async (): Promise<Replica> => {
          const connection = new Connection(shared);
          const process = new AbortController();
          const { manager } = await openManager(connection.database, clock, process.signal);
          return { connection, manager, process };
        };
        const replicas = [await start(), await start()];
        const restart = async (index: number): Promise<void> => {
          // Killed: nothing of it reaches the database any more, and its callers' connections break.
          const { connection, process } = replicas[index]!;
          connection.link = "down";
          process.abort(new MnoError("MNO_AGENT_UNAVAILABLE", "killed"));
          replicas[index] = await start();
        };
        const slots = Array.from({ length: SLOTS }, (_, slot) => String(slot));
        const definition = {
          name: pool,
          kind: "members",
          slots,
          leaseSeconds: LEASE_SECONDS,
          leakAfterSeconds: null,
        } as const;
        await replicas[0]!.manager.define(definition);
        const model: Model = { held: [], waiting: new Set(), tokens: new Map(), isUncertain: false, keys: 0 };
        const real: Real = { pool, clock, replicas, restart };
        await fc.asyncModelRun(() => ({ model, real }), sequence);

        for (const { connection } of replicas) connection.link = "up";
        if (!model.isUncertain) {
          const { leased } = await replicas[1]!.manager.pool(pool);
          assert.equal(
            leased,
            model.held.reduce((sum, lease) => sum + lease.slots.length, 0),
          );
        }
        // Every wait ends, every lease that nobody knows of expires, and then all slots are there.
        for (let round = 0; round < 30 && model.waiting.size > 0; round++) {
          await clock.advance(1000);
          await judge(model, real);
        }
        assert.equal(model.waiting.size, 0, "somebody still waits");
        await clock.advance(LEASE_SECONDS * 1000 + 10_000);
        await replicas[0]!.manager.expire();
        const { lease } = await replicas[1]!.manager.acquire(
          pool,
          { holder: "all", count: SLOTS, leaseSeconds: null, site: null },
          null,
          0,
          never,
        );
        assert.equal(lease.slots.length, SLOTS);
        await Promise.all(replicas.map(({ manager }) => manager.drain()));
      }),
      { numRuns: 60 },
    );
  });
});
