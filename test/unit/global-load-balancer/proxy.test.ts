import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import {
  call,
  Cleanup,
  closedPort,
  counting,
  type Handler,
  listenOn,
  startBackend,
  startProxy,
} from "../../support/balancer";
import { UnsendableRequest } from "../../../runtime/kernel/proxy/transport/transport";

const echo: Handler = (request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const { method, url, headers } = request;
    response.end(JSON.stringify({ method, url, headers, body: Buffer.concat(chunks).toString() }));
  });
};

interface Echo {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string;
}

const endpoint = (id: string, address: string) => ({ id, address });

describe("global load balancer: proxy", () => {
  const cleanup = new Cleanup();
  afterEach(() => cleanup.run());

  describe("HTTP/1.1", () => {
    it("passes method, target, headers and body on, and the answer back", async () => {
      const backend = await startBackend(cleanup, (request, response) => {
        response.setHeader("x-answer", ["a", "b"]);
        response.setHeader("set-cookie", ["one=1", "two=2"]);
        response.statusCode = 201;
        echo(request, response);
      });
      const proxy = await startProxy(cleanup, { endpoints: [endpoint("a", backend.address)] });
      const { status, headers, body } = await call(proxy.port, {
        method: "POST",
        path: "/a/b?c=%20d",
        headers: { "x-ask": "ä", traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" },
        body: Buffer.from("hello"), // a string would make Node write the headers as UTF-8
      });
      const seen = JSON.parse(body) as Echo;
      assert.equal(status, 201);
      assert.deepEqual([seen.method, seen.url, seen.body], ["POST", "/a/b?c=%20d", "hello"]);
      assert.equal(seen.headers["x-ask"], "ä");
      assert.equal(seen.headers.traceparent, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
      assert.equal(headers["x-answer"], "a, b");
      assert.deepEqual(headers["set-cookie"], ["one=1", "two=2"]);
    });

    it("removes what belongs to one hop, in both directions", async () => {
      const backend = await startBackend(cleanup, (request, response) => {
        response.setHeader("connection", "x-secret, keep-alive");
        response.setHeader("x-secret", "of the hop");
        response.setHeader("endpoint-load-metrics", "TEXT named_metrics.in_flight=1");
        echo(request, response);
      });
      const proxy = await startProxy(cleanup, { endpoints: [endpoint("a", backend.address)] });
      const { headers, body } = await call(proxy.port, {
        headers: { connection: "close, x-private", "x-private": "1", te: "trailers", "proxy-authorization": "Basic x" },
      });
      const seen = JSON.parse(body) as Echo;
      for (const name of ["x-private", "te", "proxy-authorization"]) assert.equal(seen.headers[name], undefined, name);
      assert.equal(headers["x-secret"], undefined);
      assert.equal(headers["endpoint-load-metrics"], undefined);
    });

    it("says who asked, and believes peers only that it was told to trust", async () => {
      const backend = await startBackend(cleanup, echo);
      const endpoints = [endpoint("a", backend.address)];
      const claims = {
        "x-forwarded-for": "6.6.6.6",
        forwarded: "for=6.6.6.6",
        "x-forwarded-proto": "https",
        host: "shop.example",
      };
      const wary = await startProxy(cleanup, { endpoints });
      const trusting = await startProxy(cleanup, { endpoints }, { trustedProxies: ["127.0.0.0/8"] });
      const first = JSON.parse((await call(wary.port, { headers: claims })).body) as Echo;
      assert.equal(first.headers["x-forwarded-for"], "127.0.0.1");
      assert.equal(first.headers["x-forwarded-proto"], "http");
      assert.equal(first.headers["x-forwarded-host"], "shop.example");
      assert.equal(first.headers.forwarded, 'for=127.0.0.1;host="shop.example";proto=http');
      const second = JSON.parse((await call(trusting.port, { headers: claims })).body) as Echo;
      assert.equal(second.headers["x-forwarded-for"], "6.6.6.6, 127.0.0.1");
      assert.equal(second.headers["x-forwarded-proto"], "https");
      assert.match(second.headers.forwarded ?? "", /^for=6\.6\.6\.6, for=127\.0\.0\.1;/);
      assert.match(first.headers["x-request-id"] ?? "", /^[0-9a-f-]{36}$/);
    });

    it("passes a request's body on while it comes, and trailers of the answer", async () => {
      const backend = await startBackend(cleanup, (request, response) => {
        response.writeHead(200, { trailer: "x-sum" });
        request.on("data", (chunk: Buffer) => response.write(chunk));
        request.on("end", () => {
          response.addTrailers({ "x-sum": "42" });
          response.end();
        });
      });
      const proxy = await startProxy(cleanup, { endpoints: [endpoint("a", backend.address)] });
      const request = http.request({ port: proxy.port, method: "POST", agent: false });
      request.write("one");
      const [response] = (await once(request, "response")) as [http.IncomingMessage];
      const [first] = (await once(response, "data")) as [Buffer];
      assert.equal(first.toString(), "one"); // before the request has ended
      request.end("two");
      let rest = "";
      for await (const chunk of response) rest += String(chunk);
      assert.equal(rest, "two");
      assert.equal(response.trailers["x-sum"], "42");
    });

    it("sends the head of an answer at once, its body may come later", async () => {
      let finish!: () => void;
      const backend = await startBackend(cleanup, (_request, response) => {
        response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
        finish = () => response.end("data: 1\n\n");
      });
      const proxy = await startProxy(cleanup, { endpoints: [endpoint("a", backend.address)] });
      const request = http.get({ port: proxy.port, agent: false });
      const [response] = (await once(request, "response")) as [http.IncomingMessage];
      finish();
      assert.equal((await response.toArray()).join(""), "data: 1\n\n");
    });

    it("reads from an endpoint no faster than the client does", async () => {
      const chunk = Buffer.alloc(65_536, "x");
      const total = 64 * 1024 * 1024;
      let written = 0;
      const backend = await startBackend(cleanup, (_request, response) => {
        const more = (): void => {
          while (written < total) {
            written += chunk.length;
            if (!response.write(chunk)) return void response.once("drain", more);
          }
          response.end();
        };
        more();
      });
      const proxy = await startProxy(cleanup, { endpoints: [endpoint("a", backend.address)] });
      const request = http.get({ port: proxy.port, agent: false });
      const [response] = (await once(request, "response")) as [http.IncomingMessage];
      response.pause();
      let before = -1;
      while (written !== before) {
        before = written;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      // What is on the way fills the sockets' buffers, and nothing else.
      assert.ok(written < total / 2, `${String(written)} bytes were read ahead`);
      let received = 0;
      response.on("data", (part: Buffer) => (received += part.length)).resume();
      await once(response, "end");
      assert.equal(received, total);
    });

    it("reads from a client no faster than the endpoint does", async () => {
      const backend = await startBackend(cleanup, (request) => void request.pause());
      const proxy = await startProxy(cleanup, { endpoints: [endpoint("a", backend.address)] });
      const request = http.request({ port: proxy.port, method: "PUT", agent: false });
      request.on("error", () => undefined);
      const chunk = Buffer.alloc(65_536, "x");
      let written = 0;
      while (written < 64 * 1024 * 1024) {
        written += chunk.length;
        if (request.write(chunk)) continue;
        const drained = once(request, "drain").then(() => true);
        if (!(await Promise.race([drained, new Promise((resolve) => setTimeout(resolve, 200, false))]))) break;
      }
      assert.ok(written < 32 * 1024 * 1024, `${String(written)} bytes were read ahead`);
      request.destroy();
    });

    it("gives an endpoint up when the client goes", async () => {
      let gone!: () => void;
      const noticed = new Promise<void>((resolve) => (gone = resolve));
      const backend = await startBackend(cleanup, (_request, response) => {
        response.on("close", gone);
        request.destroy();
      });
      const { observer, endings } = counting();
      const proxy = await startProxy(cleanup, { endpoints: [endpoint("a", backend.address)] }, { observer });
      const request = http.get({ port: proxy.port, agent: false });
      request.on("error", () => undefined);
      await noticed;
      assert.deepEqual(endings, { "client-gone": 1 });
      assert.equal(proxy.backend("web")?.upstream.inFlight, 0);
    });

    it("gives an endpoint up when the client takes nothing for too long", async () => {
      let gone!: () => void;
      const noticed = new Promise<void>((resolve) => (gone = resolve));
      const backend = await startBackend(cleanup, (_request, response) => {
        response.on("close", gone);
        response.end(Buffer.alloc(32 * 1024 * 1024));
      });
      const endpoints = [endpoint("a", backend.address)];
      const proxy = await startProxy(cleanup, { endpoints, timeouts: { idleSeconds: 0.1 } });
      const socket = net.connect(proxy.port, "127.0.0.1");
      socket.on("error", () => undefined).pause();
      socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      await noticed;
      assert.equal(proxy.backend("web")?.upstream.inFlight, 0);
      socket.destroy();
    });

    it("breaks the client's connection where an answer broke off, so that nobody takes it for whole", async () => {
      const backend = await startBackend(cleanup, (_request, response) => {
        response.writeHead(200, { "content-length": 100 });
        response.write("half");
        setImmediate(() => response.destroy());
      });
      const proxy = await startProxy(cleanup, { endpoints: [endpoint("a", backend.address)] });
      await assert.rejects(call(proxy.port), /aborted|socket hang up/);
    });

    it("answers HEAD, 204 and 304 without a body, and goes on on the same connection", async () => {
      const backend = await startBackend(cleanup, (request, response) => {
        if (request.method === "HEAD") response.writeHead(200, { "content-length": 1234 }).end();
        else response.writeHead(request.url === "/204" ? 204 : 304).end();
      });
      const proxy = await startProxy(cleanup, { endpoints: [endpoint("a", backend.address)] });
      const agent = cleanup.add(new http.Agent({ keepAlive: true, maxSockets: 1 }), (each) => each.destroy());
      const head = await call(proxy.port, { method: "HEAD", agent });
      assert.deepEqual([head.status, head.headers["content-length"], head.body], [200, "1234", ""]);
      assert.equal((await call(proxy.port, { path: "/204", agent })).status, 204);
      assert.equal((await call(proxy.port, { path: "/304", agent })).status, 304);
    });

    it("gives an upload its time, as long as it goes on; the deadline counts from its end", async () => {
      const backend = await startBackend(cleanup, echo);
      const endpoints = [endpoint("a", backend.address)];
      const timeouts = { requestSeconds: 0.1, idleSeconds: 0.15 };
      const proxy = await startProxy(cleanup, { endpoints, timeouts });
      const request = http.request({ port: proxy.port, method: "POST", agent: false });
      for (let part = 0; part < 5; part += 1) {
        request.write("x");
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      request.end();
      const [response] = (await once(request, "response")) as [http.IncomingMessage];
      assert.equal(response.statusCode, 200);
      assert.equal((JSON.parse((await response.toArray()).join("")) as Echo).body, "xxxxx");
      const stalled = http.request({ port: proxy.port, method: "POST", agent: false });
      stalled.write("x");
      const [late] = (await once(stalled, "response")) as [http.IncomingMessage];
      assert.equal(late.statusCode, 504);
      stalled.destroy();
    });

    it("answers 502 where no endpoint can be reached, and 504 where none answers in time", async () => {
      const dead = `127.0.0.1:${String(await closedPort())}`;
      const silent = await startBackend(cleanup, () => undefined);
      const proxy = await startProxy(cleanup, { endpoints: [endpoint("a", dead)] });
      proxy.apply({
        name: "slow",
        match: [{ pathPrefix: "/slow" }],
        endpoints: [endpoint("a", silent.address)],
        timeouts: { requestSeconds: 0.05 },
      });
      const refused = await call(proxy.port);
      assert.equal(refused.status, 502);
      assert.equal((JSON.parse(refused.body) as { code: string }).code, "MNO_UPSTREAM_FAILED");
      const late = await call(proxy.port, { path: "/slow" });
      assert.equal((JSON.parse(late.body) as { code: string }).code, "MNO_UPSTREAM_TIMEOUT");
      proxy.remove("web");
      const unknown = await call(proxy.port, { path: "/other" });
      assert.equal((JSON.parse(unknown.body) as { code: string }).code, "MNO_ROUTE_NOT_FOUND");
    });
  });

  describe("tries", () => {
    const failing: Handler = (request) => request.socket.destroy();

    it("again at another endpoint where the request is idempotent", async () => {
      const bad = await startBackend(cleanup, failing);
      const good = await startBackend(cleanup, echo);
      const { observer, extras } = counting();
      const endpoints = [endpoint("bad", bad.address), endpoint("good", good.address)];
      const proxy = await startProxy(cleanup, { endpoints, policy: { name: "round-robin" } }, { observer });
      for (let index = 0; index < 4; index += 1) {
        const { status, body } = await call(proxy.port, { method: "PUT", body: "kept" });
        assert.deepEqual([status, (JSON.parse(body) as Echo).body], [200, "kept"]);
      }
      assert.equal(extras["retry sent"], bad.requests);
      assert.ok(bad.requests > 0);
    });

    it("not again where an endpoint may have acted on it", async () => {
      const bad = await startBackend(cleanup, failing);
      const proxy = await startProxy(cleanup, { endpoints: [endpoint("bad", bad.address)] });
      assert.equal((await call(proxy.port, { method: "POST", body: "once" })).status, 502);
      assert.equal(bad.requests, 1);
    });

    it("again, whatever the method, where nothing was sent", async () => {
      const dead = `127.0.0.1:${String(await closedPort())}`;
      const good = await startBackend(cleanup, echo);
      const endpoints = [endpoint("dead", dead), endpoint("good", good.address)];
      const proxy = await startProxy(cleanup, { endpoints, policy: { name: "round-robin" } });
      for (let index = 0; index < 4; index += 1) {
        assert.equal((await call(proxy.port, { method: "POST", body: "x".repeat(200_000) })).status, 200);
      }
    });

    it("not again where more of the body was sent than is kept", async () => {
      const bad = await startBackend(cleanup, (request) => {
        request.once("data", () => request.socket.destroy());
      });
      const good = await startBackend(cleanup, echo);
      const endpoints = [endpoint("bad", bad.address), endpoint("good", good.address)];
      const proxy = await startProxy(cleanup, {
        endpoints,
        policy: { name: "round-robin" },
        retry: { bufferBytes: 1000 },
      });
      const statuses: number[] = [];
      for (let index = 0; index < 2; index += 1) {
        statuses.push((await call(proxy.port, { method: "PUT", body: "x".repeat(100_000) })).status);
      }
      assert.deepEqual(statuses.sort(), [200, 502]);
    });

    it("again for the statuses that say so, reading the refused answer to its end", async () => {
      const busy = await startBackend(cleanup, (_request, response) => response.writeHead(503).end("later"));
      const good = await startBackend(cleanup, echo);
      const endpoints = [endpoint("busy", busy.address), endpoint("good", good.address)];
      const proxy = await startProxy(cleanup, { endpoints, policy: { name: "round-robin" } });
      for (let index = 0; index < 4; index += 1) assert.equal((await call(proxy.port)).status, 200);
      const connections = await new Promise((resolve) => busy.server.getConnections((_error, count) => resolve(count)));
      assert.equal(connections, 1);
    });

    it("passes the last answer on where all say so", async () => {
      const busy = await startBackend(cleanup, (_request, response) =>
        response.writeHead(503, { "x-why": "busy" }).end("later"),
      );
      const proxy = await startProxy(cleanup, { endpoints: [endpoint("busy", busy.address)], retry: { attempts: 2 } });
      const { status, headers, body } = await call(proxy.port);
      assert.deepEqual([status, headers["x-why"], body, busy.requests], [503, "busy", "later", 3]);
    });

    it("survives that a kept-alive connection is closed as it is reused", async () => {
      // Answers once on each connection and closes it at the second request, without having said that it would.
      const server = net.createServer((socket) => {
        let requests = 0;
        socket.on("error", () => undefined);
        socket.on("data", () => {
          requests += 1;
          if (requests === 1) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
          else socket.destroy();
        });
      });
      const port = await listenOn(server);
      cleanup.add(server, (each) => void each.close());
      const proxy = await startProxy(cleanup, { endpoints: [endpoint("a", `127.0.0.1:${String(port)}`)] });
      for (let index = 0; index < 10; index += 1) assert.equal((await call(proxy.port)).status, 200);
    });

    it("do not become a storm: the budget bounds what failing endpoints get", async () => {
      const bad = await startBackend(cleanup, (_request, response) => response.writeHead(503).end());
      const { observer, extras } = counting();
      const endpoints = [endpoint("bad", bad.address)];
      const retry = { attempts: 5, budgetPercent: 20, minimumPerSecond: 0 };
      const proxy = await startProxy(cleanup, { endpoints, retry, outlier: { enabled: false } }, { observer });
      for (let round = 0; round < 20; round += 1) {
        await Promise.all(Array.from({ length: 10 }, () => call(proxy.port)));
      }
      assert.ok(bad.requests >= 200 && bad.requests <= 240, `${String(bad.requests)} tries of 200 requests`);
      assert.equal(extras["retry sent"], bad.requests - 200);
      assert.ok((extras["retry over-budget"] ?? 0) > 0);
    });

    it("cost nothing of the budget where no endpoint is free to try", async () => {
      const bad = await startBackend(cleanup, (_request, response) => response.writeHead(503).end());
      const held: (() => void)[] = [];
      let holding = true;
      const good = await startBackend(cleanup, (_request, response) => {
        if (holding) held.push(() => response.end());
        else response.end();
      });
      const { observer, extras } = counting();
      const proxy = await startProxy(
        cleanup,
        {
          endpoints: [endpoint("bad", bad.address), endpoint("good", good.address)],
          retry: { attempts: 1, budgetPercent: 0, minimumPerSecond: 0.1 },
          limits: { requestsPerEndpoint: 1 },
          outlier: { enabled: false },
          policy: { name: "round-robin" },
        },
        { observer },
      );
      const both = [call(proxy.port), call(proxy.port)];
      // The only other endpoint is taken.
      assert.equal((await Promise.race(both)).status, 503);
      assert.deepEqual(extras, {});
      while (held.length === 0) await new Promise(setImmediate);
      holding = false;
      held[0]?.();
      assert.deepEqual((await Promise.all(both)).map(({ status }) => status).sort(), [200, 503]);
      for (let index = 0; index < 2; index += 1) assert.equal((await call(proxy.port)).status, 200);
      assert.deepEqual(extras, { "retry sent": 1 });
    });

    it("hedges a slow idempotent request, and gives the loser up", async () => {
      let slow = false;
      let abandoned = 0;
      const handler: Handler = (request, response) => {
        if (!slow) return void response.end("quick");
        slow = false;
        response.on("close", () => (abandoned += 1));
        if (request.method === "POST") setTimeout(() => response.end("patient"), 50);
      };
      const one = await startBackend(cleanup, handler);
      const two = await startBackend(cleanup, handler);
      const { observer, extras } = counting();
      const proxy = await startProxy(
        cleanup,
        { endpoints: [endpoint("a", one.address), endpoint("b", two.address)], hedge: { minimumDelaySeconds: 0.02 } },
        { observer },
      );
      for (let index = 0; index < 60; index += 1) await call(proxy.port);
      slow = true;
      assert.equal((await call(proxy.port)).body, "quick");
      assert.deepEqual(extras, { "hedge sent": 1 });
      slow = true;
      assert.equal((await call(proxy.port, { method: "POST" })).body, "patient");
      assert.deepEqual(extras, { "hedge sent": 1 });
      assert.ok(abandoned >= 1);
    });

    it("ends a try that takes too long, and tries elsewhere", async () => {
      const silent = await startBackend(cleanup, () => undefined);
      const good = await startBackend(cleanup, echo);
      const endpoints = [endpoint("silent", silent.address), endpoint("good", good.address)];
      const timeouts = { trySeconds: 0.05 };
      const proxy = await startProxy(cleanup, { endpoints, timeouts, policy: { name: "round-robin" } });
      for (let index = 0; index < 3; index += 1) assert.equal((await call(proxy.port)).status, 200);
      assert.ok(silent.requests > 0);
    });
  });

  describe("limits", () => {
    it("hold requests back while every endpoint has as many as it may, in their order", async () => {
      const order: string[] = [];
      const held: (() => void)[] = [];
      const backend = await startBackend(cleanup, (request, response) => {
        order.push(request.url ?? "");
        held.push(() => response.end());
        arrived();
      });
      let arrived: () => void = () => undefined;
      const proxy = await startProxy(cleanup, {
        endpoints: [endpoint("a", backend.address)],
        limits: { requestsPerEndpoint: 1, pending: 2, pendingSeconds: 5 },
      });
      const first = call(proxy.port, { path: "/1" });
      await new Promise<void>((resolve) => (arrived = resolve));
      const queue = proxy.backend("web")?.waiting;
      const later: Promise<{ status: number }>[] = [];
      for (const path of ["/2", "/3"]) {
        later.push(call(proxy.port, { path }));
        while (queue?.size !== later.length) await new Promise((resolve) => setTimeout(resolve, 2));
      }
      const refused = await call(proxy.port, { path: "/4" });
      assert.deepEqual([refused.status, refused.headers["retry-after"]], [503, "1"]);
      for (let index = 0; index < 3; index += 1) {
        const next = new Promise<void>((resolve) => (arrived = resolve));
        held[index]?.();
        if (index < 2) await next;
      }
      assert.deepEqual(
        (await Promise.all([first, ...later])).map(({ status }) => status),
        [200, 200, 200],
      );
      assert.deepEqual(order, ["/1", "/2", "/3"]);
    });

    it("a request that waited and cannot be sent at all is refused once, and the next takes its turn", async () => {
      let release!: () => void;
      const { observer, endings } = counting();
      const backend = await startBackend(cleanup, (request, response) => {
        if (request.url === "/slow") release = () => response.end("slow");
        else response.end("next");
      });
      const proxy = await startProxy(
        cleanup,
        {
          endpoints: [endpoint("a", backend.address)],
          limits: { requestsPerEndpoint: 1, pending: 5, pendingSeconds: 5 },
        },
        { observer },
      );
      const web = proxy.backend("web");
      assert.ok(web);
      const { waiting } = web;
      // What undici says at once of a request that it would not write.
      const transport = web.transport.bind(web);
      let attempts = 0;
      web.transport = (member) => ({
        send: (request, handler) => {
          if (request.path !== "/unsendable") return transport(member).send(request, handler);
          attempts += 1;
          handler.onError(new UnsendableRequest("no such thing"));
          return { abort: () => undefined, pause: () => undefined, resume: () => undefined };
        },
        destroy: () => undefined,
      });
      const waits = async (count: number): Promise<void> => {
        while (waiting.size !== count) await new Promise((resolve) => setTimeout(resolve, 2));
      };
      const slow = call(proxy.port, { path: "/slow" });
      while (backend.requests === 0) await new Promise((resolve) => setTimeout(resolve, 2));
      const unsendable = call(proxy.port, { path: "/unsendable" });
      await waits(1);
      const next = call(proxy.port);
      await waits(2);
      release();
      assert.equal((await slow).body, "slow");
      assert.equal((await unsendable).status, 400);
      assert.equal(attempts, 1);
      assert.equal((await next).body, "next");
      assert.deepEqual(endings, { answered: 2, refused: 1 });
      assert.equal(web.upstream.inFlight, 0);
    });

    it("refuse more requests than may be under way in the upstream", async () => {
      const held: (() => void)[] = [];
      const backend = await startBackend(cleanup, (_request, response) => void held.push(() => response.end()));
      const endpoints = [endpoint("a", backend.address)];
      const proxy = await startProxy(cleanup, { endpoints, limits: { requests: 2 } });
      const under = [call(proxy.port), call(proxy.port)];
      while (held.length < 2) await new Promise((resolve) => setTimeout(resolve, 2));
      const refused = await call(proxy.port);
      assert.equal((JSON.parse(refused.body) as { code: string }).code, "MNO_UPSTREAM_OVERLOADED");
      for (const finish of held) finish();
      assert.deepEqual(
        (await Promise.all(under)).map(({ status }) => status),
        [200, 200],
      );
    });

    it("refuse what waited too long, and forget a client that went", async () => {
      const backend = await startBackend(cleanup, () => undefined);
      const { observer, endings } = counting();
      const proxy = await startProxy(
        cleanup,
        { endpoints: [endpoint("a", backend.address)], limits: { requestsPerEndpoint: 1, pendingSeconds: 0.05 } },
        { observer },
      );
      const stuck = http.get({ port: proxy.port, agent: false });
      stuck.on("error", () => undefined);
      while (backend.requests === 0) await new Promise((resolve) => setTimeout(resolve, 2));
      const late = await call(proxy.port);
      assert.equal((JSON.parse(late.body) as { code: string }).code, "MNO_NO_ENDPOINT");
      const leaving = http.get({ port: proxy.port, agent: false });
      leaving.on("error", () => undefined);
      while (proxy.backend("web")?.waiting.size !== 1) await new Promise((resolve) => setTimeout(resolve, 2));
      leaving.destroy();
      while (proxy.backend("web")?.waiting.size !== 0) await new Promise((resolve) => setTimeout(resolve, 2));
      stuck.destroy();
      while ((endings["client-gone"] ?? 0) < 2) await new Promise((resolve) => setTimeout(resolve, 2));
      assert.deepEqual(endings, { refused: 1, "client-gone": 2 });
    });
  });

  it("asks endpoints for their load where the policy wants to know, beside the requests", async () => {
    let probes = 0;
    const handler: Handler = (request, response) => {
      if (request.url !== "/load") return void response.end("ok");
      probes += 1;
      response.end(JSON.stringify({ inFlight: 1, latencyMs: 2 }));
    };
    const backends = await Promise.all([startBackend(cleanup, handler), startBackend(cleanup, handler)]);
    const proxy = await startProxy(cleanup, {
      endpoints: backends.map(({ address }, index) => endpoint(`e${String(index)}`, address)),
      policy: { name: "prequal", probePath: "/load" },
    });
    for (let index = 0; index < 10; index += 1) assert.equal((await call(proxy.port)).status, 200);
    assert.ok(probes >= 10, `${String(probes)} probes`);
    assert.equal(proxy.backend("web")?.upstream.inFlight, 0);
  });

  describe("sessions", () => {
    it("stay with their endpoint by a signed cookie, as long as it may be used", async () => {
      const backends = await Promise.all(
        ["a", "b", "c"].map((id) => startBackend(cleanup, (_request, response) => response.end(id))),
      );
      const endpoints = backends.map(({ address }, index) => endpoint("abc".charAt(index), address));
      const proxy = await startProxy(cleanup, {
        endpoints,
        sticky: { cookie: "stay" },
        policy: { name: "round-robin" },
      });
      const first = await call(proxy.port);
      const cookie = first.headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
      for (let index = 0; index < 6; index += 1) {
        const again = await call(proxy.port, { headers: { cookie } });
        assert.deepEqual([again.body, again.headers["set-cookie"]], [first.body, undefined]);
      }
      const forged = cookie.replace(/=[^.]+/, `=${Buffer.from("b").toString("base64url")}`);
      const bodies = new Set<string>();
      for (let index = 0; index < 6; index += 1)
        bodies.add((await call(proxy.port, { headers: { cookie: forged } })).body);
      assert.deepEqual([...bodies].sort(), ["a", "b", "c"]);
      proxy.apply({
        name: "web",
        endpoints: endpoints.map((each) => ({ ...each, draining: each.id === first.body })),
        sticky: { cookie: "stay" },
      });
      const moved = await call(proxy.port, { headers: { cookie } });
      assert.notEqual(moved.body, first.body);
      assert.ok(moved.headers["set-cookie"]);
    });

    it("stay by what is hashed", async () => {
      const backends = await Promise.all(
        ["a", "b", "c"].map((id) => startBackend(cleanup, (_request, response) => response.end(id))),
      );
      const endpoints = backends.map(({ address }, index) => endpoint("abc".charAt(index), address));
      const proxy = await startProxy(cleanup, {
        endpoints,
        policy: { name: "rendezvous" },
        hashOn: { source: "header", name: "X-Tenant" },
      });
      const seen = new Map<string, Set<string>>();
      for (let index = 0; index < 60; index += 1) {
        const tenant = `t${String(index % 20)}`;
        const { body } = await call(proxy.port, { headers: { "x-tenant": tenant } });
        seen.set(tenant, (seen.get(tenant) ?? new Set()).add(body));
      }
      assert.ok([...seen.values()].every((each) => each.size === 1));
      assert.equal(new Set([...seen.values()].flatMap((each) => [...each])).size, 3);
    });
  });
});
