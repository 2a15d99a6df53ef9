import assert from "node:assert/strict";
import { MnoError } from "../../../runtime/exports";
import type { Cluster, WorkloadStatus } from "../../../runtime/kernel/cluster/cluster";
import type { Database } from "../../../runtime/kernel/store/database";
import { openDatabase } from "../../../runtime/kernel/store/open";
import { ManualClock } from "../../../runtime/kernel/clock";
import { MIGRATIONS } from "../../../runtime/security/security-intelligence/migrations";
import { performers } from "../../../runtime/security/security-intelligence/responses/actions";
import { Executor } from "../../../runtime/security/security-intelligence/responses/executor";
import { namesOf } from "../../../runtime/security/security-intelligence/responses/isolation";
import { propose, proposals, type Response } from "../../../runtime/security/security-intelligence/responses/response";
import { ResponseStore } from "../../../runtime/security/security-intelligence/responses/store";
import type { Incident } from "../../../runtime/security/security-intelligence/incidents/incident";
import { CONFIGURATION } from "../../../runtime/security/security-intelligence/configuration";
import { openOutbox } from "../../../runtime/kernel/events/outbox";
import { FakeBus, RecordingTracer, silent } from "../auto-scaling-engine/fakes";
import type { EventBus } from "../../../runtime/kernel/events/bus";

const NOW = Date.UTC(2026, 0, 1, 9);
const HOUR = 3600;

/** Workloads that can be cut off, with the pods that they have. */
class IsolatingCluster {
  readonly kind = "kubernetes";
  readonly namespace = "shop";
  readonly calls: string[] = [];
  fault: Error | undefined;
  readonly workloads = new Map<string, WorkloadStatus>();

  constructor(pods: Record<string, string[]>) {
    for (const [name, replicas] of Object.entries(pods)) {
      this.workloads.set(name, {
        spec: { name, kind: "service", command: ["x"], requests: { cpuCores: 1, memoryBytes: 1 }, replicas: 1 },
        generation: 1,
        phase: "ready",
        desiredReplicas: replicas.length,
        readyReplicas: replicas.length,
        replicas: replicas.map((pod) => ({ name: pod, node: "n", phase: "ready", restarts: 0, endpoints: {} })),
        endpoints: {},
      });
    }
  }

  async get(name: string): Promise<WorkloadStatus | undefined> {
    return structuredClone(this.workloads.get(name));
  }

  async isolate(name: string, { reason }: { reason: string }): Promise<WorkloadStatus> {
    if (this.fault) throw this.fault;
    this.calls.push(`isolate ${name}: ${reason}`);
    const status = this.workloads.get(name)!;
    status.isolation ??= { since: "", reason, held: status.replicas.map((replica) => replica.name) };
    status.replicas = [];
    return structuredClone(status);
  }

  async release(name: string): Promise<WorkloadStatus> {
    if (this.fault) throw this.fault;
    this.calls.push(`release ${name}`);
    const status = this.workloads.get(name)!;
    delete status.isolation;
    return structuredClone(status);
  }
}

