import assert from "node:assert/strict";
import { Resolver } from "node:dns/promises";
import { once } from "node:events";
import type { FastifyInstance } from "fastify";
import http from "node:http";
import type { MnoError } from "../../../runtime/exports";
import type { Cluster, ClusterNode, WorkloadEvent, WorkloadStatus } from "../../../runtime/kernel/cluster/cluster";
import type { Database } from "../../../runtime/kernel/store/database";
import { openDatabase } from "../../../runtime/kernel/store/open";
import { globalLoadBalancer } from "../../../runtime/scalability/global-load-balancer/agent";
import { call, Cleanup, closedPort, startBackend } from "../../support/balancer";
import { silent, TestAgent as FakedAgent } from "../auto-scaling-engine/fakes";
import { replica } from "../auto-scaling-engine/support";

class TestAgent extends FakedAgent {
  /** PUT of an empty body with headers of its own. */
  async put(url: string, headers: Record<string, string>): Promise<{ status: number; body: unknown }> {
    const { http: application } = (this as unknown as { app: { http: FastifyInstance } }).app;
    const answer = await application.inject({
      method: "PUT",
      url,
      headers: { host: "localhost", ...headers },
      payload: {},
    });
    return { status: answer.statusCode, body: answer.json<unknown>() };
  }
}

/** A cluster of one workload, `demo`, whose replicas a test sets. */
class WatchedCluster {
  private status: WorkloadStatus = {
    spec: {
      name: "demo",
      kind: "service",
      command: ["node"],
      requests: { cpuCores: 1, memoryBytes: 1 },
      replicas: 0,
      ports: [{ name: "http", port: 0 }],
    },
    generation: 1,
    phase: "ready",
    desiredReplicas: 0,
    readyReplicas: 0,
    replicas: [],
    endpoints: {},
  };
  private readonly wakeups: (() => void)[] = [];
  private changes = 1;
  watches = 0;

  set(
    replicas: readonly { name: string; address: string; phase?: "ready" | "stopping" | "unready"; node?: string }[],
  ): void {
    this.status = {
      ...this.status,
      replicas: replicas.map(({ name, address, phase = "ready", node = "node-1" }) => ({
        ...replica(name, { phase, node }),
        endpoints: { http: address },
      })),
    };
    this.changes += 1;
    for (const wake of this.wakeups.splice(0)) wake();
  }

  async nodes(): Promise<ClusterNode[]> {
    const quantities = { cpuCores: 1, memoryBytes: 1 };
    return ["1", "2"].map((id) => ({
      name: `node-${id}`,
      ready: true,
      zone: `zone-${id}`,
      labels: {},
      capacity: quantities,
      allocatable: quantities,
    }));
  }

  async *watch(signal: AbortSignal): AsyncIterable<WorkloadEvent> {
    this.watches += 1;
    signal.addEventListener("abort", () => this.wakeups.splice(0).forEach((wake) => wake()));
    for (let seen = 0; !signal.aborted;) {
      if (seen !== this.changes) {
        seen = this.changes;
        yield { type: "changed", status: this.status };
      } else {
        await new Promise<void>((resolve) => this.wakeups.push(resolve));
      }
    }
  }
}

interface Change {
  version: number;
  changes: string[];
  spec: { endpoints: { id: string }[]; retry: { attempts: number } };
}
interface Items<T> {
  items: T[];
}
interface EndpointState {
  id: string;
  state: string;
  by: string | null;
  reason: string | null;
  share: number;
  zone: string | null;
}

