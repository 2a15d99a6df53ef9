import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import {
  Cleanup,
  call,
  counting,
  type Handler,
  openLoop,
  startBackend,
  startProxy,
  type TestBackend,
} from "../../support/balancer";

const timed: Handler = (_request, response) => void setTimeout(() => response.end("ok"), 5);

/** Every request was answered, and none badly. */
function allServed(statuses: readonly number[], faults: readonly unknown[]): void {
  const failed = statuses.filter((status) => status !== 200);
  assert.deepEqual(failed, [], `${String(failed.length)} of ${String(statuses.length)} failed: ${String(faults[0])}`);
}

describe("global load balancer: no request is lost", () => {
  const cleanup = new Cleanup();
  afterEach(() => cleanup.run());

  const start = async (count: number): Promise<TestBackend[]> =>
    Promise.all(Array.from({ length: count }, () => startBackend(cleanup, timed)));
  const endpoints = (backends: readonly TestBackend[]) =>
    backends.map(({ address }, index) => ({ id: `e${String(index)}`, address }));

  it("as backends restart one by one under load", async () => {
    const backends = await start(4);
    const proxy = await startProxy(cleanup, { endpoints: endpoints(backends), outlier: { baseEjectionSeconds: 0.05 } });
    const load = openLoop(proxy.port, 300);
    for (const backend of backends) {
      await load.answers(30);
      await backend.drain();
      await load.answers(30); // while it is away
      await startBackend(cleanup, timed, backend.port);
    }
    await load.answers(30);
    const statuses = await load.stop();
    allServed(statuses, load.faults);
    assert.ok(statuses.length >= 270);
  });

  it("as one crashes, and stays away", async () => {
    const backends = await start(4);
    const { observer, changes } = counting();
    const proxy = await startProxy(cleanup, { endpoints: endpoints(backends) }, { observer });
    const load = openLoop(proxy.port, 300);
    await load.answers(60);
    await backends[0]?.crash();
    await load.answers(300);
    allServed(await load.stop(), load.faults);
    const ejected = changes.filter(({ type }) => type === "ejected");
    assert.equal(ejected.length, 1);
    assert.match(JSON.stringify(ejected[0]), /"id":"e0".*gateway failures in a row/);
  });

  it("as the upstream is configured anew again and again", async () => {
    const backends = await start(3);
    const proxy = await startProxy(cleanup, { endpoints: endpoints(backends) });
    const load = openLoop(proxy.port, 300, { method: "POST", body: "not to be sent twice" });
    const policies = ["round-robin", "least-request", "peak-ewma", "maglev", "expected-wait"] as const;
    for (let round = 0; round < 20; round += 1) {
      await load.answers(15);
      const some = endpoints(backends).filter((_, index) => index !== round % 3);
      const name = policies[round % policies.length] ?? "random";
      proxy.apply({
        name: "web",
        policy: { name },
        endpoints: round % 4 === 3 ? some.map((each) => ({ ...each, id: `${each.id}-${String(round)}` })) : some,
        timeouts: { connectSeconds: 1 + (round % 2) },
      });
    }
    allServed(await load.stop(), load.faults);
  });

  it("as an endpoint drains: what is under way finishes, and nothing new comes", async () => {
    let release!: () => void;
    const slow = await startBackend(cleanup, (_request, response) => {
      response.write("first ");
      release = () => response.end("last");
    });
    const other = await startBackend(cleanup, timed);
    const both = [
      { id: "slow", address: slow.address },
      { id: "other", address: other.address },
    ];
    const proxy = await startProxy(cleanup, { endpoints: both.slice(0, 1) });
    const request = http.get({ port: proxy.port, agent: false });
    const [response] = (await once(request, "response")) as [http.IncomingMessage];
    proxy.apply({ name: "web", endpoints: both.map((each) => ({ ...each, draining: each.id === "slow" })) });
    for (let index = 0; index < 5; index += 1) assert.equal((await call(proxy.port)).body, "ok");
    assert.equal(slow.requests, 1);
    proxy.apply({ name: "web", endpoints: both.slice(1) });
    assert.equal(proxy.backend("web")?.upstream.leaving.size, 1);
    release();
    assert.equal((await response.toArray()).join(""), "first last");
    assert.equal(proxy.backend("web")?.upstream.leaving.size, 0);
  });

  it("after the drain's deadline what is still under way ends", async () => {
    const stuck = await startBackend(cleanup, (_request, response) => void response.write("for ever"));
    const proxy = await startProxy(cleanup, {
      endpoints: [{ id: "stuck", address: stuck.address }],
      timeouts: { drainSeconds: 0.01 },
    });
    const request = http.get({ port: proxy.port, agent: false });
    const [response] = (await once(request, "response")) as [http.IncomingMessage];
    response.resume();
    proxy.apply({ name: "web", endpoints: [], timeouts: { drainSeconds: 0.01 } });
    const [error] = (await once(response, "error")) as [Error];
    assert.match(error.message, /aborted/);
  });

  it("as the balancer itself stops: what is under way finishes", async () => {
    const backends = await start(1);
    const proxy = await startProxy(cleanup, { endpoints: endpoints(backends) });
    const under = Array.from({ length: 10 }, () => call(proxy.port));
    while ((backends[0]?.requests ?? 0) < 10) await new Promise((resolve) => setImmediate(resolve));
    const silent = net.connect(proxy.port, "127.0.0.1");
    await once(silent, "connect");
    await proxy.close();
    assert.deepEqual(new Set((await Promise.all(under)).map(({ status }) => status)), new Set([200]));
    await assert.rejects(call(proxy.port), /ECONNREFUSED/);
  });

  it("probes find a sick endpoint, and find it well again", async () => {
    let well = false;
    const sick = await startBackend(cleanup, (_request, response) => response.writeHead(well ? 200 : 500).end("sick"));
    const good = await startBackend(cleanup, (_request, response) => void response.end("good"));
    const { observer, changes } = counting();
    const proxy = await startProxy(
      cleanup,
      {
        endpoints: endpoints([sick, good]),
        health: { path: "/", intervalSeconds: 0.02, healthyThreshold: 2 },
        policy: { name: "round-robin" },
        outlier: { enabled: false },
      },
      { observer },
    );
    const seen = async (healthy: boolean): Promise<void> => {
      while (!changes.some((change) => change.type === "health" && change.healthy === healthy)) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    await seen(false);
    for (let index = 0; index < 4; index += 1) assert.equal((await call(proxy.port)).body, "good");
    well = true;
    await seen(true);
    const bodies = new Set<string>();
    for (let index = 0; index < 4; index += 1) bodies.add((await call(proxy.port)).body);
    assert.deepEqual([...bodies].sort(), ["good", "sick"]);
  });
});