describe("security intelligence: isolation of workloads", () => {
  let database: Database;
  let clock: ManualClock;
  let cluster: IsolatingCluster;
  let store: ResponseStore;
  let executor: Executor;
  let bus: FakeBus;
  let outbox: Awaited<ReturnType<typeof openOutbox>>;

  before(async function () {
    this.timeout(60_000); // PGlite compiles its WebAssembly first
    database = await openDatabase("pglite:memory", { log: silent });
    await database.migrate("security-intelligence", MIGRATIONS);
  });
  after(() => database.close());
  beforeEach(async () => {
    await open(HOUR);
    await database.query("TRUNCATE si_responses");
  });
  afterEach(() => outbox.stop());

  async function open(seconds: number, opened?: () => Cluster): Promise<void> {
    clock = new ManualClock(NOW);
    const tracer = new RecordingTracer();
    bus = new FakeBus(tracer);
    // The relay looks again and again: on a clock of its own, for days pass here.
    const own = { clock: new ManualClock(NOW), log: silent };
    outbox = await openOutbox(database, bus as unknown as EventBus, own);
    cluster = new IsolatingCluster({
      orders: ["orders-5d9c-x8k2z"],
      "security-intelligence": ["si-1"],
      data: ["data-0"],
    });
    store = new ResponseStore(database);
    const sibling = { baseUrl: "http://127.0.0.1:1", headers: {} };
    const isolate = { cluster: opened ?? (() => cluster as unknown as Cluster), self: ["si-1"], seconds };
    executor = new Executor({
      database,
      store,
      performers: performers({ gateway: sibling, keys: sibling, isolate }, { clock, tracer }, clock),
      policies: [],
      context: { clock, tracer },
      clock,
      onEvents: () => outbox.nudge(),
      onExecuted: () => undefined,
    });
  }

  async function proposed(id: string, automatic = false): Promise<Response> {
    const about = { automatic, reason: "r", by: "ann", now: clock.now() };
    const response = propose("inc_1", "isolate-workload", { kind: "workload", id }, about);
    await database.transaction((tx) => store.propose(tx, [response]));
    return response;
  }

  const approve = async (id: string): Promise<Response> => executor.approve((await proposed(id)).id, "ann");
  const told = (response: Response): string => response.history.at(-1)?.what ?? "";

  it("cuts the workload off when it is approved, tells what is kept, and releases it when it is taken back", async () => {
    const { id } = await proposed("spiffe://td/ns/shop/sa/orders");
    assert.deepEqual(cluster.calls, [], "a proposal does nothing");
    const executed = await executor.approve(id, "ann");
    assert.equal(executed.status, "executed");
    assert.equal(told(executed), "orders is cut off; kept as evidence: orders-5d9c-x8k2z");
    assert.equal(executed.expiresAt, NOW + HOUR * 1000);
    const undone = await executor.undo(id, "bob");
    assert.equal(undone.status, "undone");
    assert.deepEqual(cluster.calls, [`isolate orders: response ${id} to incident inc_1`, "release orders"]);
    await published(2);
    const kept = bus.published.map(({ data }) => data as unknown as { activity_id: number; unmapped: { by: string } });
    assert.deepEqual(
      kept.map(({ activity_id, unmapped }) => [activity_id, unmapped.by]),
      [
        [1, "executor"],
        [3, "bob"],
      ],
      "isolated and restored, as OCSF has it",
    );
    await clock.advance(2 * HOUR * 1000);
    await executor.round();
    assert.equal(cluster.calls.length, 2, "what was taken back does not expire");
  });

  const published = async (count: number): Promise<void> => {
    for (let turn = 0; bus.published.length < count && turn < 10_000; turn += 1)
      await new Promise((resolve) => setImmediate(resolve));
  };

  it("by policy needs nobody, and by default somebody", async () => {
    const response = await proposed("orders", true);
    await executor.round();
    assert.equal((await store.get(response.id)).status, "executed");
    const declared = (CONFIGURATION.properties.MNO_SI_RESPONSES.default as { action: string; mode: string }[]).find(
      ({ action }) => action === "isolate-workload",
    );
    assert.equal(declared?.mode, "approval");
    const incident = {
      id: "inc_1",
      title: "t",
      status: "open",
      confidence: 0.9,
      tactics: [],
      entities: [{ kind: "workload", id: "orders" }],
    } as unknown as Incident;
    const policy = { action: "isolate-workload", minConfidence: 0.8, tactics: [], mode: "automatic" } as const;
    assert.deepEqual(
      proposals(incident, [policy], NOW).map(({ action, status }) => [action, status]),
      [["isolate-workload", "approved"]],
    );
  });

  it("releases what has lasted its time, trying again for as long as that fails", async () => {
    const { id } = await approve("orders");
    await clock.advance(HOUR * 1000 - 1);
    await executor.round();
    assert.equal((await store.get(id)).status, "executed", "not before");
    cluster.fault = new MnoError("MNO_CLUSTER_UNREACHABLE", "the API server is away");
    for (let round = 0; round < 3; round += 1) {
      await clock.advance(300_000);
      await executor.round();
    }
    const failing = await store.get(id);
    assert.equal(failing.status, "executed");
    assert.equal(failing.history.filter(({ by }) => by === "expiry").length, 1, "the same reason is told once");
    assert.match(told(failing), /could not be taken back: the API server is away/);
    cluster.fault = undefined;
    await clock.advance(300_000);
    await executor.round();
    const undone = await store.get(id);
    assert.deepEqual([undone.status, undone.history.at(-1)?.by], ["undone", "expiry"]);
    assert.deepEqual(cluster.calls.at(-1), "release orders");
  });

  it("lasts until somebody takes it back where no time is set", async () => {
    await outbox.stop();
    await open(0);
    const { id, expiresAt } = await approve("orders");
    assert.equal(expiresAt, null);
    await clock.advance(365 * 24 * HOUR * 1000);
    await executor.round();
    assert.equal((await store.get(id)).status, "executed");
  });

  it("finds the workload by what events call it, and refuses whose it is not to touch", async () => {
    for (const id of ["shop/orders-5d9c-x8k2z", "orders.shop.svc.cluster.local", "orders"]) {
      assert.equal((await approve(id)).status, "executed", id);
    }
    assert.equal((await approve("shop/data-0")).status, "executed");
    assert.equal(
      told(await approve("shop/data-0x")),
      "Workload shop/data-0x cannot be isolated: the cluster has no workload, and no replica, of that name",
    );
    for (const [id, why] of [
      ["spiffe://td/ns/bank/sa/orders", /of namespace bank, and this engine works on shop/],
      ["bank/orders-5d9c-x8k2z", /of namespace bank/],
      ["orders-5d9c-other", /no replica, of that name/],
      ["../../secrets/x", /no workload/],
      ["", /no workload/],
      ["security-intelligence", /runs security intelligence itself/],
    ] as const) {
      const response = await approve(id);
      assert.equal(response.status, "failed", id);
      assert.match(told(response), why);
    }
    assert.ok(cluster.calls.every((call) => /^isolate (orders|data):/.test(call)));
    assert.deepEqual(namesOf("spiffe://td/ns/a/sa/b/c"), { name: "spiffe://td/ns/a/sa/b/c" });
  });

  it("tries again while the cluster does not answer, and says what is missing where there is none", async () => {
    cluster.fault = new MnoError("MNO_CLUSTER_UNREACHABLE", "away");
    const { id, status } = await approve("orders");
    assert.equal(status, "approved", "to be tried again");
    cluster.fault = undefined;
    await clock.advance(HOUR * 1000);
    await executor.round();
    assert.equal((await store.get(id)).status, "executed");
    cluster.workloads.delete("orders");
    assert.equal(told(await executor.undo(id, "ann")), "there is no such workload any more");
    await outbox.stop();
    await open(HOUR, () => {
      throw new MnoError("MNO_CONFIG_INVALID", "MNO_CLUSTER_URL is required");
    });
    assert.match(told(await approve("data")), /MNO_CLUSTER_URL is required/);
  });
});
