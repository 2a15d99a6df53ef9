import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import https from "node:https";
import net from "node:net";
import WebSocket, { WebSocketServer } from "ws";
import { call, Cleanup, closedPort, counting, listenOn, raw, startBackend, startProxy } from "../../support/balancer";
import { makeServerCertificate } from "../../support/server-certificate";

interface Answer {
  status: number;
  headers: http2.IncomingHttpHeaders;
  trailers: http2.IncomingHttpHeaders;
  body: string;
}

function call2(
  session: http2.ClientHttp2Session,
  headers: http2.OutgoingHttpHeaders,
  body?: string,
  trailers?: Record<string, string>,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const stream = session.request(headers, { endStream: body === undefined, waitForTrailers: trailers !== undefined });
    let head: http2.IncomingHttpHeaders = {};
    let tail: http2.IncomingHttpHeaders = {};
    let text = "";
    stream.on("response", (each) => (head = each));
    stream.on("trailers", (each) => (tail = each));
    stream.on("wantTrailers", () => stream.sendTrailers(trailers ?? {}));
    stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
    stream.on("error", reject);
    stream.on("end", () =>
      resolve({ status: Number(head[":status"] ?? 0), headers: head, trailers: tail, body: text }),
    );
    if (body !== undefined) stream.end(body);
  });
}

