import assert from "node:assert/strict";
import { once } from "node:events";
import http2 from "node:http2";
import https from "node:https";
import WebSocket, { WebSocketServer } from "ws";
import { call, Cleanup, listenOn, startBackend, startProxy } from "../../support/balancer";
import { makeServerCertificate } from "../../support/server-certificate";

describe("global load balancer: TLS", () => {
  const cleanup = new Cleanup();
  const { key, certificate } = makeServerCertificate();
  const tls = { serverName: "localhost", certificateAuthority: certificate };
  afterEach(() => cleanup.run());

  const overTls = (port: number, path = "/"): Promise<string> =>
    new Promise((resolve, reject) => {
      https
        .get({ host: "localhost", port, path, ca: certificate, agent: false }, (response) => {
          response.toArray().then((chunks) => resolve(`${String(response.statusCode)} ${chunks.join("")}`), reject);
        })
        .on("error", reject);
    });

  it("from clients: HTTP/1.1, HTTP/2 by ALPN, and WebSocket", async () => {
    const backend = await startBackend(cleanup, (request, response) => {
      response.end(`${String(request.headers["x-forwarded-proto"])} ${String(request.url)}`);
    });
    const sockets = new WebSocketServer({ server: backend.server });
    sockets.on("connection", (socket) =>
      socket.on("message", (data: Buffer) => socket.send(`echo ${data.toString()}`)),
    );
    const proxy = await startProxy(
      cleanup,
      { endpoints: [{ id: "a", address: backend.address }] },
      { tls: { key, certificate } },
    );
    assert.equal(await overTls(proxy.port, "/one"), "200 https /one");
    const session = cleanup.add(http2.connect(`https://localhost:${String(proxy.port)}`, { ca: certificate }), (each) =>
      each.destroy(),
    );
    const stream = session.request({ ":path": "/two" });
    assert.equal((await stream.toArray()).join(""), "https /two");
    assert.equal(session.alpnProtocol, "h2");
    const connect = session.request({ ":method": "CONNECT", ":authority": "a:443" });
    const [head] = (await once(connect, "response")) as [http2.IncomingHttpHeaders];
    assert.equal(head[":status"], 405);
    const socket = new WebSocket(`wss://localhost:${String(proxy.port)}/`, { ca: certificate });
    cleanup.add(socket, (each) => each.terminate());
    await once(socket, "open");
    socket.send("hello");
    const [message] = (await once(socket, "message")) as [Buffer];
    assert.equal(message.toString(), "echo hello");
  });

  it("to endpoints: HTTP/1.1 and HTTP/2, probed as well, and only where the certificate is right", async () => {
    const secure = http2.createSecureServer({ key, cert: certificate, allowHTTP1: true }, (request, response) => {
      response.end(`over ${request.httpVersion}`);
    });
    const sessions = new Set<http2.ServerHttp2Session>();
    secure.on("session", (session) => sessions.add(session));
    const address = `127.0.0.1:${String(await listenOn(secure))}`;
    cleanup.add(secure, (each) => {
      for (const session of sessions) session.destroy();
      each.close();
    });
    const endpoints = [{ id: "a", address }];
    const health = { path: "/", intervalSeconds: 0.02 };
    const proxy = await startProxy(cleanup, { endpoints, tls, health });
    const probed = async (): Promise<void> => {
      while (proxy.backend("web")?.upstream.members.get("a")?.health.healthy === undefined) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    const headers = { host: "shop.example" };
    assert.equal((await call(proxy.port, { headers })).body, "over 1.1");
    await probed();
    assert.equal(proxy.backend("web")?.upstream.members.get("a")?.health.healthy, true);
    proxy.apply({ name: "web", endpoints, tls, health, protocol: "http2" });
    assert.equal((await call(proxy.port, { headers })).body, "over 2.0");
    await probed();
    assert.equal(proxy.backend("web")?.upstream.members.get("a")?.health.healthy, true);
    for (const wrong of [{ serverName: "other", certificateAuthority: certificate }, { serverName: "localhost" }]) {
      for (const protocol of ["http1", "http2"] as const) {
        proxy.apply({ name: "web", endpoints, tls: wrong, protocol, retry: { attempts: 0 } });
        assert.equal((await call(proxy.port)).status, 502);
      }
    }
  });
});
