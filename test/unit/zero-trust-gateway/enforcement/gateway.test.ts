import assert from "node:assert/strict";
import type http from "node:http";
import http2 from "node:http2";
import { createLocalJWKSet, jwtVerify } from "jose";
import { call, Cleanup, startBackend, type TestBackend } from "../../../support/balancer";
import {
  ALICE as CAROL,
  ALLOWED,
  DENIED,
  type Parts,
  startGateway,
  type TestGateway,
  unavailable,
} from "../../../support/gateway";
import { MnoError } from "../../../../runtime/exports";
import { CsrfTokens } from "../../../../runtime/security/zero-trust-gateway/csrf/tokens";

const ALICE = { authorization: "Bearer alice" };

describe("zero-trust gateway: enforcement", () => {
  const cleanup = new Cleanup();
  let backend: TestBackend;
  let gateway: TestGateway;
  let seen: http.IncomingMessage[];
  let bodies: string[];

  beforeEach(async () => {
    seen = [];
    bodies = [];
    backend = await startBackend(cleanup, (request, response) => {
      seen.push(request);
      let text = "";
      request.on("data", (chunk: Buffer) => (text += chunk.toString()));
      request.on("end", () => {
        bodies.push(text);
        response.setHeader("server", "secret/1.0");
        response.setHeader("x-mno-subject", "forged");
        response.end("from upstream");
      });
    });
    const url = `http://${backend.address}`;
    gateway = await startGateway(cleanup, [
      { name: "files", pathPrefix: "/files", upstream: { url }, resource: { type: "File", id: "{1}" } },
      { name: "small", pathPrefix: "/small", upstream: { url }, content: { maximumBytes: 10 } },
      {
        name: "uploads",
        pathPrefix: "/uploads",
        upstream: { url },
        content: { mode: "stream", maximumBytes: 100_000 },
      },
      {
        name: "lenient",
        pathPrefix: "/lenient",
        upstream: { url },
        whenRiskUnavailable: "decide",
        forwardCredentials: true,
      },
      { name: "mesh", pathPrefix: "/mesh" },
      { name: "rest", upstream: { url }, responseHeaders: { "x-frame-options": null, "x-extra": "1" } },
    ]);
  });
  afterEach(() => cleanup.run());

  const get = (path: string, headers: http.OutgoingHttpHeaders = ALICE) => call(gateway.port, { path, headers });
  const decision = (id: unknown) => {
    const record = gateway.plane.journal.records.find(String(id));
    assert.ok(record);
    return record;
  };

  it("lets through what a policy allows, and tells the upstream who asks", async () => {
    const answer = await get("/files/a%20b/c?d=e");
    assert.equal(answer.status, 200);
    assert.equal(answer.body, "from upstream");
    const [request] = seen;
    assert.equal(request?.url, "/files/a%20b/c?d=e");
    assert.equal(request?.headers["x-mno-subject"], "alice");
    assert.equal(request?.headers["x-mno-subject-type"], "User");
    assert.equal(request?.headers.authorization, undefined);
    const id = answer.headers["x-mno-decision"];
    assert.equal(request?.headers["x-mno-decision"], id);
    assert.equal(request?.headers["x-request-id"], id);
    const keys = createLocalJWKSet(gateway.plane.keySet as Parameters<typeof createLocalJWKSet>[0]);
    const { payload } = await jwtVerify(String(request?.headers["x-mno-assertion"]), keys, {
      issuer: "mno-zero-trust-gateway",
      audience: "files",
      typ: "mno-access+jwt",
    });
    assert.equal(payload.sub, "alice");
    assert.equal(payload.jti, id);
    assert.deepEqual(payload.policies, ["staff-may"]);
    const record = decision(id);
    assert.deepEqual(
      [record.outcome, record.policies, record.resource, record.action, record.status, record.route],
      ["allowed", ["staff-may"], { type: "File", id: "a b" }, { type: "Action", id: "read" }, 200, "files"],
    );
    assert.ok(record.traceId && request?.headers.traceparent?.includes(record.traceId));
  });

  it("gives answers the headers that protect browsers, and takes away what they give away", async () => {
    const { headers } = await get("/x");
    assert.equal(headers["x-content-type-options"], "nosniff");
    assert.equal(headers["x-frame-options"], undefined);
    assert.equal(headers["x-extra"], "1");
    assert.equal(headers.server, undefined);
    assert.equal(headers["x-mno-subject"], undefined);
    assert.equal(headers["strict-transport-security"], undefined);
    assert.equal(headers["cache-control"], "private");
  });

  it("refuses what no policy allows: 401 without credentials, 403 with, and says why at the decision", async () => {
    const anonymous = await get("/x", {});
    assert.equal(anonymous.status, 401);
    assert.match(anonymous.headers["www-authenticate"] ?? "", /^Bearer/);
    gateway.parts.decide = () => DENIED;
    const alice = await get("/x");
    assert.equal(alice.status, 403);
    assert.equal(JSON.parse(alice.body).code, "MNO_ACCESS_DENIED");
    assert.equal(JSON.parse(alice.body).decision, alice.headers["x-mno-decision"]);
    assert.equal(decision(alice.headers["x-mno-decision"]).stage, "policy");
    assert.equal(seen.length, 0);
  });

  it("takes an allow that names no policy for none", async () => {
    gateway.parts.decide = () => ({ ...ALLOWED, policies: [] });
    assert.equal((await get("/x")).status, 403);
    assert.equal(seen.length, 0);
  });

  const FAULTS: Record<string, (parts: Parts) => void> = {
    "the policies are not loaded": (parts) => (parts.decide = unavailable),
    "the policy decision point crashes": (parts) =>
      (parts.decide = () => {
        throw new TypeError("x");
      }),
    "identity crashes": (parts) => (parts.identify = () => Promise.reject(new Error("x"))),
    "identity gives no answer": (parts) => (parts.identify = () => new Promise(() => undefined)),
    "risk is unavailable": (parts) => (parts.riskOf = () => Promise.reject(new MnoError("MNO_OVERLOADED", "x"))),
    "the limiter crashes": (parts) => (parts.take = () => Promise.reject(new Error("x"))),
    "inspection crashes": (parts) =>
      (parts.inspect = () => {
        throw new RangeError("x");
      }),
    "validation crashes": (parts) =>
      (parts.validate = () => {
        throw new RangeError("x");
      }),
    "answers are nonsense": (parts) => (parts.decide = () => undefined as never),
  };
  for (const [what, fault] of Object.entries(FAULTS)) {
    it(`fails closed when ${what}`, async () => {
      fault(gateway.parts);
      const answer = await get("/x");
      assert.equal(answer.status, 503, answer.body);
      assert.equal(decision(answer.headers["x-mno-decision"]).outcome, "unavailable");
      assert.equal(seen.length, 0);
    });
  }

  it("decides without risk only where the route declares it, and records that", async () => {
    gateway.parts.riskOf = () => Promise.reject(new Error("x"));
    const answer = await get("/lenient/x");
    assert.equal(answer.status, 200);
    assert.deepEqual(decision(answer.headers["x-mno-decision"]).exceptions, ["risk-unavailable"]);
    assert.deepEqual(gateway.parts.questions.at(-1)?.context.risk, { level: "unknown", percent: 100 });
    assert.equal(seen[0]?.headers.authorization, "Bearer alice");
  });

  it("asks for a step-up where policies advise it", async () => {
    gateway.parts.decide = () => ({ ...DENIED, advice: ["step_up"] });
    gateway.parts.stepUp = () => new MnoError("MNO_UNAUTHENTICATED", "prove it again");
    assert.equal((await get("/x")).status, 401);
    gateway.parts.stepUp = () => undefined;
    assert.equal((await get("/x")).status, 403);
  });

  it("tells clients that exceed their rate when to come again", async () => {
    gateway.parts.take = () =>
      Promise.reject(new MnoError("MNO_BUS_FULL", "x", { extensions: { retryAfterSeconds: 6.2 } }));
    assert.equal((await get("/x")).headers["retry-after"], "7");
  });

  it("refuses hosts, paths and methods that no route takes, and routes without an upstream", async () => {
    assert.equal((await get("/mesh/x")).status, 404);
    assert.equal((await call(gateway.port, { method: "PROPFIND", headers: ALICE, path: "/x" })).status, 405);
    gateway.plane.apply([]);
    assert.equal((await get("/x")).status, 404);
    assert.equal(seen.length, 0);
  });

  it("strips what clients may not say, and says so in the record", async () => {
    const answer = await get("/x", {
      ...ALICE,
      "x-mno-subject": "root",
      "X-Mno_Subject": "root",
      "x-forwarded-for": "1.2.3.4",
      "x-forwarded-client-cert": "URI=spiffe://evil/x",
      "x-original-url": "/admin",
      cookie: "__Host-mno-session=secret; theme=dark; mno-csrf=x",
    });
    assert.equal(answer.status, 200);
    const { headers } = seen[0] as http.IncomingMessage;
    assert.equal(headers["x-mno-subject"], "alice");
    assert.equal(headers["x-forwarded-for"], "127.0.0.1");
    assert.equal(headers["x-forwarded-client-cert"], undefined);
    assert.equal(headers["x-original-url"], undefined);
    assert.equal(headers.cookie, "theme=dark");
    assert.equal(gateway.parts.inspected[0]?.request.spiffeId, undefined);
    assert.ok(decision(answer.headers["x-mno-decision"]).stripped.includes("x-forwarded-client-cert"));
  });

  it("reads, validates and inspects content before any of it goes on, and frames it anew", async () => {
    const post = (body: string, headers = {}) =>
      call(gateway.port, { method: "POST", path: "/x", headers: { ...ALICE, ...headers }, body });
    assert.equal((await post("hello", { "transfer-encoding": "chunked" })).status, 200);
    assert.deepEqual(bodies, ["hello"]);
    assert.equal(seen[0]?.headers["content-length"], "5");
    assert.equal(seen[0]?.headers["transfer-encoding"], undefined);
    gateway.parts.inspect = (_request, body) => ({
      score: 9,
      refused: body?.includes("attack") ?? false,
      findings: [],
    });
    const refused = await post("an attack");
    assert.equal(refused.status, 403);
    assert.equal(decision(refused.headers["x-mno-decision"]).stage, "content");
    gateway.parts.validate = (_request, body) => {
      if (body?.toString() !== "valid") throw new MnoError("MNO_REQUEST_INVALID", "x");
    };
    assert.equal((await post("not valid")).status, 422);
    assert.equal((await post("valid")).status, 200);
    assert.deepEqual(bodies, ["hello", "valid"]);
  });

  it("finds the anti-forgery token of a form in its content, and lets nothing on before", async () => {
    const token = new CsrfTokens(Buffer.alloc(32, 7)).issue(CAROL.session?.id ?? "");
    const post = (path: string, body: string | undefined, headers = {}) =>
      call(gateway.port, {
        method: "POST",
        path,
        headers: {
          cookie: `who=alice; mno-csrf=${token}`,
          "content-type": "application/x-www-form-urlencoded",
          ...headers,
        },
        ...(body !== undefined && { body }),
      });
    const passed = await post("/x", `a=1&csrf_token=${token}`);
    assert.equal(passed.status, 200, passed.body);
    assert.deepEqual(bodies, [`a=1&csrf_token=${token}`]);
    const wrong = await post("/x", "a=1&csrf_token=x");
    assert.deepEqual([wrong.status, JSON.parse(wrong.body).code], [403, "MNO_FORGERY_SUSPECTED"]);
    assert.equal(decision(wrong.headers["x-mno-decision"]).stage, "forgery");
    // Content that is passed on unread, or is not there, holds no token for the gateway.
    assert.equal((await post("/uploads/x", `csrf_token=${token}`)).status, 403);
    assert.equal((await post("/x", undefined)).status, 403);
    assert.equal((await post("/x", `csrf_token=${token}`, { "content-type": "text/plain" })).status, 403);
    assert.equal(bodies.length, 1);
  });

  it("refuses content that is longer than the route takes, announced or not", async () => {
    for (const headers of [{}, { "transfer-encoding": "chunked" }]) {
      const answer = await call(gateway.port, {
        method: "POST",
        path: "/small/x",
        headers: { ...ALICE, ...headers },
        body: "x".repeat(11),
      });
      assert.equal(answer.status, 413);
    }
    assert.equal(seen.length, 0);
    const upload = (length: number) =>
      call(gateway.port, { method: "POST", path: "/uploads/x", headers: ALICE, body: Buffer.alloc(length, 120) });
    const large = await upload(90_000);
    assert.equal(large.status, 200);
    assert.equal(bodies[0]?.length, 90_000);
    assert.deepEqual(decision(large.headers["x-mno-decision"]).exceptions, ["content-unread"]);
    await assert.doesNotReject(upload(100_001).then(({ status }) => assert.equal(status, 413)));
    assert.equal(bodies.length, 1);
  });

  it("speaks HTTP/2 with prior knowledge", async () => {
    const session = http2.connect(`http://127.0.0.1:${String(gateway.port)}`);
    cleanup.add(session, (each) => each.destroy());
    const ask = (headers: http2.OutgoingHttpHeaders, body?: string) =>
      new Promise<{ status: number; text: string }>((resolve, reject) => {
        const stream = session.request({ ...ALICE, ...headers }, { endStream: body === undefined });
        let status = 0;
        let text = "";
        stream.on("response", (head) => (status = Number(head[":status"])));
        stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
        stream.on("end", () => resolve({ status, text }));
        stream.on("error", reject);
        if (body !== undefined) stream.end(body);
      });
    assert.deepEqual(await ask({ ":path": "/x" }), { status: 200, text: "from upstream" });
    assert.equal((await ask({ ":path": "/x", ":method": "POST" }, "content")).status, 200);
    assert.deepEqual(bodies, ["", "content"]);
    assert.equal((await ask({ ":path": "/a%2fb" })).status, 400);
  });

  it("answers its own paths itself, and never passes them on", async () => {
    const keys = await get("/.mno/keys", {});
    assert.equal(JSON.parse(keys.body).keys[0].alg, "EdDSA");
    for (const path of ["/.mno/x", "/.MNO/keys", "/.mno", "/a/../.mno/x"])
      assert.equal((await get(path)).status, 404, path);
    assert.equal(seen.length, 0);
  });

  it("says 502 where the upstream gives no answer, and 504 where it is late", async () => {
    await backend.crash();
    assert.equal((await get("/x")).status, 502);
    const slow = await startBackend(cleanup, () => undefined);
    const upstream = { url: `http://${slow.address}`, responseSeconds: 0.05 };
    const other = await startGateway(cleanup, [{ name: "slow", upstream }]);
    const answer = await call(other.port, { headers: ALICE });
    assert.equal(answer.status, 504);
    assert.equal(other.plane.journal.records.find(String(answer.headers["x-mno-decision"]))?.status, 504);
    assert.equal(other.plane.live.size, 0);
  });
});
