import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { ManualClock } from "../../../runtime/kernel/clock";
import type { EventBus } from "../../../runtime/kernel/events/bus";
import { openBus } from "../../../runtime/kernel/events/open";
import type { Database } from "../../../runtime/kernel/store/database";
import { openDatabase } from "../../../runtime/kernel/store/open";
import { createMetrics } from "../../../runtime/kernel/telemetry/metrics";
import { tracer } from "../../../runtime/kernel/telemetry/traces";
import { DeclaredCluster, declaredNode } from "../../support/declared-cluster";
import { type ErmAgent, startErmAgent } from "../../support/erm-agent";

const GIB = 2 ** 30;
const log = pino({ enabled: false });

describe("quotas, priorities, gangs and rules over HTTP, and a database that is away", () => {
  let folder: string;
  let inner: Database;
  let bus: EventBus;
  let clock: ManualClock;
  let agent: ErmAgent;
  let away = false;

  /** The database, which does not answer while it is away: neither before its work nor after its commit. */
  function fragile(): Database {
    const check = (): void => {
      if (away) throw new Error("the connection was refused");
    };
    return {
      engine: inner.engine,
      query: async (sql, parameters) => {
        check();
        return inner.query(sql, parameters);
      },
      transaction: async (work) => {
        check();
        const result = await inner.transaction(work);
        check();
        return result;
      },
      migrate: (set, migrations) => inner.migrate(set, migrations),
      ping: async () => {
        check();
        await inner.ping();
      },
      close: () => inner.close(),
    };
  }

  async function call(method: "GET" | "POST" | "PUT" | "DELETE", url: string, body?: object, key?: string) {
    const headers = key === undefined ? {} : { "idempotency-key": key };
    const answer = await agent.http.inject({ method, url, headers, ...(body && { payload: body }) });
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- answers are judged member by member
    return { status: answer.statusCode, headers: answer.headers, body: answer.body === "" ? null : answer.json<any>() };
  }

  const ask = (tenant: string, cpuCores: number, more: object = {}) => ({
    tenant,
    requests: { cpuCores, memoryBytes: GIB },
    ...more,
  });

  before(async () => {
    inner = await openDatabase("pglite:memory", { log });
  });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "mno-erm-"));
    clock = new ManualClock(Date.parse("2026-01-01T00:00:00Z"));
    const metrics = createMetrics();
    bus = await openBus(`embedded:${folder}`, { clock, log, tracer, metrics });
    const cluster = new DeclaredCluster([declaredNode("a", 2, 4 * GIB), declaredNode("b", 2, 4 * GIB, "z2")]);
    const environment = { MNO_ERM_TENANT_QUOTAS: '{"red": {"cpuCores": 1}}' };
    agent = await startErmAgent({ database: fragile(), bus, cluster, clock, log, metrics, environment });
  });

  afterEach(async () => {
    away = false;
    await agent.drain();
    await bus.close();
    for (const table of ["erm_allocations", "erm_quotas", "outbox"]) await inner.query(`DELETE FROM ${table}`);
    await rm(folder, { recursive: true, force: true });
  });

  after(() => inner.close());

  it("refuses what is over a quota with its own code and the numbers; quotas are read, set and set back", async () => {
    const refused = await call("POST", "/v1/allocations", ask("red", 0.6, { replicas: 2 }));
    assert.equal(refused.status, 409);
    assert.equal(refused.body.code, "MNO_ALLOCATION_OVER_QUOTA");
    assert.deepEqual(refused.body.excess, [{ resource: "cpu", held: 0, asked: 1.2, allowed: 1 }]);
    const decision = await call("GET", `/v1/decisions/${refused.body.decisionId}`);
    assert.deepEqual(decision.body.overQuota, refused.body.excess);

    assert.deepEqual((await call("PUT", "/v1/tenants/red/quota", { cpuCores: 1.5 })).body, {
      tenant: "red",
      quota: { cpuCores: 1.5 },
      source: "set",
    });
    assert.equal((await call("POST", "/v1/allocations", ask("red", 0.6, { replicas: 2 }))).status, 201);
    assert.equal((await call("DELETE", "/v1/tenants/red/quota")).body.source, "declared");
    assert.deepEqual((await call("GET", "/v1/tenants/constructor/quota")).body, {
      tenant: "constructor",
      quota: null,
      source: "none",
    });
    assert.equal((await call("PUT", "/v1/tenants/red/quota", { cpuCores: -1 })).status, 422);
    const plan = await call("POST", "/v1/plans", { requests: [ask("red", 0.6)] });
    assert.match(plan.body.items[0].reasons[0], /over the quota of red/);
  });

  it("preempts on request, and shows it on both sides", async () => {
    const low = await call("POST", "/v1/allocations", ask("low", 2, { preemptible: true, priority: -1, replicas: 2 }));
    assert.equal(low.body.preemptible, true);
    assert.equal((await call("POST", "/v1/allocations", ask("high", 1, { priority: 3 }))).status, 409);
    const high = await call("POST", "/v1/allocations", ask("high", 1, { priority: 3, preempt: true }));
    assert.equal(high.status, 201);
    const { preempted } = (await call("GET", `/v1/decisions/${high.body.decisionId}`)).body;
    assert.deepEqual([preempted.length, preempted[0].allocationId], [1, low.body.id]);
    assert.equal((await call("GET", `/v1/allocations/${low.body.id}`)).body.releaseReason, "preempted");
  });

  it("grants, shows and releases gangs; the same key gives the same gang", async () => {
    const members = [ask("blue", 1.5, { workload: "driver" }), ask("blue", 1, { workload: "worker" })];
    const created = await call("POST", "/v1/gangs", { members }, "k1");
    assert.equal(created.status, 201);
    assert.equal(created.headers.location, `/elastic-resource-manager/v1/gangs/${created.body.id}`);
    const again = await call("POST", "/v1/gangs", { members }, "k1");
    assert.deepEqual([again.status, again.body], [200, created.body]);
    const other = await call("POST", "/v1/gangs", { members: [...members].reverse() }, "k1");
    assert.equal(other.body.code, "MNO_IDEMPOTENCY_KEY_REUSED");
    assert.deepEqual((await call("GET", `/v1/gangs/${created.body.id}`)).body, created.body);
    assert.equal((await call("POST", "/v1/gangs", { members })).body.code, "MNO_ALLOCATION_OVER_CAPACITY");
    const { body } = await call("GET", `/v1/decisions/${created.body.decisionId}`);
    assert.deepEqual(
      body.gang.members.map(({ workload }: { workload: string }) => workload),
      ["driver", "worker"],
    );
    assert.equal((await call("DELETE", `/v1/gangs/${created.body.id}`)).status, 204);
    assert.equal((await call("DELETE", `/v1/gangs/${created.body.id}`)).status, 204);
    assert.deepEqual((await call("GET", "/v1/allocations")).body.items, []);
    assert.equal((await call("GET", `/v1/gangs/gng_${"0".repeat(26)}`)).body.code, "MNO_GANG_NOT_FOUND");
  });

  it("follows placement rules and keeps them in the decision", async () => {
    const rules = { maxSkew: 1, apartFrom: [{ workload: "db", per: "node" }] };
    const { body } = await call(
      "POST",
      "/v1/allocations",
      ask("blue", 0.1, { workload: "web", replicas: 2, ...rules }),
    );
    assert.deepEqual([...body.nodes].sort(), ["a", "b"]);
    assert.deepEqual((await call("GET", `/v1/decisions/${body.decisionId}`)).body.request.rules, rules);
    const none = await call("POST", "/v1/allocations", ask("blue", 0.1, { nodeSelector: { disk: "ssd" } }));
    assert.deepEqual(none.body.refusals, { "other-labels": 2 });
  });

  it("reserves and lets be drawn; what is asked for wrongly is named", async () => {
    const times = { from: "2026-01-01T00:00:10.000Z", until: "2026-01-01T01:00:00.000Z" };
    const reserved = await call("POST", "/v1/reservations", ask("blue", 1, { replicas: 2, ...times }), "r1");
    assert.equal(reserved.status, 201);
    assert.deepEqual([reserved.body.reservedFrom, reserved.body.expiresAt], [times.from, times.until]);
    assert.equal((await call("POST", "/v1/reservations", ask("blue", 1, { replicas: 2, ...times }), "r1")).status, 200);
    const past = await call(
      "POST",
      "/v1/reservations",
      ask("blue", 1, { ...times, until: times.from, from: times.until }),
    );
    assert.deepEqual([past.status, past.body.code], [422, "MNO_REQUEST_INVALID"]);
    const draw = ask("blue", 1, { reservationId: reserved.body.id });
    assert.equal((await call("POST", "/v1/allocations", draw)).body.code, "MNO_RESERVATION_UNUSABLE");
    await clock.advance(10_000);
    const drawn = await call("POST", "/v1/allocations", draw);
    assert.equal(drawn.status, 201);
    assert.equal(
      (await call("GET", `/v1/decisions/${drawn.body.decisionId}`)).body.request.reservationId,
      reserved.body.id,
    );
    assert.deepEqual((await call("GET", `/v1/allocations/${reserved.body.id}`)).body.nodes, [reserved.body.nodes[1]]);
    assert.equal((await call("POST", "/v1/gangs", { members: [draw, draw] })).status, 422);
  });

  it("refuses times that are none, text that the database does not take, and gangs that are too large", async () => {
    const until = "2027-01-01T00:00:00Z";
    const refusal = async (url: string, body: object): Promise<[number, string]> => {
      const answer = await call(url.endsWith("quota") ? "PUT" : "POST", url, body);
      return [answer.status, answer.body.code];
    };
    const invalid = [422, "MNO_REQUEST_INVALID"];
    for (const times of [
      { from: "2016-12-31T23:59:60Z", until },
      { from: "2026-06-01T00:00:00Z", until: "2026-12-31T23:59:60Z" },
      { from: "0000-01-01T00:00:00Z", until },
      { from: "2026-06-01T00:00:00Z", until: "9999-12-31T23:59:00-23:00" },
    ]) {
      assert.deepEqual(await refusal("/v1/reservations", ask("blue", 1, times)), invalid, JSON.stringify(times));
    }
    for (const text of ["\u0000", "a\u0000", "\n", "\ud800"]) {
      assert.deepEqual(await refusal("/v1/tenants/red/quota", { custom: { [text]: 1 } }), invalid);
      const requests = { cpuCores: 1, memoryBytes: GIB };
      for (const body of [
        ask("blue", 1, { zone: text }),
        ask("blue", 1, { nodeSelector: { [text]: "x" } }),
        ask("blue", 1, { nodeSelector: { disk: text } }),
        ask("blue", 1, { requests: { ...requests, gpus: 1, gpuModels: [text] } }),
        ask("blue", 1, { requests: { ...requests, custom: { [text]: 1 } } }),
      ]) {
        assert.deepEqual(await refusal("/v1/allocations", body), invalid, JSON.stringify(body));
      }
    }
    assert.equal((await call("PUT", "/v1/tenants/red/quota", { custom: { "example.com/fpga": 1 } })).status, 200);
    const members = (replicas: number) => [ask("blue", 0.1, { replicas: 1000 }), ask("blue", 0.1, { replicas })];
    const exact = [...members(999), ask("blue", 0.1)];
    assert.deepEqual(await refusal("/v1/gangs", { members: exact }), [409, "MNO_ALLOCATION_OVER_CAPACITY"]);
    assert.deepEqual(await refusal("/v1/gangs", { members: [...exact, ask("blue", 0.1)] }), invalid);
  });

  it("loses and doubles nothing while the database is away for 60 seconds", async () => {
    const leased = await call("POST", "/v1/allocations", ask("blue", 0.5, { leaseSeconds: 30 }), "leased");
    const kept = await call("POST", "/v1/allocations", ask("blue", 0.5), "kept");
    const gang = { members: [ask("blue", 0.5), ask("blue", 0.25)] };
    for (let second = 0; second < 60; second++) {
      // The first commit goes through; only its answer is lost.
      const lost = second === 0 ? call("POST", "/v1/allocations", ask("green", 0.5), "lost") : undefined;
      if (lost) await Promise.resolve();
      away = true;
      if (lost) assert.ok((await lost).status >= 500);
      await clock.advance(1000);
      if (second % 10 !== 0) continue;
      assert.ok((await call("POST", "/v1/allocations", ask("green", 0.25), "during")).status >= 500);
      assert.ok((await call("POST", "/v1/gangs", gang, "gang")).status >= 500);
      assert.ok((await call("DELETE", `/v1/allocations/${kept.body.id}`)).status >= 500);
    }
    assert.notDeepEqual(await agent.unready(), {});
    away = false;
    for (const [url, body, key] of [
      ["/v1/allocations", ask("green", 0.5), "lost"],
      ["/v1/allocations", ask("green", 0.25), "during"],
      ["/v1/allocations", ask("green", 0.25), "during"],
      ["/v1/gangs", gang, "gang"],
      ["/v1/gangs", gang, "gang"],
      ["/v1/allocations", ask("blue", 0.5), "kept"],
    ] as const) {
      assert.ok([200, 201].includes((await call("POST", url, body, key)).status), key);
    }
    // Its lease ended while the database was away; the loop that ends leases backs off, and comes back.
    for (let turn = 0; turn < 120; turn++) {
      if ((await call("GET", `/v1/allocations/${leased.body.id}`)).body.state === "released") break;
      await clock.advance(1000);
    }
    const active = (await call("GET", "/v1/allocations")).body.items as { requests: { cpuCores: number } }[];
    assert.deepEqual(active.map(({ requests }) => requests.cpuCores).sort(), [0.25, 0.25, 0.5, 0.5, 0.5]);
    const { body } = await call("GET", "/v1/capacity");
    assert.equal(body.total.free.cpuCores, 2, "memory says what the store says: 2 of 4 cores are allocated");
  });
});
