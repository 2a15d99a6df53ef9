import assert from "node:assert/strict";
import fc from "fast-check";
import type { Lease } from "../../../runtime/kernel/pool/lease";
import { type Bench, openPool, type Thing, turn, watch } from "../../unit/pool/support";

/** What the callers of the pool know: nothing of its insides. */
interface Model {
  asked: { settled: ReturnType<typeof watch<Lease<Thing>>>; abort: AbortController }[];
  held: Lease<Thing>[];
  /** Leases that ended or began are told apart by these. */
  known: Set<Lease<Thing>>;
}

const MAXIMUM = 4;
const LEASE_LIMIT = 6000;

type Command = fc.AsyncCommand<Model, Bench>;

const command = (name: string, run: (model: Model, bench: Bench) => void | Promise<void>): Command => ({
  check: () => true,
  run: async (model, bench) => {
    await run(model, bench);
    await turn();
    judge(model, bench);
  },
  toString: () => name,
});

/** Takes in what was answered, and checks that no resource has two holders and no lease was lost. */
function judge(model: Model, { pool, factory, clock }: Bench): void {
  for (const asked of [...model.asked]) {
    const settled = asked.settled();
    if (settled === undefined) continue;
    model.asked.splice(model.asked.indexOf(asked), 1);
    if (settled.value) model.held.push(settled.value);
  }
  model.held = model.held.filter((lease) => clock.now() - lease.since < LEASE_LIMIT || !isRevoked(lease));
  const resources = model.held.map((lease) => lease.resource);
  assert.equal(new Set(resources).size, resources.length, "a resource has two holders");
  assert.ok(
    resources.every((resource) => factory.alive.has(resource)),
    "a held resource was destroyed",
  );
  assert.ok(factory.alive.size <= MAXIMUM, `${factory.alive.size} resources of at most ${MAXIMUM}`);
  const stats = pool.stats();
  assert.equal(stats.leased, model.held.length);
  assert.equal(stats.waiting, model.asked.length);
  const isNew = model.held.some((lease) => !model.known.has(lease));
  assert.ok(!isNew || stats.leased <= stats.limit, `${stats.leased} leases with a limit of ${stats.limit}`);
  model.known = new Set(model.held);
  assert.equal(stats.leased + stats.idle + stats.inCare, factory.alive.size);
}

function isRevoked(lease: Lease<Thing>): boolean {
  try {
    return lease.resource === undefined;
  } catch {
    return true;
  }
}

const pick = <V>(values: V[], at: number): V | undefined => values[at % Math.max(1, values.length)];

const commands = [
  fc.constant(
    command("acquire", (model, { pool }) => {
      const abort = new AbortController();
      model.asked.push({ settled: watch(pool.acquire({ signal: abort.signal })), abort });
    }),
  ),
  fc.constant(
    command("tryAcquire", (model, { pool }) => {
      const lease = pool.tryAcquire();
      if (lease) model.held.push(lease);
    }),
  ),
  fc.nat(20).map((at) =>
    command(`release(${at})`, (model) => {
      const lease = pick(model.held, at);
      model.held = model.held.filter((other) => other !== lease);
      lease?.release();
      lease?.release();
    }),
  ),
  fc.nat(20).map((at) =>
    command(`destroy(${at})`, (model) => {
      const lease = pick(model.held, at);
      model.held = model.held.filter((other) => other !== lease);
      lease?.destroy();
    }),
  ),
  fc.nat(20).map((at) => command(`abort(${at})`, (model) => pick(model.asked, at)?.abort.abort(new Error("enough")))),
  fc
    .constantFrom(1, 50, 500, 3000, 20_000)
    .map((milliseconds) => command(`advance(${milliseconds})`, (_, { clock }) => clock.advance(milliseconds))),
  fc.boolean().map((fails) =>
    command(fails ? "outage" : "heal", (_, { factory }) => {
      factory.fault = fails ? new Error("down") : undefined;
    }),
  ),
  fc
    .constantFrom(0, 100, 5000)
    .map((milliseconds) =>
      command(`create takes ${milliseconds}`, (_, { factory }) => void (factory.createMilliseconds = milliseconds)),
    ),
  fc.constant(
    command("all resources break", (_, { factory }) => {
      for (const thing of factory.alive) thing.works = false;
    }),
  ),
  fc.boolean().map((on) => command(on ? "pause" : "resume", (_, { pool }) => (on ? pool.pause() : pool.resume()))),
  fc
    .integer({ min: 1, max: MAXIMUM })
    .map((limit) => command(`limit(${limit})`, (_, { pool }) => pool.setLimit(limit))),
];

describe("Pool, whatever its callers and its factory do", () => {
  it("loses no lease, doubles none, and answers everybody", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.commands(commands, { maxCommands: 60 }),
        fc.integer({ min: 0, max: 2 }),
        fc.boolean(),
        async (sequence, minimum, validates) => {
          const bench = openPool(
            {
              maximum: MAXIMUM,
              minimum,
              acquireTimeout: 10_000,
              createTimeout: 2000,
              idleTimeout: 4000,
              keepAlive: 2500,
              maximumLifetime: 15_000,
              validateAfterIdle: validates ? 100 : Infinity,
              leakThreshold: 3000,
              leaseLimit: LEASE_LIMIT,
            },
            undefined,
            Math.random,
          );
          const { pool, factory, clock } = bench;
          const model: Model = { asked: [], held: [], known: new Set() };
          await fc.asyncModelRun(() => ({ model, real: bench }), sequence);
          factory.fault = undefined;
          factory.createMilliseconds = 0;
          pool.setLimit(MAXIMUM);
          pool.resume();
          // With everything given back and the factory well, nobody waits for long.
          for (let round = 0; round < 40 && (model.asked.length > 0 || model.held.length > 0); round++) {
            for (const lease of model.held.splice(0)) lease.release();
            await clock.advance(200);
            judge(model, bench);
          }
          assert.equal(model.asked.length + model.held.length, 0, "somebody still waits");
          const closed = watch(pool.close());
          await clock.advance(5000);
          assert.ok(closed(), "close did not end");
          await clock.advance(10_000);
          assert.equal(factory.alive.size, 0, "a resource outlived its pool");
        },
      ),
      { numRuns: 150 },
    );
  }).timeout(120_000);
});