describe("global load balancer: protocols", () => {
  const cleanup = new Cleanup();
  afterEach(() => cleanup.run());

  const connect = async (port: number): Promise<http2.ClientHttp2Session> => {
    const session = http2.connect(`http://127.0.0.1:${String(port)}`);
    cleanup.add(session, (each) => each.destroy());
    session.on("error", () => undefined);
    await once(session, "connect");
    return session;
  };

  const startHttp2 = async (handle: (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => void) => {
    const server = http2.createServer();
    const sessions = new Set<http2.ServerHttp2Session>();
    server.on("session", (session) => sessions.add(session));
    server.on("stream", handle);
    const port = await listenOn(server);
    cleanup.add(server, (each) => {
      for (const session of sessions) session.destroy();
      each.close();
    });
    return `127.0.0.1:${String(port)}`;
  };

  describe("HTTP/2", () => {
    it("from the client, HTTP/1.1 to the endpoint, on the port that speaks both", async () => {
      const backend = await startBackend(cleanup, (request, response) => {
        response.setHeader("set-cookie", ["a=1", "b=2"]);
        request.toArray().then((chunks) => {
          response.end(
            JSON.stringify({ headers: request.headers, body: Buffer.concat(chunks as Buffer[]).toString() }),
          );
        }, assert.fail);
      });
      const proxy = await startProxy(cleanup, { endpoints: [{ id: "a", address: backend.address }] });
      const session = await connect(proxy.port);
      const answers = await Promise.all([
        call2(session, { ":path": "/1", ":authority": "shop.example", cookie: ["x=1", "y=2"] }),
        call2(session, { ":path": "/2", ":method": "POST", ":authority": "shop.example" }, "hello"),
      ]);
      const seen = answers.map(({ body }) => JSON.parse(body) as { headers: Record<string, string>; body: string });
      assert.deepEqual(
        answers.map(({ status }) => status),
        [200, 200],
      );
      assert.equal(seen[0]?.headers.host, "shop.example");
      assert.equal(seen[0]?.headers.cookie, "x=1; y=2");
      assert.equal(seen[0]?.headers["x-forwarded-for"], "127.0.0.1");
      assert.equal(seen[1]?.body, "hello");
      assert.deepEqual(answers[0]?.headers["set-cookie"], ["a=1", "b=2"]);
      assert.equal((await call(proxy.port)).status, 200);
    });

    it("on both sides, with trailers both ways, as gRPC needs them", async () => {
      const address = await startHttp2((stream, headers) => {
        let body = "";
        let trailers: http2.IncomingHttpHeaders = {};
        stream.on("trailers", (each) => (trailers = each));
        stream.on("data", (chunk: Buffer) => (body += chunk.toString()));
        stream.on("end", () => {
          stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
          stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0", "x-te": headers.te ?? "" }));
          stream.end(`${body} ${String(trailers["x-sum"])}`);
        });
      });
      const proxy = await startProxy(cleanup, { endpoints: [{ id: "a", address }], protocol: "http2" });
      const session = await connect(proxy.port);
      const headers = { ":method": "POST", ":path": "/pkg.Service/Call", te: "trailers" };
      const { body, trailers } = await call2(session, headers, "message", { "x-sum": "7" });
      assert.equal(body, "message 7");
      assert.deepEqual([trailers["grpc-status"], trailers["x-te"]], ["0", "trailers"]);
    });

    it("to the endpoint, HTTP/1.1 from the client; what an endpoint refused is tried elsewhere", async () => {
      let refused = 0;
      const refusing = await startHttp2((stream) => {
        refused += 1;
        stream.on("error", () => undefined);
        stream.close(http2.constants.NGHTTP2_REFUSED_STREAM);
      });
      const good = await startHttp2((stream, headers) => {
        stream.respond({ ":status": 200, "x-method": headers[":method"] });
        stream.pipe(stream);
      });
      const proxy = await startProxy(cleanup, {
        endpoints: [
          { id: "refusing", address: refusing },
          { id: "good", address: good },
        ],
        protocol: "http2",
        policy: { name: "round-robin" },
      });
      for (let index = 0; index < 4; index += 1) {
        const { status, body, headers } = await call(proxy.port, { method: "POST", body: "kept" });
        assert.deepEqual([status, body, headers["x-method"]], [200, "kept", "POST"]);
      }
      assert.ok(refused > 0);
    });

    it("tries elsewhere where no session can be had, and answers 502 where there is no other", async () => {
      const dead = `127.0.0.1:${String(await closedPort())}`;
      const good = await startHttp2((stream) => {
        stream.respond({ ":status": 200 });
        stream.end("ok");
      });
      const endpoints = [
        { id: "dead", address: dead },
        { id: "good", address: good },
      ];
      const proxy = await startProxy(cleanup, { endpoints, protocol: "http2", policy: { name: "round-robin" } });
      for (let index = 0; index < 4; index += 1)
        assert.equal((await call(proxy.port, { method: "POST", body: "x" })).body, "ok");
      proxy.apply({ name: "web", endpoints: endpoints.slice(0, 1), protocol: "http2" });
      assert.equal((await call(proxy.port)).status, 502);
    });

    it("headers of a request that are named like what every object has reach the endpoint as they are", async () => {
      const address = await startHttp2((stream, headers) => {
        stream.respond();
        stream.end(JSON.stringify(Object.entries(headers)));
      });
      const proxy = await startProxy(cleanup, { endpoints: [{ id: "a", address }], protocol: "http2" });
      const names = ["constructor", "__proto__", "tostring"];
      const lines = names.map((name) => `${name}: of-${name}`).join("\r\n");
      const answer = await raw(proxy.port, `GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${lines}\r\n\r\n`);
      assert.match(answer, /^HTTP\/1\.1 200 /);
      const seen = new Map(JSON.parse(/\[\[.*\]\]/.exec(answer)?.[0] ?? "[]") as [string, string][]);
      for (const name of names) assert.equal(seen.get(name), `of-${name}`);
    });

    it("trailers of a request that HTTP/2 knows no place for are left out, and harm nobody", async () => {
      const address = await startHttp2((stream) => {
        let trailers: http2.IncomingHttpHeaders = {};
        stream.on("trailers", (each) => (trailers = each));
        stream.on("error", () => undefined);
        stream.resume();
        stream.on("end", () => {
          stream.respond();
          stream.end(JSON.stringify({ ...trailers }));
        });
      });
      const proxy = await startProxy(cleanup, { endpoints: [{ id: "a", address }], protocol: "http2" });
      const refused = ["Host: x", "Keep-Alive: x", "Connection: x", "TE: x", "HTTP2-Settings: x", "Upgrade: x"];
      const kept = ["X-Sum: 7", "ETag: a", "ETag: b", "X-Many: 1", "X-Many: 2", "Constructor: c"];
      for (const trailers of [...refused.map((each) => [each, ...kept]), [...refused, ...kept]]) {
        const head = "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
        const answer = await raw(proxy.port, `${head}2\r\nhi\r\n0\r\n${trailers.join("\r\n")}\r\n\r\n`);
        assert.match(answer, /^HTTP\/1\.1 200 /);
        const seen = JSON.parse(/\{.*\}/.exec(answer)?.[0] ?? "") as Record<string, string>;
        assert.deepEqual(seen, { "x-sum": "7", etag: "a", "x-many": "1, 2", constructor: "c" });
      }
    });

    it("to the client, what an HTTP/1.1 endpoint says twice is said once; lists stay whole", async () => {
      const head = [
        "Content-Type: text/plain",
        "content-type: text/html",
        "X-Content-Type-Options: nosniff",
        "X-Content-Type-Options: nosniff",
        "Content-Language: de",
        "Content-Language: fr",
        "Vary: a",
        "Vary: b",
      ];
      const tail = ["ETag: a", "ETag: b", "Host: x", "Keep-Alive: x", "X-Sum: 7"];
      const backend = await startBackend(cleanup, (_request, response) => {
        const text = ["HTTP/1.1 200 OK", ...head, "Transfer-Encoding: chunked", "", "2", "ok", "0", ...tail, "", ""];
        response.socket?.end(text.join("\r\n"));
      });
      const proxy = await startProxy(cleanup, { endpoints: [{ id: "a", address: backend.address }] });
      const { status, headers, trailers, body } = await call2(await connect(proxy.port), { ":path": "/" });
      assert.deepEqual([status, body], [200, "ok"]);
      assert.equal(headers["content-type"], "text/plain");
      assert.equal(headers["x-content-type-options"], "nosniff");
      assert.equal(headers["content-language"], "de, fr");
      assert.equal(headers.vary, "a, b");
      assert.deepEqual(Object.fromEntries(Object.entries(trailers)), { etag: "a", "x-sum": "7" });
    });

    it("to the client, what an HTTP/2 endpoint says twice is said once", async () => {
      const head: Record<string, string[]> = { "content-type": ["text/plain", "text/html"] };
      const tail: Record<string, string[]> = { etag: ["a", "b"] };
      const server = http2.createServer({ strictSingleValueFields: false });
      const sessions = new Set<http2.ServerHttp2Session>();
      server.on("session", (session) => sessions.add(session));
      server.on("stream", (stream) => {
        stream.respond(head, { waitForTrailers: true });
        stream.on("wantTrailers", () => stream.sendTrailers(tail));
        stream.end("ok");
      });
      const address = `127.0.0.1:${String(await listenOn(server))}`;
      cleanup.add(server, (each) => {
        for (const session of sessions) session.destroy();
        each.close();
      });
      const proxy = await startProxy(cleanup, { endpoints: [{ id: "a", address }], protocol: "http2" });
      const { status, headers, trailers } = await call2(await connect(proxy.port), { ":path": "/" });
      assert.deepEqual([status, headers["content-type"], trailers.etag], [200, "text/plain", "a"]);
    });

    it("a head that HTTP/2 cannot say is the endpoint's failure: the client hears 502, and nothing stays under way", async () => {
      const backend = await startBackend(cleanup, (_request, response) => {
        response.socket?.end("HTTP/1.1 999 No\r\nX-A: b\r\nContent-Length: 2\r\n\r\nno");
      });
      const proxy = await startProxy(cleanup, { endpoints: [{ id: "a", address: backend.address }] });
      const { status, headers, body } = await call2(await connect(proxy.port), { ":path": "/" });
      assert.deepEqual([status, headers["x-a"]], [502, undefined]);
      assert.equal((JSON.parse(body) as { code: string }).code, "MNO_UPSTREAM_FAILED");
      assert.equal(proxy.backend("web")?.upstream.inFlight, 0);
    });

    it("reads from a stream no faster than the client does, and resets it when the client goes", async () => {
      let written = 0;
      let reset!: (code: number) => void;
      const closed = new Promise<number>((resolve) => (reset = resolve));
      const chunk = Buffer.alloc(65_536, "x");
      const address = await startHttp2((stream) => {
        stream.respond({ ":status": 200 });
        stream.on("close", () => reset(stream.rstCode));
        stream.on("error", () => undefined);
        const more = (): void => {
          while (written < 256 * 1024 * 1024) {
            written += chunk.length;
            if (!stream.write(chunk)) return void stream.once("drain", more);
          }
        };
        more();
      });
      const proxy = await startProxy(cleanup, { endpoints: [{ id: "a", address }], protocol: "http2" });
      const session = await connect(proxy.port);
      const stream = session.request({ ":path": "/" });
      stream.on("error", () => undefined);
      await once(stream, "response");
      stream.pause();
      let before = -1;
      while (written !== before) {
        before = written;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      assert.ok(written < 32 * 1024 * 1024, `${String(written)} bytes were read ahead`);
      stream.close(http2.constants.NGHTTP2_CANCEL);
      assert.equal(await closed, http2.constants.NGHTTP2_CANCEL);
    });
  });

  describe("WebSocket", () => {
    const startEcho = async () => {
      const server = http.createServer((_request, response) => response.writeHead(426).end("upgrade"));
      const sockets = new WebSocketServer({ server });
      sockets.on("connection", (socket, request) => {
        socket.send(JSON.stringify(request.headers));
        socket.on("message", (data, binary) => socket.send(data, { binary }));
      });
      const port = await listenOn(server);
      cleanup.add(server, (each) => {
        for (const client of sockets.clients) client.terminate();
        each.close();
      });
      return `127.0.0.1:${String(port)}`;
    };

    it("goes through, counts as under way until it ends, and survives a dead endpoint", async () => {
      const dead = `127.0.0.1:${String(await closedPort())}`;
      const address = await startEcho();
      const proxy = await startProxy(cleanup, {
        endpoints: [
          { id: "dead", address: dead },
          { id: "echo", address },
        ],
        policy: { name: "round-robin" },
      });
      const upstream = proxy.backend("web")?.upstream;
      for (let round = 0; round < 2; round += 1) {
        const socket = new WebSocket(`ws://127.0.0.1:${String(proxy.port)}/chat`);
        const messages: Buffer[] = [];
        socket.on("message", (data: Buffer) => messages.push(data));
        await once(socket, "message");
        const headers = JSON.parse(messages[0]?.toString() ?? "") as Record<string, string>;
        assert.equal(headers["x-forwarded-for"], "127.0.0.1");
        assert.equal(upstream?.inFlight, 1);
        const large = Buffer.alloc(300_000, round);
        socket.send(large);
        await once(socket, "message");
        assert.deepEqual(messages[1], large);
        socket.close();
        await once(socket, "close");
        while (upstream.inFlight > 0) await new Promise((resolve) => setTimeout(resolve, 2));
      }
    });

    it("costs nothing of the budget for retries where no endpoint is left to try", async () => {
      const echo = { id: "echo", address: await startEcho() };
      const dead = { id: "dead", address: `127.0.0.1:${String(await closedPort())}` };
      const settings = {
        retry: { attempts: 1, budgetPercent: 0, minimumPerSecond: 0.1 },
        limits: { requestsPerEndpoint: 1 },
        outlier: { consecutiveGatewayFailures: 1 },
      };
      const { observer, extras } = counting();
      const proxy = await startProxy(cleanup, { endpoints: [echo], ...settings }, { observer });
      const open = (): WebSocket => {
        const socket = new WebSocket(`ws://127.0.0.1:${String(proxy.port)}/`);
        socket.on("error", () => undefined);
        return socket;
      };
      const taken = cleanup.add(open(), (each) => each.terminate());
      await once(taken, "message");
      proxy.apply({ name: "web", endpoints: [echo, dead], ...settings });
      // The one that does not answer is ejected, and the other one is taken.
      const [, refused] = (await once(open(), "unexpected-response")) as [unknown, http.IncomingMessage];
      assert.equal(refused.statusCode, 503);
      assert.deepEqual(extras, {});
      const share = { percent: 0, minimumPerSecond: 0.1 };
      assert.equal(proxy.backend("web")?.upstream.retryBudget.withdraw(performance.now(), share), true);
    });

    it("is refused by the endpoint's own answer, or by a problem document where there is no endpoint", async () => {
      const backend = await startBackend(cleanup, (_request, response) =>
        response.writeHead(403, { "x-why": "no" }).end("never"),
      );
      const proxy = await startProxy(cleanup, { endpoints: [{ id: "a", address: backend.address }] });
      const refused = async (): Promise<http.IncomingMessage> => {
        const socket = new WebSocket(`ws://127.0.0.1:${String(proxy.port)}/`);
        socket.on("error", () => undefined);
        const [, response] = (await once(socket, "unexpected-response")) as [unknown, http.IncomingMessage];
        return response;
      };
      const first = await refused();
      assert.deepEqual([first.statusCode, first.headers["x-why"]], [403, "no"]);
      assert.equal((await first.toArray()).join(""), "never");
      proxy.apply({ name: "web", endpoints: [] });
      const second = await refused();
      assert.equal(second.statusCode, 503);
      assert.equal((JSON.parse((await second.toArray()).join("")) as { code: string }).code, "MNO_NO_ENDPOINT");
      assert.equal(proxy.backend("web")?.upstream.inFlight, 0);
    });

    it("ends at the endpoint when the client vanishes", async () => {
      const address = await startEcho();
      const proxy = await startProxy(cleanup, { endpoints: [{ id: "echo", address }] });
      const socket = new WebSocket(`ws://127.0.0.1:${String(proxy.port)}/`);
      socket.on("error", () => undefined);
      await once(socket, "message");
      socket.terminate();
      const upstream = proxy.backend("web")?.upstream;
      while ((upstream?.inFlight ?? 0) > 0) await new Promise((resolve) => setTimeout(resolve, 2));
      assert.equal(upstream?.members.get("echo")?.inFlight, 0);
    });
  });

  describe("other upgrades", () => {
    it("are declined: the request goes on as an ordinary one, with its body", async () => {
      const backend = await startBackend(cleanup, (request, response) => {
        request.toArray().then((chunks) => {
          response.end(`${String(request.headers.upgrade)} ${Buffer.concat(chunks as Buffer[]).toString()}`);
        }, assert.fail);
      });
      backend.server.on("upgrade", (_request, socket) => socket.end("HTTP/1.1 101 Switching Protocols\r\n\r\n"));
      const endpoints = [{ id: "a", address: backend.address }];
      const { key, certificate } = makeServerCertificate();
      const plain = await startProxy(cleanup, { endpoints });
      const secure = await startProxy(cleanup, { endpoints }, { tls: { key, certificate } });
      const ways = [
        { ...http, port: plain.port },
        { ...https, port: secure.port },
      ];
      const upgrades = ["h2c", "TLS/1.0", "websocket, h2c", "websocket"];
      for (const { request, port } of ways) {
        for (const upgrade of upgrades) {
          const outgoing = request({
            port,
            method: "POST",
            agent: false,
            rejectUnauthorized: false,
            headers: {
              connection: "Upgrade, HTTP2-Settings",
              upgrade,
              "http2-settings": "AAMAAABkAAQ",
              "content-length": 5,
            },
          });
          outgoing.end("hello");
          const [response] = (await once(outgoing, "response")) as [http.IncomingMessage];
          assert.deepEqual(
            [response.statusCode, (await response.toArray()).join("")],
            [200, "undefined hello"],
            upgrade,
          );
        }
      }
    });
  });

  it("a preface that comes byte by byte is still HTTP/2, and a client that says nothing costs nothing else", async () => {
    const backend = await startBackend(cleanup, (_request, response) => void response.end("ok"));
    const proxy = await startProxy(cleanup, { endpoints: [{ id: "a", address: backend.address }] });
    const silent = cleanup.add(net.connect(proxy.port, "127.0.0.1"), (each) => void each.destroy());
    await once(silent, "connect");
    const socket = net.connect(proxy.port, "127.0.0.1");
    cleanup.add(socket, (each) => void each.destroy());
    socket.setNoDelay(true);
    const preface = Buffer.concat([
      Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
      Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
    ]);
    for (const byte of preface) {
      socket.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const [frame] = (await once(socket, "data")) as [Buffer];
    assert.equal(frame[3], 4, "the server's SETTINGS come first");
  });
});
