import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, type IncomingMessage, request as httpRequest } from "node:http";
import { Pool } from "undici";
import { type DemoConfiguration, readDemoConfiguration } from "../../../examples/demo-service/configuration";
import { DemoService } from "../../../examples/demo-service/service";
import { MnoError } from "../../../runtime/exports";
import { ManualClock } from "../../../runtime/kernel/clock";

const SMALL: DemoConfiguration = {
  host: "127.0.0.1",
  port: 0,
  replica: "demo-test",
  slots: 2,
  queue: 3,
  baseMs: 5,
  msPerToken: 1,
};

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
}

describe("demo service: over HTTP", () => {
  let clock: ManualClock;
  let service: DemoService;
  let url: string;
  let pool: Pool;

  beforeEach(async () => {
    clock = new ManualClock();
    service = new DemoService(SMALL, clock);
    url = `http://127.0.0.1:${String(await service.listen())}`;
    pool = new Pool(url, { connections: 32 });
  });

  afterEach(async () => {
    await pool.destroy();
    await service.drain();
  });

  const get = async (
    path: string,
  ): Promise<{ status: number; retryAfter: unknown; connection: unknown; text: string }> => {
    const { statusCode, headers, body } = await pool.request({ path, method: "GET" });
    return {
      status: statusCode,
      retryAfter: headers["retry-after"],
      connection: headers.connection,
      text: await body.text(),
    };
  };
  const inFlight = async (): Promise<number> => {
    const { text } = await get("/metrics");
    return Number(/^demo_requests_in_flight (\d+)$/m.exec(text)?.[1]);
  };

  it("takes base and per-token time, queues beyond its slots and answers 503 beyond the queue", async () => {
    const answers = Array.from({ length: SMALL.slots + SMALL.queue }, () => get("/?tokens=15"));
    await until(async () => (await inFlight()) === 5);
    const refused = await get("/?tokens=15");
    assert.equal(refused.status, 503);
    assert.equal(refused.retryAfter, "1");
    assert.equal(refused.connection, "close"); // the next one may reach a less busy replica
    assert.equal((JSON.parse(refused.text) as { code: string }).code, "MNO_OVERLOADED");

    await clock.advance(60); // three rounds of 20 ms on two slots
    const bodies = (await Promise.all(answers)).map(
      ({ text }) => JSON.parse(text) as { replica: string; queuedMs: number; servedMs: number },
    );
    assert.deepEqual(
      bodies.map(({ queuedMs }) => queuedMs).sort((a, b) => a - b),
      [0, 0, 20, 20, 40],
    );
    assert.deepEqual(new Set(bodies.map(({ servedMs }) => servedMs)), new Set([20]));
    assert.deepEqual(new Set(bodies.map(({ replica }) => replica)), new Set(["demo-test"]));

    const metrics = (await get("/metrics")).text;
    assert.match(metrics, /^http_requests_total\{code="200"\} 5$/m);
    assert.match(metrics, /^http_requests_total\{code="503"\} 1$/m);
    assert.match(metrics, /^http_request_duration_seconds_count 6$/m);
    assert.match(metrics, /^demo_requests_in_flight 0$/m);
    assert.match(metrics, /^process_resident_memory_bytes \d+/m);
  });

  it("frees the place of a client that went away", async () => {
    const abort = new AbortController();
    const request = pool.request({ path: "/?tokens=1000", method: "GET", signal: abort.signal });
    await until(async () => (await inFlight()) === 1);
    abort.abort();
    await assert.rejects(request);
    await until(async () => (await inFlight()) === 0);
    assert.match((await get("/metrics")).text, /^http_requests_total\{code="499"\} 1$/m);
  });

  it("answers probes and says what is wrong with a bad request", async () => {
    assert.equal((await get("/healthz")).status, 200);
    assert.equal((await get("/readyz")).status, 200);
    assert.equal((await get("/nowhere")).status, 404);
    assert.equal((await get("//")).status, 400);
    for (const bad of ["", "-1", "1.5", "x", "10001"]) {
      const answer = await get(`/?tokens=${bad}`);
      assert.equal(answer.status, 422, bad);
      assert.match(answer.text, /tokens must be a whole number from 0 to 10000/);
    }
    const { statusCode, body } = await pool.request({ path: "/", method: "POST" });
    assert.equal(statusCode, 405);
    await body.dump();
  });

  it("names the port that is taken", async () => {
    const port = Number(new URL(url).port);
    await assert.rejects(
      new DemoService({ ...SMALL, port }, clock).listen(),
      (error) => error instanceof MnoError && error.code === "MNO_PORT_IN_USE" && error.message.includes(String(port)),
    );
  });

  it("lets a connection carry 50 requests and no more", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const connections: (string | undefined)[] = [];
    for (let count = 0; count < 50; count += 1) {
      const request = httpRequest(`${url}/healthz`, { agent }).end();
      const [response] = (await once(request, "response")) as [IncomingMessage];
      response.resume();
      await once(response, "end");
      connections.push(response.headers.connection);
    }
    agent.destroy();
    assert.deepEqual(new Set(connections.slice(0, -1)), new Set(["keep-alive"]));
    assert.equal(connections.at(-1), "close");
  });
});

describe("demo service: configuration", () => {
  it("has defaults for everything but the port", () => {
    assert.deepEqual(readDemoConfiguration({ PORT: "8080" }, 7), {
      host: "127.0.0.1",
      port: 8080,
      replica: "demo-7",
      slots: 4,
      queue: 512,
      baseMs: 5,
      msPerToken: 1,
    });
  });

  it("reports every fault at once", () => {
    assert.throws(
      () => readDemoConfiguration({ DEMO_SLOTS: "0", DEMO_BASE_MS: "fast", DEMO_QUEUE: "1.5" }, 7),
      (error) => {
        assert(error instanceof MnoError);
        assert.equal(error.code, "MNO_CONFIG_INVALID");
        assert.deepEqual(
          error.faults.map(({ field }) => field),
          ["PORT", "DEMO_SLOTS", "DEMO_QUEUE", "DEMO_BASE_MS"],
        );
        return true;
      },
    );
  });
});

describe("demo service: drain", () => {
  it("answers what is in flight and what open connections still send, and ends", async () => {
    const clock = new ManualClock();
    const service = new DemoService(SMALL, clock);
    const port = await service.listen();
    const pool = new Pool(`http://127.0.0.1:${String(port)}`, { connections: 1 });
    const first = await pool.request({ path: "/healthz", method: "GET" }); // leaves an idle connection behind
    await first.body.dump();

    const drained = service.drain();
    const late = await pool.request({ path: "/readyz", method: "GET" });
    assert.equal(late.statusCode, 503);
    assert.equal(late.headers.connection, "close");
    await late.body.dump();
    await drained;
    await assert.rejects(pool.request({ path: "/healthz", method: "GET" }), { code: "ECONNREFUSED" });
    await pool.destroy();
  });
});
