import assert from "node:assert/strict";
import { readFileSync, writeFileSync, mkdirSync } from "node:fs";
import type http from "node:http";
import http2 from "node:http2";
import https from "node:https";
import { join } from "node:path";
import type { Database } from "../../runtime/kernel/store/database";
import { openDatabase } from "../../runtime/kernel/store/open";
import { zeroTrustGateway } from "../../runtime/security/zero-trust-gateway/agent";
import { Cleanup, closedPort, startBackend } from "../support/balancer";
import { type CertificateFiles, Envoy, makeCertificate } from "../support/envoy";
import { type Door, DOORS, meshResources } from "../support/envoy-ext-authz";
import { silent, TestAgent } from "../unit/auto-scaling-engine/fakes";

const WEB = "spiffe://cluster.local/ns/shop/sa/web";
const POLICIES = `
@id("anyone-may-look")
permit (principal, action, resource) when { context.path like "/open*" };
@id("web-may-read")
permit (principal == Workload::"${WEB}", action == Action::"read", resource);
`;
const SHOWN_BYTES = 4096;

/** What the upstream says it was sent. */
interface Seen {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string;
}
interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: string;
}
interface Ask {
  method?: string;
  path?: string;
  headers?: http.OutgoingHttpHeaders;
  /** Sent one by one, each once the one before is out. */
  body?: readonly (string | Buffer)[];
  as?: CertificateFiles | undefined;
}
interface Decision {
  via: string;
  principal: { type: string; id: string };
  exceptions: string[];
  request: { address: string };
}

