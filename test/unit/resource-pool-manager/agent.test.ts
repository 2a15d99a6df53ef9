import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock } from "../../../runtime/kernel/clock";
import type { EventBus } from "../../../runtime/kernel/events/bus";
import { openBus } from "../../../runtime/kernel/events/open";
import type { Database } from "../../../runtime/kernel/store/database";
import { openDatabase } from "../../../runtime/kernel/store/open";
import { createMetrics, type Metrics } from "../../../runtime/kernel/telemetry/metrics";
import { tracer } from "../../../runtime/kernel/telemetry/traces";
import { log, type Replica, startReplica } from "./support";

interface Answer {
  status: number;
  headers: Record<string, unknown>;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- answers are judged member by member
  body: any;
}

describe("resource pool manager over HTTP", function () {
  this.timeout(60_000);
  let folder: string;
  let database: Database;
  let bus: EventBus;
  let clock: ManualClock;
  let metrics: Metrics;
  let replica: Replica;

  async function call(
    method: "GET" | "PUT" | "POST" | "DELETE",
    url: string,
    body?: object,
    headers: Record<string, string> = {},
    to: Replica = replica,
  ): Promise<Answer> {
    const answer = await to.http.inject({ method, url, headers, ...(body && { payload: body }) });
    return {
      status: answer.statusCode,
      headers: answer.headers,
      body: answer.body === "" ? undefined : answer.json<unknown>(),
    };
  }
  const acquire = (pool: string, body: object, key?: string, to?: Replica): Promise<Answer> =>
    call("POST", `/v1/pools/${pool}/acquire`, body, key === undefined ? {} : { "idempotency-key": key }, to);
  /** Until the request is in the queue, as all replicas see it. */
  async function queued(pool: string, count: number): Promise<void> {
    while ((await call("GET", `/v1/pools/${pool}`)).body.waiting < count) await new Promise(setImmediate);
  }
  const enqueued = async (): Promise<{ type: string; data: Record<string, unknown> }[]> =>
    (
      await database.query<{ event: { type: string; data: Record<string, unknown> } }>(
        "SELECT event FROM outbox ORDER BY id",
      )
    ).map(({ event }) => event);

  before(async () => {
    database = await openDatabase("pglite:memory", { log });
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "mno-rpm-"));
    clock = new ManualClock(Date.parse("2026-01-01T00:00:00Z"));
    metrics = createMetrics();
    bus = await openBus(`embedded:${folder}`, { clock, log, tracer, metrics });
    replica = await startReplica({ database, bus, clock, metrics });
  });
  afterEach(async () => {
    await replica.drain();
    await bus.close();
    for (const table of ["pools", "fences", "leases", "holdings", "tickets", "refusals"]) {
      await database.query(`DELETE FROM rpm_${table}`);
    }
    await database.query("DELETE FROM outbox");
    await rm(folder, { recursive: true, force: true });
  });
  after(() => database.close());

  it("defines pools, shows them, and changes them", async () => {
    const created = await call("PUT", "/v1/pools/licences", { members: ["key-a", "key-b"], leaseSeconds: 30 });
    assert.equal(created.status, 201);
    assert.deepEqual(created.body, {
      name: "licences",
      kind: "members",
      maximum: 2,
      members: ["key-a", "key-b"],
      leaseSeconds: 30,
      leakAfterSeconds: null,
      leased: 0,
      leases: 0,
      free: 2,
      waiting: 0,
      exhaustedSince: null,
    });
    const changed = await call("PUT", "/v1/pools/licences", { slots: 5 });
    assert.deepEqual([changed.status, changed.body.maximum, changed.body.leaseSeconds], [200, 5, 60]);
    assert.equal((await call("GET", "/v1/pools")).body.items.length, 1);
    assert.equal((await call("PUT", "/v1/pools/x", { slots: 1, members: ["a"] })).body.code, "MNO_POOL_INVALID");
    assert.equal((await call("GET", "/v1/pools/none")).body.code, "MNO_POOL_NOT_FOUND");
    assert.equal((await acquire("none", { holder: "a" })).body.code, "MNO_POOL_NOT_FOUND");
  });

  it("counts as free what may be leased, also after slots that are leased were taken out of the pool", async () => {
    await call("PUT", "/v1/pools/ports", { members: ["a", "b", "c"], leaseSeconds: 30 });
    await acquire("ports", { holder: "red", count: 2 });
    const { body } = await call("PUT", "/v1/pools/ports", { members: ["b", "c", "d"] });
    assert.deepEqual([body.maximum, body.leased, body.free], [3, 2, 2]);
    assert.equal((await acquire("ports", { holder: "blue", count: 2 })).status, 201);
    assert.equal((await call("GET", "/v1/pools/ports")).body.free, 0);
    const smaller = await call("PUT", "/v1/pools/ports", { members: ["e"] });
    assert.deepEqual([smaller.body.maximum, smaller.body.leased, smaller.body.free], [1, 4, 1]);
  });

  it("leases each member once, with a fencing token that grows, and lists holders and ages", async () => {
    await call("PUT", "/v1/pools/ports", { members: ["8081", "8082"], leaseSeconds: 30 });
    const first = await acquire("ports", { holder: "red", site: "main.ts:7" });
    assert.equal(first.status, 201);
    assert.equal(first.headers.location, `/resource-pool-manager/v1/leases/${first.body.id as string}`);
    assert.deepEqual(first.body.slots, ["8081"]);
    await clock.advance(400);
    const second = await acquire("ports", { holder: "blue", leaseSeconds: 90 });
    assert.deepEqual(second.body.slots, ["8082"]);
    assert.ok(second.body.fencingToken > first.body.fencingToken);
    assert.equal(second.body.expiresAt, "2026-01-01T00:01:30.400Z");
    const listed = await call("GET", "/v1/pools/ports/leases");
    assert.deepEqual(
      listed.body.items.map(({ holder, heldSeconds }: Record<string, unknown>) => [holder, heldSeconds]),
      [
        ["red", 0.4],
        ["blue", 0],
      ],
    );
    const page = await call("GET", "/v1/pools/ports/leases?limit=1");
    assert.equal(page.body.nextCursor, first.body.id);
    assert.equal((await call("DELETE", "/v1/pools/ports")).body.code, "MNO_POOL_IN_USE");
  });

  it("refuses what does not come free in time, says who holds it, and remembers why", async () => {
    await call("PUT", "/v1/pools/db", { slots: 2 });
    const held = await acquire("db", { holder: "red", count: 2 });
    const refused = await acquire("db", { holder: "blue" });
    assert.equal(refused.status, 409);
    assert.equal(refused.body.code, "MNO_POOL_EXHAUSTED");
    assert.equal(refused.body.holders[0].leaseId, held.body.id);
    const { body: decision } = await call("GET", `/v1/decisions/${refused.body.decisionId as string}`);
    assert.equal(decision.outcome, "refused");
    assert.deepEqual(decision.reasons.slice(0, 1), ["0 of 2 free, 1 asked for"]);
    const granted = await call("GET", `/v1/decisions/${held.body.decisionId as string}`);
    assert.deepEqual(granted.body.reasons, ["2 free, 2 asked for, nobody was before it"]);
    assert.equal((await call("GET", "/v1/decisions")).body.items.length, 2);
    assert.equal((await acquire("db", { holder: "blue", count: 3 })).body.code, "MNO_REQUEST_INVALID");
    assert.equal((await call("GET", "/v1/decisions/dec_00000000000000000000000000")).status, 404);
  });

  it("lets requests wait in line, a large one not starved by small ones, and hands over at the release", async () => {
    await call("PUT", "/v1/pools/db", { slots: 2 });
    const one = await acquire("db", { holder: "one" });
    const two = await acquire("db", { holder: "two" });
    const order: string[] = [];
    const wait = (holder: string, count: number) =>
      acquire("db", { holder, count, waitSeconds: 30 }).then((answer) => {
        order.push(holder);
        return answer;
      });
    const large = wait("large", 2);
    await queued("db", 1);
    const small = wait("small", 1);
    await queued("db", 2);
    assert.equal((await call("DELETE", `/v1/leases/${one.body.id as string}`)).status, 204);
    assert.deepEqual(order, []);
    await clock.advance(100);
    await call("DELETE", `/v1/leases/${two.body.id as string}`);
    const got = await large;
    assert.equal(got.status, 201);
    const { body: decision } = await call("GET", `/v1/decisions/${got.body.decisionId as string}`);
    assert.equal(decision.waitedSeconds, 0.1);
    await call("DELETE", `/v1/leases/${got.body.id as string}`);
    assert.equal((await small).status, 201);
    assert.deepEqual(order, ["large", "small"]);
  });

  it("refuses text that the database does not take, and only that", async () => {
    await call("PUT", "/v1/pools/db", { slots: 1, leaseSeconds: 600 });
    const one = await acquire("db", { holder: "one" });
    const waiting = acquire("db", { holder: "two", waitSeconds: 30 });
    await queued("db", 1);
    for (const text of ["\u0000", "a\u0000b", "line\nbreak", "\u007f", "\ud800"]) {
      assert.equal((await acquire("db", { holder: text })).body.code, "MNO_REQUEST_INVALID", JSON.stringify(text));
      assert.equal((await acquire("db", { holder: "x", site: text })).body.code, "MNO_REQUEST_INVALID");
      assert.equal((await call("PUT", "/v1/pools/m", { members: [text] })).body.code, "MNO_REQUEST_INVALID");
    }
    await call("DELETE", `/v1/leases/${one.body.id as string}`);
    const got = await waiting;
    assert.equal(got.status, 201);
    await call("DELETE", `/v1/leases/${got.body.id as string}`);
    assert.equal((await acquire("db", { holder: "Zoë 🦊", site: "job.ts:3" })).body.holder, "Zoë 🦊");
  });

  it("ends the wait at its time", async () => {
    await call("PUT", "/v1/pools/db", { slots: 1, leaseSeconds: 600 });
    await acquire("db", { holder: "one" });
    const waiting = acquire("db", { holder: "two", waitSeconds: 2 });
    await queued("db", 1);
    await clock.advance(2000);
    const { body } = await waiting;
    assert.equal(body.code, "MNO_POOL_EXHAUSTED");
    assert.equal(body.waitedSeconds, 2);
    assert.equal(body.placeKept, false);
    assert.equal((await call("GET", "/v1/pools/db")).body.waiting, 0);
  });

  it("answers a key with the lease that it was granted, and keeps its place in the queue between two waits", async () => {
    await call("PUT", "/v1/pools/db", { slots: 1, leaseSeconds: 600 });
    const first = await acquire("db", { holder: "one" }, "k1");
    const again = await acquire("db", { holder: "one" }, "k1");
    assert.deepEqual([again.status, again.body.id], [200, first.body.id]);
    assert.equal((await acquire("db", { holder: "two" }, "k1")).body.code, "MNO_IDEMPOTENCY_KEY_REUSED");

    const patient = await acquire("db", { holder: "patient" }, "k2");
    assert.deepEqual([patient.status, patient.body.placeKept], [409, true]);
    const late = acquire("db", { holder: "late", waitSeconds: 60 });
    await queued("db", 1);
    const patientAgain = acquire("db", { holder: "patient", waitSeconds: 60 }, "k2");
    await queued("db", 2);
    await call("DELETE", `/v1/leases/${first.body.id as string}`);
    const got = await patientAgain;
    assert.equal(got.body.holder, "patient");
    await call("DELETE", `/v1/leases/${got.body.id as string}`);
    assert.equal((await late).body.holder, "late");
    // Its lease has ended, and the key still names it.
    assert.deepEqual((await acquire("db", { holder: "patient" }, "k2")).body.state, "released");
  });

  it("renews; ends what is not renewed, names who let it expire, and hands it to the next", async () => {
    await call("PUT", "/v1/pools/db", { slots: 1, leaseSeconds: 10, leakAfterSeconds: 15 });
    const lease = await acquire("db", { holder: "forgetful", site: "job.ts:3" });
    const id = lease.body.id as string;
    await clock.advance(9000);
    const renewed = await call("POST", `/v1/leases/${id}/renew`, {});
    assert.equal(renewed.body.expiresAt, "2026-01-01T00:00:19.000Z");
    await clock.advance(7000);
    const held = await call("GET", "/v1/pools/db/leaks");
    assert.deepEqual(
      held.body.items.map(({ kind }: { kind: string }) => kind),
      ["held-long"],
    );
    const next = acquire("db", { holder: "next", waitSeconds: 60 });
    await queued("db", 1);
    await clock.advance(3000);
    assert.ok((await next).body.fencingToken > lease.body.fencingToken);
    assert.equal((await call("POST", `/v1/leases/${id}/renew`, {})).body.code, "MNO_LEASE_OVER");
    assert.equal((await call("DELETE", `/v1/leases/${id}`)).body.code, "MNO_LEASE_OVER");
    assert.equal((await call("GET", `/v1/leases/${id}`)).body.state, "expired");
    const leaks = await call("GET", "/v1/pools/db/leaks");
    assert.deepEqual(leaks.body.holders, [{ holder: "forgetful", site: "job.ts:3", leaks: 1 }]);
    assert.equal(leaks.body.items[0].lease.heldSeconds, 19);
    assert.match(await metrics.registry.metrics(), /mno_rpm_leases_expired_total\{pool="db"\} 1/);
  });

  it("says that a pool is exhausted once, and again only after it has recovered", async () => {
    const events: string[] = [];
    const subscription = await bus.subscribe(
      { consumer: "test", types: ["mno.scalability.pool.exhausted", "mno.scalability.lease.expired"], maxInFlight: 1 },
      async ({ type, data }) => void events.push(`${type} ${JSON.stringify(data)}`),
    );
    await call("PUT", "/v1/pools/db", { slots: 2, leaseSeconds: 600 });
    const one = await acquire("db", { holder: "one" });
    const two = await acquire("db", { holder: "two" });
    await acquire("db", { holder: "three" });
    await acquire("db", { holder: "three" });
    const release = (lease: Answer) => call("DELETE", `/v1/leases/${lease.body.id as string}`);
    await release(one);
    await release(two);
    assert.equal((await call("GET", "/v1/pools/db")).body.exhaustedSince, null);
    await acquire("db", { holder: "four", count: 2, leaseSeconds: 1 });
    await acquire("db", { holder: "five" });
    await clock.advance(3000);
    while (events.length < 3) await clock.advance(500);
    assert.deepEqual(
      events.map((event) => event.split(" ")[0]),
      ["mno.scalability.pool.exhausted", "mno.scalability.pool.exhausted", "mno.scalability.lease.expired"],
    );
    assert.match(events[0]!, /"pool":"db","maximum":2,"waiting":1,"leased":2|"leased":2/);
    assert.deepEqual(await enqueued(), []);
    await subscription.close();
  });

  it("gives nothing to a caller that hung up while it waited", async () => {
    const address = await replica.http.listen({ port: 0, host: "127.0.0.1" });
    await call("PUT", "/v1/pools/db", { slots: 1, leaseSeconds: 600 });
    const one = await acquire("db", { holder: "one" });
    const hangUp = new AbortController();
    const abandoned = fetch(`${address}/v1/pools/db/acquire`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ holder: "gone", waitSeconds: 60 }),
      signal: hangUp.signal,
    });
    await queued("db", 1);
    hangUp.abort();
    await assert.rejects(abandoned);
    while ((await call("GET", "/v1/pools/db")).body.waiting > 0) await new Promise(setImmediate);
    await call("DELETE", `/v1/leases/${one.body.id as string}`);
    assert.equal((await call("GET", "/v1/pools/db")).body.leased, 0);
  });

  it("keeps one queue over two replicas, and passes over one that has died", async () => {
    const other = await startReplica({ database, bus, clock });
    await call("PUT", "/v1/pools/db", { slots: 1, leaseSeconds: 600 });
    const one = await acquire("db", { holder: "one" });
    const first = acquire("db", { holder: "there", waitSeconds: 30 }, undefined, other);
    await queued("db", 1);
    const second = acquire("db", { holder: "here", waitSeconds: 30 });
    await queued("db", 2);
    await call("DELETE", `/v1/leases/${one.body.id as string}`);
    await clock.advance(250);
    const got = await first;
    assert.equal(got.body.holder, "there");
    // A place whose replica does not poll any more holds nobody up for long.
    await database.query(
      `INSERT INTO rpm_tickets SELECT 'tkt_dead', 'db', 0, 1, 'dead', NULL, NULL, $1::timestamptz, $2::timestamptz, $2::timestamptz`,
      [new Date(clock.now()).toISOString(), new Date(clock.now() + 3000).toISOString()],
    );
    await call("DELETE", `/v1/leases/${got.body.id as string}`);
    assert.equal((await call("GET", "/v1/pools/db")).body.leased, 0);
    await clock.advance(3250);
    assert.equal((await second).body.holder, "here");
    await other.drain();
  });

  it("sends who waits to another replica when it drains", async () => {
    const other = await startReplica({ database, bus, clock });
    await call("PUT", "/v1/pools/db", { slots: 1, leaseSeconds: 600 });
    await acquire("db", { holder: "one" });
    const waiting = acquire("db", { holder: "two", waitSeconds: 30 }, "k", other);
    await queued("db", 1);
    await other.drain();
    const { status, body } = await waiting;
    assert.deepEqual([status, body.code], [503, "MNO_AGENT_UNAVAILABLE"]);
  });

  it("goes on with larger fencing tokens in a pool that was removed and made anew", async () => {
    await call("PUT", "/v1/pools/db", { slots: 1 });
    const { body } = await acquire("db", { holder: "one" });
    await call("DELETE", `/v1/leases/${body.id as string}`);
    assert.equal((await call("DELETE", "/v1/pools/db")).status, 204);
    await call("PUT", "/v1/pools/db", { slots: 1 });
    assert.ok((await acquire("db", { holder: "two" })).body.fencingToken > body.fencingToken);
  });

  it("forgets what ended long ago", async () => {
    await replica.drain();
    replica = await startReplica({ database, bus, clock, metrics, environment: { MNO_RPM_RETENTION_SECONDS: "60" } });
    await call("PUT", "/v1/pools/db", { slots: 1 });
    const { body } = await acquire("db", { holder: "one" });
    const refused = await acquire("db", { holder: "two" });
    await call("DELETE", `/v1/leases/${body.id as string}`);
    await clock.advance(180_000);
    assert.equal((await call("GET", `/v1/leases/${body.id as string}`)).body.code, "MNO_LEASE_NOT_FOUND");
    assert.equal((await call("GET", `/v1/decisions/${refused.body.decisionId as string}`)).status, 404);
  });
});
