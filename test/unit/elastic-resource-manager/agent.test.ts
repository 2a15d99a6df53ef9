import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { ManualClock } from "../../../runtime/kernel/clock";
import type { EventBus } from "../../../runtime/kernel/events/bus";
import type { CloudEvent } from "../../../runtime/kernel/events/cloudevent";
import { openBus } from "../../../runtime/kernel/events/open";
import type { Database } from "../../../runtime/kernel/store/database";
import { openDatabase } from "../../../runtime/kernel/store/open";
import { createMetrics, type Metrics } from "../../../runtime/kernel/telemetry/metrics";
import { tracer } from "../../../runtime/kernel/telemetry/traces";
import { DeclaredCluster, declaredNode, declaredWorkload } from "../../support/declared-cluster";
import { type ErmAgent, startErmAgent } from "../../support/erm-agent";

const GIB = 2 ** 30;
const log = pino({ enabled: false });

interface Answer {
  status: number;
  headers: Record<string, unknown>;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- answers are judged member by member
  body: any;
}

describe("elastic resource manager over HTTP", () => {
  let folder: string;
  let database: Database;
  let bus: EventBus;
  let clock: ManualClock;
  let cluster: DeclaredCluster;
  let metrics: Metrics;
  let agent: ErmAgent;

  const start = (environment: Record<string, string> = {}): Promise<ErmAgent> =>
    startErmAgent({ database, bus, cluster, clock, log, metrics, environment });

  async function call(
    method: "GET" | "POST" | "DELETE",
    url: string,
    body?: object,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const answer = await agent.http.inject({ method, url, headers, ...(body && { payload: body }) });
    return {
      status: answer.statusCode,
      headers: answer.headers,
      body: answer.body === "" ? undefined : answer.json<unknown>(),
    };
  }

  const allocate = (body: object, headers?: Record<string, string>): Promise<Answer> =>
    call("POST", "/v1/allocations", body, headers);

  const small = { tenant: "red", requests: { cpuCores: 0.5, memoryBytes: GIB } };

  /** The next `count` events on the bus, in order. */
  async function published(count: number): Promise<CloudEvent[]> {
    const events: CloudEvent[] = [];
    let done!: () => void;
    const enough = new Promise<void>((resolve) => (done = resolve));
    const types = ["mno.scalability.resource.allocated", "mno.scalability.resource.released"] as const;
    const subscription = await bus.subscribe({ consumer: "test", types, maxInFlight: 1 }, (event) => {
      events.push(event);
      if (events.length === count) done();
      return Promise.resolve();
    });
    await enough;
    await subscription.close();
    return events;
  }

  before(async () => {
    database = await openDatabase("pglite:memory", { log });
  });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "mno-erm-"));
    clock = new ManualClock(Date.parse("2026-01-01T00:00:00Z"));
    metrics = createMetrics();
    bus = await openBus(`embedded:${folder}`, { clock, log, tracer, metrics });
    cluster = new DeclaredCluster([declaredNode("a", 2, 4 * GIB), declaredNode("b", 1.8, 4 * GIB, "z2")]);
    agent = await start();
  });

  afterEach(async () => {
    await agent.drain();
    await bus.close();
    await database.query("DELETE FROM erm_allocations");
    await database.query("DELETE FROM outbox");
    await rm(folder, { recursive: true, force: true });
  });

  after(() => database.close());

  it("allocates, answers 201 with its place, shows it and publishes it", async () => {
    const created = await allocate({ ...small, workload: "web", replicas: 2, leaseSeconds: 60 });
    assert.equal(created.status, 201);
    const { id, decisionId } = created.body as { id: string; decisionId: string };
    assert.equal(created.headers.location, `/elastic-resource-manager/v1/allocations/${id}`);
    assert.deepEqual(created.body, {
      id,
      state: "active",
      tenant: "red",
      workload: "web",
      replicas: 2,
      requests: { cpuCores: 0.5, memoryBytes: GIB },
      nodes: ["b", "b"],
      strategy: "best-fit",
      decisionId,
      createdAt: "2026-01-01T00:00:00.000Z",
      expiresAt: "2026-01-01T00:01:00.000Z",
      releasedAt: null,
      releaseReason: null,
    });
    assert.deepEqual((await call("GET", `/v1/allocations/${id}`)).body, created.body);
    assert.deepEqual((await call("GET", "/v1/allocations?tenant=red&workload=web")).body, {
      items: [created.body],
      nextCursor: null,
    });
    const decision = await call("GET", `/v1/decisions/${decisionId}`);
    assert.deepEqual(decision.body.chosen, ["b", "b"]);
    assert.deepEqual((await call("GET", "/v1/decisions")).body, { items: [decision.body] });
    const [event] = await published(1);
    assert.equal(event?.subject, "web");
    assert.deepEqual(event.data, {
      allocationId: id,
      decisionId,
      tenant: "red",
      workload: "web",
      replicas: 2,
      requests: { cpuCores: 0.5, memoryBytes: GIB },
      nodes: ["b", "b"],
      strategy: "best-fit",
      expiresAt: "2026-01-01T00:01:00.000Z",
    });
  });

  it("refuses over capacity with each node's reason, keeps the decision in memory and stores nothing", async () => {
    await allocate({ tenant: "red", requests: { cpuCores: 1.4, memoryBytes: 0 }, zone: "z2" });
    const refused = await allocate({ tenant: "blue", requests: { cpuCores: 2.5, memoryBytes: GIB } });
    assert.equal(refused.status, 409);
    assert.equal(refused.body.code, "MNO_ALLOCATION_OVER_CAPACITY");
    assert.deepEqual(refused.body.nodes, [
      { node: "a", score: null, reason: "needs 2.5 cores, 2 free of 2" },
      { node: "b", score: null, reason: "needs 2.5 cores, 0.4 free of 1.8" },
    ]);
    assert.deepEqual(refused.body.refusals, { cpu: 2 });
    const explained = await call("GET", `/v1/decisions/${refused.body.decisionId as string}`);
    assert.equal(explained.body.outcome, "refused");
    assert.equal((await call("GET", "/v1/decisions?limit=1")).body.items[0].id, refused.body.decisionId);
    assert.equal((await call("GET", "/v1/allocations")).body.items.length, 1);
  });

  it("grants GPUs and other resources, keeps their devices through a restart, and shows what is left of each", async () => {
    await agent.drain();
    const supply = {
      cpuCores: 8,
      memoryBytes: 4 * GIB,
      gpus: 2,
      gpuModels: ["A10"],
      custom: { "example.com/fpga": 1 },
    };
    cluster.declaredNodes = [{ ...declaredNode("g", 8, 4 * GIB), capacity: supply, allocatable: supply }];
    agent = await start();
    const requests = {
      cpuCores: 1,
      memoryBytes: GIB,
      gpus: 0.3,
      gpuModels: ["A10"],
      custom: { "example.com/fpga": 1 },
    };
    const body = { tenant: "red", requests, strategy: "fragmentation-aware" };
    const created = await allocate(body, { "idempotency-key": "k" });
    assert.equal(created.status, 201);
    assert.deepEqual(created.body.devices, [[0]]);
    const { gpuModels, ...granted } = requests;
    assert.deepEqual(created.body.requests, granted);
    const [event] = await published(1);
    assert.deepEqual((event?.data as { requests: unknown }).requests, granted);

    await agent.drain();
    agent = await start();
    const { body: decision } = await call("GET", `/v1/decisions/${created.body.decisionId as string}`);
    assert.deepEqual(decision.request.requests, { ...granted, gpuModels });
    assert.deepEqual(decision.devices, [[0]]);
    assert.deepEqual(decision.capacity.after, { cpuCores: 7, memoryBytes: 3 * GIB, gpus: 1.7 });
    const [shown] = (await call("GET", "/v1/capacity")).body.nodes as [Record<string, unknown>];
    assert.deepEqual(shown.allocatable, supply);
    assert.deepEqual(shown.gpuFree, [0.7, 1]);
    assert.equal((await allocate(body, { "idempotency-key": "k" })).status, 200);
    const other = { ...body, requests: { ...requests, gpus: 0.4 } };
    assert.equal((await allocate(other, { "idempotency-key": "k" })).body.code, "MNO_IDEMPOTENCY_KEY_REUSED");

    const refused = await allocate({ tenant: "red", requests: { cpuCores: 1, memoryBytes: 0, gpus: 2 } });
    assert.equal(refused.status, 409);
    assert.match(refused.body.detail as string, /2 GPUs/);
    assert.equal(refused.body.nodes[0].reason, "needs 2 whole GPUs, 1 free of 2");
    const wrong = await allocate({ tenant: "red", requests: { cpuCores: 1, memoryBytes: 0, gpus: 1.5 } });
    assert.equal(wrong.status, 422, "more than one GPU are whole ones");
    await call("DELETE", `/v1/allocations/${created.body.id as string}`);
    const [free] = (await call("GET", "/v1/capacity")).body.nodes as [Record<string, unknown>];
    assert.deepEqual(free.gpuFree, [1, 1]);
  });

  it("looks at the cluster again before it refuses, at most once a second", async () => {
    const large = { tenant: "red", requests: { cpuCores: 4, memoryBytes: GIB } };
    assert.equal((await allocate(large)).status, 409);
    const reads = cluster.reads;
    cluster.declaredNodes = [declaredNode("big", 8, 8 * GIB)];
    assert.equal((await allocate(large)).status, 409, "looked less than a second ago");
    assert.equal(cluster.reads, reads);
    await clock.advance(1000);
    assert.equal((await allocate(large)).status, 201);
  });

  it("does not count a running workload's allocation twice", async () => {
    cluster.workloads = [declaredWorkload("web", ["a", "a"], { cpuCores: 0.5, memoryBytes: GIB })];
    await clock.advance(5000);
    const free = async (): Promise<number[]> =>
      (await call("GET", "/v1/capacity")).body.nodes.map((node: { free: { cpuCores: number } }) => node.free.cpuCores);
    assert.deepEqual(await free(), [1, 1.8]);
    const granted = await allocate({ ...small, workload: "web", replicas: 2 });
    assert.deepEqual(granted.body.nodes, ["a", "a"], "the fuller node has room for two more");
    assert.deepEqual(await free(), [1, 1.8]);
    assert.equal((await allocate({ ...small, tenant: "blue" })).status, 201);
  });

  it("names every wrong member of a malformed request", async () => {
    const answer = await allocate({
      tenant: "Red!",
      replicas: 0,
      requests: { cpuCores: -1, memoryBytes: 1.5 },
      color: "red",
    });
    assert.equal(answer.status, 422);
    assert.equal(answer.body.code, "MNO_REQUEST_INVALID");
    const text = JSON.stringify(answer.body.faults);
    for (const field of ["tenant", "replicas", "cpuCores", "memoryBytes", "color"]) {
      assert.ok(text.includes(field), `${field} in ${text}`);
    }
    assert.equal((await allocate({ ...small, strategy: "luck" })).status, 422);
    assert.equal((await call("GET", "/v1/allocations/1")).status, 422);
    assert.equal((await call("GET", "/v1/allocations?limit=501")).status, 422);
  });

  it("makes one allocation for one key, however often and however concurrently it is asked", async () => {
    const headers = { "idempotency-key": "order-1" };
    const answers = await Promise.all(Array.from({ length: 20 }, () => allocate(small, headers)));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [...Array<number>(19).fill(200), 201]);
    assert.equal(new Set(answers.map(({ body }) => body.id as string)).size, 1);
    assert.equal((await call("GET", "/v1/allocations")).body.items.length, 1);
    const other = await allocate({ ...small, tenant: "blue" }, headers);
    assert.equal(other.status, 409);
    assert.equal(other.body.code, "MNO_IDEMPOTENCY_KEY_REUSED");
    const reordered = await allocate(
      { requests: { memoryBytes: GIB, cpuCores: 0.5 }, replicas: 1, tenant: "red" },
      headers,
    );
    assert.equal(reordered.status, 200, "the same request, said otherwise");
  });

  it("plans what would happen without doing it, on a worker thread", async () => {
    const huge = { tenant: "red", replicas: 2, requests: { cpuCores: 1000, memoryBytes: 0 } };
    const answer = await call("POST", "/v1/plans", { requests: [small, huge, small] });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    assert.equal(answer.body.allocated, 2);
    assert.equal(answer.body.refused, 1);
    const [first, refused, third] = answer.body.items;
    assert.deepEqual([first.nodes.length, refused.nodes.length, third.nodes.length], [1, 0, 1]);
    assert.match(refused.reasons[0], /fits on none of/);
    assert.deepEqual((await call("GET", "/v1/allocations")).body.items, []);
    const granted = await allocate(small);
    assert.deepEqual(granted.body.nodes, first.nodes, "the plan was kept to");
    const next = await call("POST", "/v1/plans", { requests: [small] });
    assert.equal(next.body.items[0].outcome, "allocated", "the plan starts from what is allocated now");
    assert.equal((await call("POST", "/v1/plans", { requests: [] })).status, 422);
  });

  it("takes a tenant by any name", async () => {
    assert.equal((await allocate({ ...small, tenant: "constructor" })).status, 201);
    const [tenant] = (await call("GET", "/v1/tenants")).body.items;
    assert.equal(tenant.name, "constructor");
    assert.equal(tenant.weight, 1);
  });

  it("releases, and again; and does not know what never was", async () => {
    const { body } = await allocate(small);
    const url = `/v1/allocations/${body.id as string}`;
    assert.equal((await call("DELETE", url)).status, 204);
    assert.equal((await call("DELETE", url)).status, 204);
    const released = await call("GET", url);
    assert.equal(released.body.state, "released");
    assert.equal(released.body.releaseReason, "released");
    const unknown = "/v1/allocations/alc_00000000000000000000000000";
    for (const answer of [await call("DELETE", unknown), await call("GET", unknown)]) {
      assert.equal(answer.status, 404);
      assert.equal(answer.body.code, "MNO_ALLOCATION_NOT_FOUND");
    }
    const decision = await call("GET", "/v1/decisions/dec_00000000000000000000000000");
    assert.equal(decision.body.code, "MNO_DECISION_NOT_FOUND");
    const events = await published(2);
    assert.deepEqual(events[1]?.data, {
      allocationId: body.id,
      tenant: "red",
      workload: null,
      replicas: 1,
      reason: "released",
    });
    assert.equal(events[1]?.subject, "red");
  });

  it("ends leases that are not renewed", async () => {
    const [short, kept] = await Promise.all([
      allocate({ ...small, leaseSeconds: 5 }),
      allocate({ ...small, leaseSeconds: 5 }),
    ]);
    await clock.advance(4000);
    const renewed = await call("POST", `/v1/allocations/${kept.body.id as string}/renew`, { leaseSeconds: 60 });
    assert.equal(renewed.body.expiresAt, "2026-01-01T00:01:04.000Z");
    const releases = published(3);
    await clock.advance(2000);
    const [, , event] = await releases;
    assert.equal((event?.data as { reason: string }).reason, "expired");
    assert.equal((await call("GET", `/v1/allocations/${short.body.id as string}`)).body.releaseReason, "expired");
    const late = await call("POST", `/v1/allocations/${short.body.id as string}/renew`, { leaseSeconds: 60 });
    assert.equal(late.status, 404);
    assert.equal((await call("GET", "/v1/allocations")).body.items.length, 1);
  });

  it("pages through allocations", async () => {
    for (let i = 0; i < 3; i++) {
      await allocate(small);
      await clock.advance(1);
    }
    const first = await call("GET", "/v1/allocations?limit=2");
    assert.equal(first.body.items.length, 2);
    const second = await call("GET", `/v1/allocations?limit=2&cursor=${first.body.nextCursor as string}`);
    assert.equal(second.body.items.length, 1);
    assert.equal(second.body.nextCursor, null);
  });

  it("reports tenants' dominant shares, by the configured weights", async () => {
    await agent.drain();
    agent = await start({ MNO_ERM_TENANT_WEIGHTS: '{"red": 2}' });
    await allocate({ tenant: "red", requests: { cpuCores: 1.9, memoryBytes: GIB } });
    await allocate({ tenant: "blue", requests: { cpuCores: 0.38, memoryBytes: 2 * GIB } });
    assert.deepEqual((await call("GET", "/v1/tenants")).body.items, [
      {
        name: "blue",
        allocated: { cpuCores: 0.38, memoryBytes: 2 * GIB },
        dominantResource: "memory",
        dominantShare: 0.25,
        weight: 1,
      },
      {
        name: "red",
        allocated: { cpuCores: 1.9, memoryBytes: GIB },
        dominantResource: "cpu",
        dominantShare: 0.25,
        weight: 2,
      },
    ]);
  });

  it("has its state back after a restart, on what the store says", async () => {
    const { body } = await allocate(small);
    const before = (await call("GET", "/v1/capacity")).body;
    await agent.drain();
    agent = await start();
    assert.deepEqual((await call("GET", "/v1/capacity")).body, before);
    assert.deepEqual((await call("GET", `/v1/allocations/${body.id as string}`)).body, body);
    assert.deepEqual(await agent.unready(), {});
  });

  it("counts what it did", async () => {
    await allocate(small, { "idempotency-key": "k" });
    await allocate(small, { "idempotency-key": "k" });
    await allocate({ tenant: "red", requests: { cpuCores: 50, memoryBytes: 0 } });
    await clock.advance(5000);
    const text = await metrics.registry.metrics();
    for (const line of [
      'mno_erm_allocations_total{outcome="allocated",strategy="best-fit"} 1',
      'mno_erm_allocations_total{outcome="existing",strategy="best-fit"} 1',
      'mno_erm_allocations_total{outcome="refused",strategy="best-fit"} 1',
      'mno_erm_allocated_cpu_cores{node="b"} 0.5',
      'mno_erm_capacity_cpu_cores{node="b"} 1.8',
      `mno_erm_allocated_memory_bytes{node="b"} ${String(GIB)}`,
      'mno_erm_utilization_ratio{resource="memory"} 0.125',
      "mno_erm_allocation_seconds_count 3",
    ]) {
      assert.ok(text.includes(line), line);
    }
  });

  it("describes itself", async () => {
    const { body } = await call("GET", "/openapi.json");
    assert.deepEqual(Object.keys(body.paths as object).sort(), [
      "/v1/allocations",
      "/v1/allocations/{id}",
      "/v1/allocations/{id}/renew",
      "/v1/capacity",
      "/v1/dead-letters",
      "/v1/dead-letters/{id}/redrive",
      "/v1/decisions",
      "/v1/decisions/{id}",
      "/v1/gangs",
      "/v1/gangs/{id}",
      "/v1/plans",
      "/v1/reservations",
      "/v1/tenants",
      "/v1/tenants/{name}/quota",
    ]);
  });
});