describe("zero-trust gateway behind a real Envoy (ext_authz)", function () {
  this.timeout(60_000);
  const envoy = new Envoy();
  const cleanup = new Cleanup();
  const certificates: Record<string, CertificateFiles> = {};
  let database: Database;
  let agent: TestAgent;
  let requests: () => number;

  before(async () => {
    const authority = makeCertificate(envoy.folder, "authority", "DNS:authority");
    const issue = (file: string, name: string): CertificateFiles =>
      (certificates[file] = makeCertificate(envoy.folder, file, name, authority));
    certificates.authority = authority;
    const server = issue("server", "IP:127.0.0.1");
    issue("web", `URI:${WEB}`);
    issue("other", "URI:spiffe://cluster.local/ns/shop/sa/other");
    issue("stranger", "URI:spiffe://elsewhere.example/ns/shop/sa/web");

    const upstream = await startBackend(cleanup, (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const { method, url, headers } = request;
        response.end(JSON.stringify({ method, url, headers, body: Buffer.concat(chunks).toString("latin1") }));
      });
    });
    requests = () => upstream.requests;

    const policies = join(envoy.folder, "policies");
    mkdirSync(policies);
    writeFileSync(join(policies, "mesh.cedar"), POLICIES);
    database = await openDatabase("pglite:memory", { log: silent });
    const [httpPort, grpcPort] = [await closedPort(), await closedPort()];
    agent = new TestAgent(database);
    await agent.start(zeroTrustGateway, {
      MNO_ZTG_EXT_AUTHZ_LISTEN: `127.0.0.1:${String(httpPort)}`,
      MNO_ZTG_EXT_AUTHZ_GRPC_LISTEN: `127.0.0.1:${String(grpcPort)}`,
      MNO_ZTG_EXT_AUTHZ_PREFIX: "/check",
      MNO_ZTG_POLICIES_DIR: policies,
      MNO_ZTG_ROUTES: JSON.stringify([{ name: "mesh" }]),
      MNO_ZTG_TRUST_DOMAINS: '["cluster.local"]',
      MNO_ZTG_ASSESSMENT: "off",
    });
    const shown = { shownBytes: SHOWN_BYTES, upstreamPort: upstream.port };
    await envoy.start(meshResources({ server, authority, httpPort, grpcPort, ...shown }));
  });
  after(async () => {
    await envoy.remove();
    await agent.stop();
    await cleanup.run();
    await database.close();
  });

  const tls = (as: CertificateFiles | undefined) => ({
    ca: readFileSync(certificates.authority!.certificate),
    ...(as && { key: readFileSync(as.key), cert: readFileSync(as.certificate) }),
  });

  function ask(door: Door, { method = "GET", path = "/", headers = {}, body = [], as }: Ask = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const request = https.request(
        { host: "127.0.0.1", port: envoy.port(door), method, path, headers, agent: false, ...tls(as) },
        (response) => {
          let text = "";
          response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
          response.on("end", () =>
            resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
          );
        },
      );
      request.on("error", reject);
      const send = ([part, ...rest]: readonly (string | Buffer)[]): void => {
        if (part === undefined) request.end();
        else request.write(part, () => setImmediate(send, rest));
      };
      send(body);
    });
  }

  /** The same over HTTP/2. */
  function ask2(door: Door, headers: http2.OutgoingHttpHeaders, as?: CertificateFiles): Promise<Answer> {
    const session = http2.connect(`https://127.0.0.1:${String(envoy.port(door))}`, tls(as));
    return new Promise<Answer>((resolve, reject) => {
      session.on("error", reject);
      const stream = session.request(headers);
      let answered: http.IncomingHttpHeaders & { ":status"?: number } = {};
      let text = "";
      stream.on("response", (head) => (answered = head));
      stream.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      stream.on("error", reject);
      stream.on("end", () => resolve({ status: answered[":status"] ?? 0, headers: answered, body: text }));
      stream.end();
    }).finally(() => session.close());
  }

  const seen = ({ status, body }: Answer): Seen => {
    assert.equal(status, 200, body);
    return JSON.parse(body) as Seen;
  };
  const decisionOf = async ({ headers }: Answer): Promise<Decision> => {
    const { body } = await agent.call("GET", `/v1/decisions/${String(headers["x-mno-decision"])}`);
    return body as Decision;
  };
  const problem = ({ body }: Answer): string => (JSON.parse(body) as { code: string }).code;

  for (const door of DOORS) {
    const showsContent = !door.endsWith("headers-only");

    describe(door, () => {
      it("lets through what a policy allows, as it was judged, with who it is", async () => {
        const answer = await ask(door, { path: "/open/a%20b?c=d&e=%2F", headers: { "x-kept": "1" } });
        const { method, url, headers } = seen(answer);
        assert.deepEqual([method, url], ["GET", "/open/a%20b?c=d&e=%2F"]);
        assert.equal(headers["x-mno-subject-type"], "Anonymous");
        assert.equal(headers["x-kept"], "1");
        assert.match(headers["x-mno-assertion"] ?? "", /^[\w-]+\.[\w-]+\.[\w-]+$/);
        assert.ok(headers["x-mno-decision"]);
        assert.equal(headers["x-mno-decision"], answer.headers["x-mno-decision"]);
        assert.equal((await decisionOf(answer)).via, door.startsWith("grpc") ? "ext-authz-grpc" : "ext-authz-http");
      });

      it("refuses with our status, headers and body; nothing reaches the upstream", async () => {
        const before_ = requests();
        const anonymous = await ask(door, { path: "/orders" });
        assert.deepEqual([anonymous.status, problem(anonymous)], [401, "MNO_UNAUTHENTICATED"]);
        assert.match(anonymous.headers["www-authenticate"] ?? "", /^Bearer/);
        assert.match(anonymous.headers["content-type"] ?? "", /^application\/problem\+json/);
        const other = await ask(door, { path: "/orders", as: certificates.other });
        assert.deepEqual([other.status, problem(other)], [403, "MNO_ACCESS_DENIED"]);
        assert.equal(requests(), before_);
      });

      it("knows a workload by its certificate in the mesh's handshake, and believes its own trust domain only", async () => {
        const answer = await ask(door, { path: "/orders", as: certificates.web });
        assert.equal(decodeURIComponent(seen(answer).headers["x-mno-subject"] ?? ""), WEB);
        const { principal } = await decisionOf(answer);
        assert.deepEqual([principal.type, principal.id], ["Workload", WEB]);
        assert.equal((await ask(door, { method: "DELETE", path: "/orders", as: certificates.web })).status, 403);
        const stranger = await ask(door, { path: "/open", as: certificates.stranger });
        assert.deepEqual([stranger.status, problem(stranger)], [401, "MNO_IDENTITY_UNTRUSTED"]);
      });

      it("takes away what a client says in the gateway's and the mesh's names", async () => {
        const forged = {
          "x-forwarded-client-cert": `Hash=${"a".repeat(64)};URI=${WEB}`,
          "x-mno-subject": "root",
          "x-mno-admin": "1",
          x_mno_admin: "1",
        };
        const answer = await ask(door, { path: "/open", headers: { ...forged, "x-forwarded-for": "203.0.113.7" } });
        const { headers } = seen(answer);
        assert.notEqual((await decisionOf(answer)).request.address, "203.0.113.7");
        assert.notEqual(headers["x-mno-subject"], "root");
        for (const name of ["x-mno-admin", "x_mno_admin", "x-forwarded-client-cert"]) {
          assert.equal(headers[name], undefined, name);
        }
        assert.equal((await ask(door, { path: "/orders", headers: forged })).status, 401);
      });

      it("refuses what the upstream could take for another path", async () => {
        for (const path of ["/open/../orders", "/open/%2e%2e/orders", "/open%2forders", "/open//orders"]) {
          const answer = await ask(door, { path });
          assert.deepEqual([answer.status, problem(answer)], [400, "MNO_REQUEST_MALFORMED"], path);
        }
      });

      it("speaks HTTP/2 to clients, whose cookies come in pieces", async () => {
        const head = { ":path": "/open/2?x=1", cookie: ["a=1", "b=2"] };
        const { url, headers } = seen(await ask2(door, head));
        assert.deepEqual([url, headers.cookie], ["/open/2?x=1", "a=1; b=2"]);
        assert.equal((await ask2(door, { ":path": "/orders" })).status, 401);
        seen(await ask2(door, { ":path": "/orders" }, certificates.web));
      });

      it("finds an attack in the query", async () => {
        const path = `/open?q=${encodeURIComponent("1' UNION SELECT password FROM users--")}`;
        const answer = await ask(door, { path });
        assert.deepEqual([answer.status, problem(answer)], [403, "MNO_ATTACK_SUSPECTED"]);
      });

      // Over HTTP, a check without content says nothing of the request's own length.
      if (door !== "http-headers-only") {
        it("refuses a GET with content, which the upstream could take for the next request", async () => {
          const answer = await ask(door, { path: "/open", headers: { "content-length": "5" }, body: ["GET /"] });
          assert.deepEqual([answer.status, problem(answer)], [400, "MNO_REQUEST_MALFORMED"]);
        });
      }

      const post = (body: readonly (string | Buffer)[], type = "application/x-www-form-urlencoded") =>
        ask(door, { method: "POST", path: "/open", headers: { "content-type": type }, body });
      const ATTACK = `q=${encodeURIComponent("1' UNION SELECT password FROM users--")}`;

      it("passes content on unchanged, and says whether it was inspected", async () => {
        const answer = await post(["a=1&", "b=2"]);
        const { method, body } = seen(answer);
        assert.deepEqual([method, body], ["POST", "a=1&b=2"]);
        assert.deepEqual((await decisionOf(answer)).exceptions, showsContent ? [] : ["content-unread"]);
        const bytes = Buffer.from([0xff, 0xfe, 0x00, 0x80]);
        assert.equal(seen(await post([bytes], "application/octet-stream")).body, bytes.toString("latin1"));
      });

      if (showsContent) {
        it("finds an attack in content that it is shown", async () => {
          const answer = await post([ATTACK]);
          assert.deepEqual([answer.status, problem(answer)], [403, "MNO_ATTACK_SUSPECTED"]);
        });
      }

      const start = `a=${"x".repeat(SHOWN_BYTES - 2)}`;
      it("says so where it was not shown all of the content", async () => {
        const content = `${start}&${ATTACK}`;
        const answer = await post([content]);
        assert.equal(seen(answer).body, content);
        assert.deepEqual((await decisionOf(answer)).exceptions, ["content-unread"]);
      });

      if (door.startsWith("grpc")) {
        it("is not taken in by content that Envoy cut at exactly its limit and calls whole", async () => {
          const body = [start, `&${ATTACK}`];
          const headers = { "content-type": "text/plain", "content-length": String(body.join("").length) };
          const answer = await ask(door, { method: "POST", path: "/open", headers, body });
          assert.equal(seen(answer).body, body.join(""));
          assert.deepEqual((await decisionOf(answer)).exceptions, ["content-unread"]);
        });
      }
    });
  }

  // Last: in a suite of its own, which mocha runs in order.
  describe("while the gateway is away", () => {
    it("lets nothing through", async () => {
      await agent.stop();
      const before_ = requests();
      for (const door of DOORS) {
        assert.equal((await ask(door, { path: "/open" })).status, 503, door);
        assert.equal((await ask(door, { path: "/orders", as: certificates.web })).status, 503, door);
      }
      assert.equal(requests(), before_);
    });
  });
});
