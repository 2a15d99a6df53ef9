import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { DemoService } from "../../../examples/demo-service/service";
import { type Clock, systemClock } from "../../../runtime/kernel/clock";
import { Api } from "../../../tools/demo-load/api";
import { Fabric } from "../../../tools/demo-load/fabric";
import { replay } from "../../../tools/demo-load/replay";
import { runLoad } from "../../../tools/demo-load/run";
import { Tally } from "../../../tools/demo-load/tally";
import type { Arrival } from "../../../tools/demo-load/trace";
import type { View } from "../../../tools/demo-load/view";

const clock: Clock = { now: () => performance.now(), sleep: (...timing) => systemClock.sleep(...timing) };
const never = new AbortController().signal;

const every = (milliseconds: number, count: number, tokens: number): Arrival[] =>
  Array.from({ length: count }, (_, index) => ({ atMs: index * milliseconds, tokens }));

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

/** Answers like the auto-scaling engine: each look brings one decision more; one up, then down to the minimum. */
function fakeApi(): Server {
  const steps = [
    { from: 1, to: 1, ready: 1 },
    { from: 1, to: 3, ready: 1 },
    { from: 3, to: 3, ready: 3 },
    { from: 3, to: 1, ready: 3 },
    { from: 1, to: 1, ready: 1 },
  ];
  const made: object[] = [];
  return createServer((request, response) => {
    if (!request.url?.startsWith("/auto-scaling-engine/")) return response.writeHead(503).end();
    assert.equal(request.url, "/auto-scaling-engine/v1/decisions?workload=demo&limit=20");
    const { from, to, ready } = steps[Math.min(made.length, steps.length - 1)] ?? { from: 1, to: 1, ready: 1 };
    made.unshift({
      id: `d${String(made.length).padStart(4, "0")}`,
      time: "2026-01-01T10:00:00.000Z",
      action: from === to ? "kept" : "scaled",
      inputs: { currentReplicas: from, readyReplicas: ready, scaler: { minReplicas: 1, maxReplicas: 8 } },
      desiredReplicas: to,
      reasons: ["limited", `from ${String(from)} to ${String(to)}`],
    });
    return response.end(JSON.stringify({ items: made.slice(0, 20) }));
  });
}

describe("demo load: replay", () => {
  it("replays for three seconds against the demo service, accounts for every request and follows the replicas", async () => {
    const service = new DemoService(
      { host: "127.0.0.1", port: 0, replica: "r", slots: 4, queue: 8, baseMs: 5, msPerToken: 1 },
      clock,
    );
    const url = `http://127.0.0.1:${String(await service.listen())}`;
    const api = fakeApi();
    const views: View[] = [];
    let closed = 0;
    // Two seconds within capacity, then ten times as much at once as slots, queue and client bound can hold.
    const schedule = [
      ...every(20, 100, 5),
      ...every(0.1, 200, 50).map((a) => ({ ...a, atMs: a.atMs + 2000 })),
      { atMs: 2900, tokens: 5 },
    ];
    try {
      const { tally, replicas, settled, fabric } = await runLoad(
        { url, maxInFlight: 40, timeoutSeconds: 5, sloMs: 100, settleSeconds: 10 },
        {
          schedule,
          fabric: new Fabric(new Api(await listen(api)), "demo"),
          reporter: {
            show: (view) => views.push({ ...view, samples: [...view.samples] }),
            close: () => (closed += 1),
          },
          clock,
          signal: never,
          losses: () => [],
        },
      );
      assert.equal(tally.offered, 301);
      assert.equal(tally.ok + tally.failed + tally.shed, tally.offered);
      assert.equal(tally.inFlight, 0);
      assert.ok(tally.ok >= 101 && tally.failed > 0 && tally.shed > 0, JSON.stringify({ ...tally }));
      assert.deepEqual([...tally.failures.keys()], ["HTTP 503"]);
      assert.equal(tally.failures.get("HTTP 503"), tally.failed);
      assert.equal(tally.latency.count, tally.ok);

      const seconds = views.at(-1)?.samples ?? [];
      assert.equal(
        seconds.reduce((sum, second) => sum + second.offered, 0),
        tally.offered,
      );
      assert.equal(
        seconds.reduce((sum, second) => sum + second.served, 0),
        tally.ok,
      );
      const decided = fabric.decided["auto-scaling-engine"].counts;
      assert.deepEqual([decided.get("scaled up"), decided.get("scaled down")], [1, 1]);
      assert.deepEqual([replicas.scaleUps, replicas.scaleDowns, replicas.highest], [1, 1, 3]);
      assert.match(settled, /^back at the minimum of 1 \d+ s after the load$/);
      assert.equal(closed, 1);
    } finally {
      api.closeAllConnections();
      api.close();
      await service.drain();
    }
  });

  it("counts latency from the time at which a request was due, not from when it could be sent", async () => {
    const server = createServer((_, response) => response.end("ok"));
    const url = await listen(server);
    const tally = new Tally(100);
    try {
      // A client that lags: its clock jumps half a second ahead while the second request is due.
      let lag = 0;
      const lagging: Clock = {
        now: () => performance.now() + lag,
        sleep: async (milliseconds) => {
          await systemClock.sleep(milliseconds);
          lag = 500;
        },
      };
      const schedule = [
        { atMs: 0, tokens: 0 },
        { atMs: 20, tokens: 0 },
      ];
      await replay({ url, schedule, maxInFlight: 10, timeoutMs: 5000, clock: lagging, signal: never }, tally);
      assert.equal(tally.ok, 2);
      assert.ok((tally.latency.percentile(1) ?? 0) >= 495);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it("names what failed when nothing listens, and ends", async () => {
    const server = createServer();
    const url = await listen(server);
    await new Promise((resolve) => server.close(resolve));
    const tally = new Tally(100);
    await replay({ url, schedule: every(1, 20, 0), maxInFlight: 50, timeoutMs: 1000, clock, signal: never }, tally);
    assert.deepEqual([tally.offered, tally.failed], [20, 20]);
    assert.deepEqual([...tally.failures], [["ECONNREFUSED", 20]]);
  });

  it("fails what is not answered in time", async () => {
    const server = createServer(() => undefined);
    const url = await listen(server);
    const tally = new Tally(100);
    try {
      await replay({ url, schedule: every(1, 3, 0), maxInFlight: 2, timeoutMs: 300, clock, signal: never }, tally);
      assert.deepEqual([tally.failed, tally.shed], [2, 1]);
      assert.deepEqual([...tally.failures], [["UND_ERR_HEADERS_TIMEOUT", 2]]);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it("stops sending when it is interrupted, and awaits what is in flight", async () => {
    const interrupt = new AbortController();
    const server = createServer((_, response) => {
      interrupt.abort();
      setTimeout(() => response.end("ok"), 20);
    });
    const url = await listen(server);
    const tally = new Tally(100);
    try {
      const schedule = [
        { atMs: 0, tokens: 0 },
        { atMs: 60_000, tokens: 0 },
      ];
      await replay({ url, schedule, maxInFlight: 10, timeoutMs: 5000, clock, signal: interrupt.signal }, tally);
      assert.deepEqual([tally.offered, tally.ok], [1, 1]);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