describe("global load balancer: agent", () => {
  const cleanup = new Cleanup();
  let database: Database;
  let agent: TestAgent;
  let cluster: WatchedCluster;
  let port: number;

  before(async function () {
    this.timeout(60_000); // PGlite compiles its WebAssembly first
    database = await openDatabase("pglite:memory", { log: silent });
  });
  after(() => database.close());
  beforeEach(async () => {
    port = await closedPort();
    cluster = new WatchedCluster();
  });
  afterEach(async () => {
    await agent.stop();
    await cleanup.run();
    for (const table of ["glb_upstreams", "glb_versions", "outbox"]) await database.query(`TRUNCATE ${table}`);
  });

  const start = async (environment: Record<string, string> = {}): Promise<void> => {
    agent = new TestAgent(database);
    Object.assign(agent.cluster, {
      nodes: () => cluster.nodes(),
      watch: (signal: AbortSignal) => cluster.watch(signal),
    } satisfies Partial<Cluster>);
    await agent.start(globalLoadBalancer, { MNO_GLB_LISTEN: `127.0.0.1:${String(port)}`, ...environment });
  };
  const put = async (name: string, body: object): Promise<{ status: number; body: Change }> =>
    (await agent.call("PUT", `/v1/upstreams/${name}`, body)) as { status: number; body: Change };
  const endpoints = async (): Promise<EndpointState[]> =>
    ((await agent.call("GET", "/v1/endpoints")).body as Items<EndpointState>).items;

  it("upstreams are put in force at once, read, changed, explained and deleted", async () => {
    const backend = await startBackend(cleanup, (_request, response) => void response.end("hello"));
    await start();
    assert.equal((await call(port)).status, 404);
    const created = await put("web", { endpoints: [{ id: "a", address: backend.address }] });
    assert.equal(created.status, 201);
    assert.deepEqual(created.body.changes, ["created with 1 endpoints and 0 workloads"]);
    assert.equal((await call(port)).body, "hello");
    const changed = await put("web", {
      endpoints: [
        { id: "a", address: backend.address, weight: 2 },
        { id: "b", address: backend.address },
      ],
      retry: { attempts: 1 },
    });
    assert.equal(changed.status, 200);
    assert.ok(changed.body.version > created.body.version);
    assert.deepEqual(changed.body.changes, [
      "endpoint a: weight changed from 1 to 2",
      `endpoint b (${backend.address}) added`,
      'retry changed from {"attempts":2,"budgetPercent":20,"bufferBytes":65536,"minimumPerSecond":5,"statuses":[502,503,504]} to {"attempts":1,"budgetPercent":20,"bufferBytes":65536,"minimumPerSecond":5,"statuses":[502,503,504]}',
    ]);
    const read = await agent.call("GET", "/v1/upstreams/web");
    assert.deepEqual(read.body, { version: changed.body.version, spec: changed.body.spec });
    const again = await put("web", changed.body.spec);
    assert.deepEqual(again.body.changes, []);
    const versions = (await agent.call("GET", "/v1/upstreams/web/versions")).body as Items<Change>;
    assert.deepEqual(
      versions.items.map(({ version }) => version),
      [again, changed, created].map(({ body }) => body.version),
    );
    assert.equal((await agent.call("DELETE", "/v1/upstreams/web")).status, 204);
    assert.equal((await call(port)).status, 404);
    for (const method of ["GET", "DELETE"] as const)
      assert.equal((await agent.call(method, "/v1/upstreams/web")).status, 404);
  });

  it("an upstream that is deleted leaves no series, not even those of requests that were under way then", async () => {
    let arrived: () => void = () => undefined;
    const arrival = new Promise<void>((resolve) => (arrived = resolve));
    let finish: () => void = () => undefined;
    const backend = await startBackend(cleanup, (_request, response) => {
      finish = () => response.end("late");
      arrived();
    });
    await start();
    await put("web", { endpoints: [{ id: "a", address: backend.address }] });
    await agent.loop("measure");
    const late = call(port);
    await arrival;
    await agent.call("DELETE", "/v1/upstreams/web");
    finish();
    assert.equal((await late).body, "late");
    await agent.loop("measure");
    assert.doesNotMatch(await agent.metrics.registry.metrics(), /upstream="web"/);
  });

  it("a change that rests on an old version is refused, and one that is not valid, with every fault at once", async () => {
    await start();
    const { body } = await put("web", {});
    await put("web", { limits: { requests: 5 } });
    const stale = await agent.put("/v1/upstreams/web", { "if-match": `"${String(body.version)}"` });
    assert.deepEqual([stale.status, (stale.body as { code: string }).code], [409, "MNO_UPSTREAM_CHANGED"]);
    assert.equal((await agent.put("/v1/upstreams/web", { "if-match": "W/x" })).status, 422);
    const wrong = await agent.call("PUT", "/v1/upstreams/web", {
      name: "web",
      endpoints: [{ id: "a", address: "nowhere" }],
      policy: { name: "fastest" },
      colour: "blue",
    });
    const problem = wrong.body as { code: string; faults: { field: string }[] };
    assert.deepEqual([wrong.status, problem.code], [422, "MNO_UPSTREAM_INVALID"]);
    assert.deepEqual(problem.faults.map(({ field }) => field).sort(), [
      "/colour",
      "/endpoints/0/address",
      "/policy/name",
    ]);
    assert.equal((await agent.call("PUT", "/v1/upstreams/web", { name: "other" })).status, 422);
  });

  it("survives a restart, and follows what another replica changed", async () => {
    const backend = await startBackend(cleanup, (_request, response) => void response.end("hello"));
    await start();
    await put("web", { endpoints: [{ id: "a", address: backend.address }] });
    await agent.stop();
    await start();
    assert.equal((await call(port)).body, "hello");
    const first = agent;
    const firstPort = port;
    port = await closedPort();
    await start();
    await put("web", { endpoints: [], match: [{ pathPrefix: "/only" }] });
    await first.loop("sync upstreams");
    assert.equal((await call(firstPort)).status, 404);
    assert.equal((await call(firstPort, { path: "/only" })).status, 503);
    await agent.call("DELETE", "/v1/upstreams/web");
    await first.loop("sync upstreams");
    assert.equal((await call(firstPort, { path: "/only" })).status, 404);
    await first.stop();
  });

  it("declared upstreams are there from the start, are exactly those, and leave the others alone", async () => {
    const declare = (names: string[]) => ({ MNO_GLB_UPSTREAMS: JSON.stringify(names.map((name) => ({ name }))) });
    await start(declare(["one", "two"]));
    await put("mine", {});
    await agent.stop();
    await start(declare(["two", "three"]));
    const { items } = (await agent.call("GET", "/v1/upstreams")).body as Items<{ spec: { name: string } }>;
    assert.deepEqual(
      items.map(({ spec }) => spec.name),
      ["mine", "three", "two"],
    );
    const versions = (await agent.call("GET", "/v1/upstreams/two/versions")).body as Items<Change>;
    assert.equal(versions.items.length, 1, "the same declaration again is no new version");
    await assert.rejects(
      new TestAgent(database).start(globalLoadBalancer, {
        MNO_GLB_UPSTREAMS: '[{"name":"A"},{"name":"b","endpoints":7}]',
      }),
      (error: MnoError) =>
        error.code === "MNO_CONFIG_INVALID" &&
        error.faults.map(({ field }) => field).join() === "MNO_GLB_UPSTREAMS/0/name,MNO_GLB_UPSTREAMS/1/endpoints",
    );
  });

  it("the replicas of a workload are endpoints, in the zones of their nodes; those that stop get nothing new", async () => {
    const one = await startBackend(cleanup, (_request, response) => void response.end("one"));
    const two = await startBackend(cleanup, (_request, response) => void response.end("two"));
    cluster.set([
      { name: "demo-0", address: one.address },
      { name: "demo-1", address: two.address, node: "node-2" },
    ]);
    await start({
      MNO_GLB_UPSTREAMS: '[{"name":"demo","workloads":[{"name":"demo"}],"policy":{"name":"round-robin"}}]',
    });
    await agent.loop("discover endpoints");
    const found = await endpoints();
    assert.deepEqual(
      found.map(({ id, zone, share }) => [id, zone, share]),
      [
        ["demo-0", "zone-1", 0.5],
        ["demo-1", "zone-2", 0.5],
      ],
    );
    assert.deepEqual(new Set([(await call(port)).body, (await call(port)).body]), new Set(["one", "two"]));
    cluster.set([
      { name: "demo-0", address: one.address, phase: "stopping" },
      { name: "demo-1", address: two.address, node: "node-2" },
    ]);
    await agent.loop("discover endpoints");
    for (let index = 0; index < 3; index += 1) assert.equal((await call(port)).body, "two");
    assert.deepEqual(
      (await endpoints()).map(({ state, reason }) => [state, reason]),
      [
        ["draining", "it drains"],
        ["fit", null],
      ],
    );
    assert.equal(cluster.watches, 1);
  });

  it("holds requests for a workload without replicas, wakes it, and serves them", async () => {
    const backend = await startBackend(cleanup, (_request, response) => void response.end("awake"));
    const asked: string[] = [];
    const engine = await startBackend(cleanup, (request, response) => {
      asked.push(`${String(request.method)} ${String(request.url)}`);
      response.writeHead(202).end();
      setTimeout(() => cluster.set([{ name: "demo-0", address: backend.address }]), 20);
    });
    await start({
      MNO_GLB_UPSTREAMS: '[{"name":"demo","workloads":[{"name":"demo"}],"wake":{"held":3,"seconds":5}}]',
      MNO_GLB_WAKE_URL: `http://${engine.address}/`,
    });
    const first = Array.from({ length: 3 }, () => call(port, { method: "POST", body: "x" }));
    while (asked.length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    const answers = await Promise.all(first);
    assert.deepEqual(
      answers.map(({ body }) => body),
      ["awake", "awake", "awake"],
    );
    assert.deepEqual(asked, ["POST /auto-scaling-engine/v1/scalers/demo/wake"]);
  });

  it("asks again for a workload that could not be woken, while requests wait for it, and no longer", async () => {
    const backend = await startBackend(cleanup, (_request, response) => void response.end("awake"));
    let asked = 0;
    const engine = await startBackend(cleanup, (_request, response) => {
      asked += 1;
      response.writeHead(asked === 1 ? 503 : 202).end();
      if (asked === 2) cluster.set([{ name: "demo-0", address: backend.address }]);
    });
    await start({
      MNO_GLB_UPSTREAMS: '[{"name":"demo","workloads":[{"name":"demo"}],"wake":{"held":1,"seconds":8}}]',
      MNO_GLB_WAKE_URL: `http://${engine.address}`,
    });
    assert.equal((await call(port)).body, "awake");
    assert.equal(asked, 2);
  });

  it("holds only as many and as long as it is told, and says when to come back", async () => {
    const engine = await startBackend(cleanup, (_request, response) => response.writeHead(404).end());
    await start({
      MNO_GLB_UPSTREAMS: '[{"name":"demo","workloads":[{"name":"demo"}],"wake":{"held":1,"seconds":0.2}}]',
      MNO_GLB_WAKE_URL: `http://${engine.address}`,
    });
    const answers = await Promise.all([call(port), call(port)]);
    assert.deepEqual(answers.map(({ body }) => (JSON.parse(body) as { code: string }).code).sort(), [
      "MNO_NO_ENDPOINT",
      "MNO_UPSTREAM_OVERLOADED",
    ]);
    assert.ok(answers.every(({ status, headers }) => status === 503 && Number(headers["retry-after"]) >= 1));
  });

  it("an ejected endpoint is shown with the reason, counted, and emitted as an event", async () => {
    const bad = await startBackend(cleanup, (_request, response) => response.writeHead(500).end());
    const good = await startBackend(cleanup, (_request, response) => void response.end("ok"));
    await start();
    await put("web", {
      endpoints: [
        { id: "bad", address: bad.address },
        { id: "good", address: good.address },
      ],
      policy: { name: "round-robin" },
      outlier: { consecutiveErrors: 3, baseEjectionSeconds: 60 },
      explain: true,
    });
    for (let index = 0; index < 6; index += 1) await call(port);
    const [state] = await endpoints();
    assert.deepEqual(
      [state?.id, state?.state, state?.by, state?.reason, state?.share],
      ["bad", "unfit", "outlier", "3 errors in a row", 0],
    );
    await agent.loop("emit events");
    await agent.until(() => agent.bus.published.length > 0);
    const [event] = agent.bus.published;
    assert.equal(event?.type, "mno.scalability.endpoint.ejected");
    assert.deepEqual(
      { ...(event?.data as object), until: null },
      {
        upstream: "web",
        endpoint: "bad",
        by: "outlier",
        reason: "3 errors in a row",
        until: null,
      },
    );
    const { headers } = await call(port);
    const id = String(headers["mno-balancer-decision"]);
    const decision = (await agent.call("GET", `/v1/decisions/${id}`)).body as { endpoint: string; reason: string };
    assert.equal(decision.endpoint, "good");
    assert.ok(decision.reason.length > 0);
    const { items } = (await agent.call("GET", "/v1/decisions?upstream=web&limit=3")).body as Items<{ id: string }>;
    assert.equal(items[0]?.id, id);
    assert.equal((await agent.call("GET", "/v1/decisions/none")).status, 404);
    await agent.loop("measure");
    const text = await agent.metrics.registry.metrics();
    assert.match(text, /mno_balancer_endpoints\{upstream="web",state="outlier"\} 1/);
    assert.match(text, /mno_balancer_requests_total\{upstream="web",ending="answered",class="5xx"\} 3/);
    await agent.call("DELETE", "/v1/upstreams/web");
    await agent.until(() => true);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.doesNotMatch(await agent.metrics.registry.metrics(), /upstream="web"/);
  });

  it("drains as it stops", async () => {
    let finish!: () => void;
    const backend = await startBackend(cleanup, (_request, response) => {
      response.write("begun ");
      finish = () => response.end("done");
    });
    await start();
    await put("web", { endpoints: [{ id: "a", address: backend.address }] });
    const request = http.get({ port, agent: false });
    const [response] = (await once(request, "response")) as [http.IncomingMessage];
    const stopped = agent.stop();
    finish();
    assert.equal((await response.toArray()).join(""), "begun done");
    await stopped;
  });

  it("renders its weights for meshes, and answers where clients should go, over HTTP and DNS", async () => {
    const dnsPort = await closedPort();
    await start({ MNO_GLB_DNS_LISTEN: `127.0.0.1:${String(dnsPort)}` });
    await put("web", {
      match: [{ hosts: ["shop.example"], pathPrefix: "/v1" }],
      endpoints: [
        { id: "a", address: "10.0.0.1:80", group: "stable", weight: 3, region: "eu" },
        { id: "b", address: "10.0.0.2:80", group: "canary", region: "us" },
      ],
      global: {
        regions: [
          { region: "eu", addresses: ["192.0.2.1"], networks: ["198.51.100.0/24"] },
          { region: "us", addresses: ["192.0.2.2"], networks: ["203.0.113.0/24"] },
        ],
      },
    });
    const route = (await agent.call("GET", "/v1/upstreams/web/httproute?gateway=public&port=8080")).body as {
      spec: { hostnames: string[]; rules: { backendRefs: unknown }[] };
    };
    assert.deepEqual(route.spec.hostnames, ["shop.example"]);
    assert.deepEqual(route.spec.rules[0]?.backendRefs, [
      { name: "stable", port: 8080, weight: 750 },
      { name: "canary", port: 8080, weight: 250 },
    ]);
    const eds = (await agent.call("GET", "/v1/upstreams/web/eds")).body as {
      cluster_name: string;
      endpoints: object[];
    };
    assert.deepEqual([eds.cluster_name, eds.endpoints.length], ["web", 2]);
    const resolved = await agent.call("GET", "/v1/resolve?upstream=web&client=203.0.113.9");
    assert.deepEqual(resolved.body, {
      addresses: ["192.0.2.2", "192.0.2.1"],
      regions: ["us", "eu"],
      ttlSeconds: 60,
      reasons: ["the client belongs to us"],
    });
    assert.equal((await agent.call("GET", "/v1/resolve?upstream=other")).status, 404);
    const resolver = new Resolver({ timeout: 2000, tries: 1 });
    resolver.setServers([`127.0.0.1:${String(dnsPort)}`]);
    assert.deepEqual(await resolver.resolve4("shop.example"), ["192.0.2.1"]);
  });
});
