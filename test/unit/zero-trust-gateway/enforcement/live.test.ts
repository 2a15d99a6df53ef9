import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import WebSocket, { WebSocketServer } from "ws";
import { MnoError } from "../../../../runtime/exports";
import { Cleanup, startBackend } from "../../../support/balancer";
import { ALLOWED, DENIED, startGateway, type TestGateway } from "../../../support/gateway";

const headers = { authorization: "Bearer alice" };

describe("zero-trust gateway: what lasts", () => {
  const cleanup = new Cleanup();
  let gateway: TestGateway;
  let closed: Promise<unknown>;

  beforeEach(async () => {
    let whenClosed: () => void = () => undefined;
    closed = new Promise<void>((resolve) => (whenClosed = resolve));
    const backend = await startBackend(cleanup, (_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("data: first\n\n");
      response.on("close", whenClosed);
    });
    const sockets = new WebSocketServer({ noServer: true });
    backend.server.on("upgrade", (request, socket, head) => {
      if (request.url === "/declined") return void socket.end("HTTP/1.1 418 No\r\nContent-Length: 2\r\n\r\nno");
      sockets.handleUpgrade(request, socket, head, (peer) => {
        peer.on("message", (message: Buffer) => peer.send(`heard ${message.toString()}`));
        peer.on("close", whenClosed);
      });
    });
    gateway = await startGateway(cleanup, [{ name: "all", upstream: { url: `http://${backend.address}` } }]);
  });
  afterEach(() => cleanup.run());

  const dial = (path = "/chat", more: Record<string, string> = headers): WebSocket => {
    const socket = new WebSocket(`ws://127.0.0.1:${String(gateway.port)}${path}`, { headers: more });
    socket.on("error", () => undefined);
    return socket;
  };
  const chat = async (): Promise<WebSocket> => {
    const socket = dial();
    await once(socket, "open");
    socket.send("hello");
    const [answer] = (await once(socket, "message")) as [Buffer];
    assert.equal(String(answer), "heard hello");
    return socket;
  };
  const stream = (): Promise<http.IncomingMessage> =>
    new Promise((resolve, reject) => {
      const request = http.get(
        { host: "127.0.0.1", port: gateway.port, path: "/events", headers, agent: false },
        (response) => {
          response.on("error", () => undefined);
          response.once("data", () => resolve(response));
        },
      );
      request.on("error", reject);
    });

  const REASONS: Record<string, [how: () => void, code: string]> = {
    "a policy that now forbids it": [() => (gateway.parts.decide = () => DENIED), "MNO_ACCESS_DENIED"],
    "a session that was revoked": [
      () => (gateway.parts.renew = () => Promise.reject(new MnoError("MNO_UNAUTHENTICATED", "over"))),
      "MNO_UNAUTHENTICATED",
    ],
    "risk that cannot be had any more": [
      () => (gateway.parts.riskOf = () => Promise.reject(new Error("x"))),
      "MNO_ENFORCEMENT_UNAVAILABLE",
    ],
    "credentials that are now somebody else's": [
      () => (gateway.parts.renew = async (principal) => ({ ...principal, id: "bob" })),
      "MNO_ACCESS_DENIED",
    ],
    "a route that is gone": [() => gateway.plane.apply([]), "MNO_ROUTE_NOT_FOUND"],
  };
  for (const [what, [change, code]] of Object.entries(REASONS)) {
    it(`a tunnel and a stream are cut within a second by ${what}`, async () => {
      const socket = await chat();
      const answer = await stream();
      const over = Promise.all([once(socket, "close"), new Promise((resolve) => answer.once("close", resolve))]);
      const from = performance.now();
      change();
      gateway.parts.changed();
      await over;
      assert.ok(performance.now() - from < 1000);
      assert.equal(answer.complete, false);
      await closed;
      assert.equal(gateway.plane.live.size, 0);
      const cuts = gateway.plane.journal.records.latest({ limit: 10 }).filter(({ takesBack }) => takesBack !== null);
      assert.deepEqual(
        cuts.map((each) => each.code),
        [code, code],
      );
      for (const { takesBack } of cuts)
        assert.equal(gateway.plane.journal.records.find(takesBack ?? "")?.outcome, "allowed");
    });
  }

  it("without a word of any change it is found out all the same", async () => {
    const socket = await chat();
    gateway.parts.decide = () => DENIED;
    await once(socket, "close");
  });

  it("what may go on goes on", async () => {
    const socket = await chat();
    await gateway.plane.live.expire();
    socket.send("again");
    await once(socket, "message");
    socket.close();
    await closed;
  });

  it("a tunnel is decided on by an action of its own, and refused with a status", async () => {
    gateway.parts.decide = ({ action }) => (action.id === "connect" ? DENIED : ALLOWED);
    const [, response] = (await once(dial(), "unexpected-response")) as [unknown, http.IncomingMessage];
    assert.equal(response.statusCode, 403);
    assert.ok(response.headers["x-mno-decision"]);
    const [, anonymous] = (await once(dial("/chat", {}), "unexpected-response")) as [unknown, http.IncomingMessage];
    assert.equal(anonymous.statusCode, 401);
  });

  it("an upstream that declines a tunnel answers itself", async () => {
    const [, response] = (await once(dial("/declined"), "unexpected-response")) as [unknown, http.IncomingMessage];
    assert.equal(response.statusCode, 418);
  });

  it("another site's page opens no tunnel with a user's session", async () => {
    const stolen = { cookie: "who=alice", origin: "https://evil.example" };
    const [, response] = (await once(dial("/chat", stolen), "unexpected-response")) as [unknown, http.IncomingMessage];
    assert.equal(response.statusCode, 403);
  });
});
