import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import type { Database } from "../../../../runtime/kernel/store/database";
import { openDatabase } from "../../../../runtime/kernel/store/open";
import { zeroTrustGateway } from "../../../../runtime/security/zero-trust-gateway/agent";
import { call, Cleanup, closedPort, startBackend, type TestBackend } from "../../../support/balancer";
import { silent, TestAgent as FakedAgent } from "../../auto-scaling-engine/fakes";

const POLICIES = `
@id("anyone-may-look")
permit (principal, action == Action::"read", resource) when { resource.open };
@id("nobody-from-there")
forbid (principal, action, resource) when { context has address && context.address.isInRange(ip("192.0.2.0/24")) };
`;

class TestAgent extends FakedAgent {
  /** PUT with headers of its own. */
  async put(
    url: string,
    payload: unknown,
    headers: Record<string, string>,
  ): Promise<{ status: number; body: unknown }> {
    const { http } = (this as unknown as { app: { http: FastifyInstance } }).app;
    const answer = await http.inject({
      method: "PUT",
      url,
      headers: { host: "localhost", ...headers },
      payload: payload as object,
    });
    return { status: answer.statusCode, body: answer.json<unknown>() };
  }
}

interface Decision {
  outcome: string;
  policies: string[];
  why: string[];
}
interface State {
  addresses: { gateway: string };
  routes: string[];
  policyVersion: string | null;
}

describe("zero-trust gateway: agent", () => {
  const cleanup = new Cleanup();
  let database: Database;
  let agent: TestAgent;
  let backend: TestBackend;
  let port: number;
  let route: object;
  let folder: string;

  before(async function () {
    this.timeout(60_000); // PGlite compiles its WebAssembly first
    database = await openDatabase("pglite:memory", { log: silent });
  });
  after(() => database.close());
  beforeEach(async function () {
    this.timeout(20_000);
    folder = mkdtempSync(join(tmpdir(), "mno-policies-"));
    cleanup.add(folder, (each) => rmSync(each, { recursive: true }));
    writeFileSync(join(folder, "gateway.cedar"), POLICIES);
    backend = await startBackend(cleanup, (_request, response) => response.end("from upstream"));
    route = {
      name: "shop",
      pathPrefix: "/shop",
      upstream: { url: `http://${backend.address}` },
      resource: { attributes: { open: true } },
    };
    port = await closedPort();
    agent = new TestAgent(database);
    cleanup.add(agent, (each) => each.stop());
    await agent.start(zeroTrustGateway, environment());
  });
  afterEach(() => cleanup.run());

  const environment = (): Record<string, string> => ({
    MNO_ZTG_LISTEN: `127.0.0.1:${String(port)}`,
    MNO_ZTG_POLICIES_DIR: folder,
    MNO_ZTG_ROUTES: JSON.stringify([
      route,
      { ...route, name: "closed", pathPrefix: "/closed", resource: { attributes: { open: false } } },
    ]),
    MNO_ZTG_ASSESSMENT: "off",
    MNO_ZTG_TRUSTED_PROXIES: '["127.0.0.1"]',
  });

  it("lets through what the loaded policies allow, refuses the rest, and says why", async () => {
    const open = await call(port, { path: "/shop/x" });
    assert.equal(open.status, 200, open.body);
    assert.equal(open.body, "from upstream");
    const closed = await call(port, { path: "/closed/x" });
    assert.equal(closed.status, 401);
    const far = await call(port, { path: "/shop/x", headers: { "x-forwarded-for": "192.0.2.7" } });
    assert.equal(far.status, 401);
    const ask = async (id: unknown) => (await agent.call("GET", `/v1/decisions/${String(id)}`)).body as Decision;
    const allowed = await ask(open.headers["x-mno-decision"]);
    assert.deepEqual([allowed.outcome, allowed.policies], ["allowed", ["anyone-may-look"]]);
    assert.match(allowed.why.join(" "), /Determined by anyone-may-look/);
    assert.deepEqual((await ask(far.headers["x-mno-decision"])).policies, ["nobody-from-there"]);
    const { body } = await agent.call("GET", "/v1/decisions?outcome=refused");
    assert.equal((body as { items: unknown[] }).items.length, 2);
    assert.equal(backend.requests, 1);
  });

  it("tells of each decision, as an event that fits its schema", async () => {
    const { headers } = await call(port, { path: "/shop/x" });
    await agent.loop("tell decisions");
    const event = agent.bus.published.find(({ type }) => type === "mno.security.access.decided");
    const data = event?.data as { metadata: { uid: string }; policy: { uid: string }; http_response: { code: number } };
    assert.equal(data.metadata.uid, headers["x-mno-decision"]);
    assert.equal(data.policy.uid, "anyone-may-look");
    assert.equal(data.http_response.code, 200);
  });

  it("takes other routes over HTTP, all faults at once, and only in place of those that were read", async () => {
    const put = (body: unknown, headers = {}) => agent.put("/v1/routes", body, headers);
    const refused = await put([{ name: "Bad Name", upstream: { url: "ftp://x" } }, { hosts: ["a"] }]);
    assert.equal(refused.status, 422);
    const { faults } = refused.body as { faults: { field: string }[] };
    assert.deepEqual(faults.map(({ field }) => field).sort(), ["/0/name", "/0/upstream/url", "/1/name"]);
    const before = (await agent.call("GET", "/v1/routes")).body as { version: number };
    assert.equal((await put([], { "if-match": `"${String(before.version + 1)}"` })).status, 409);
    const changed = await put([{ ...route, pathPrefix: "/other" }], { "if-match": `"${String(before.version)}"` });
    assert.equal(changed.status, 200);
    assert.equal((await call(port, { path: "/shop/x" })).status, 404);
    assert.equal((await call(port, { path: "/other/x" })).status, 200);
  });

  it("counts attack rules as the route says, and tells what was not counted", async () => {
    const attack = "1%27%20or%2047=47--";
    const exclusions = [{ rules: ["sql"], where: ["query.q"], reason: "SHOP-17" }];
    const routes = [
      { ...route, inspection: { exclusions } },
      { ...route, name: "watched", pathPrefix: "/watched", inspection: { mode: "monitor" } },
    ];
    assert.equal((await agent.put("/v1/routes", routes, {})).status, 200);
    const ask = async (path: string) => {
      const answer = await call(port, { path });
      const { body } = await agent.call("GET", `/v1/decisions/${String(answer.headers["x-mno-decision"])}`);
      return { ...(body as Decision & { excluded: object[]; exceptions: string[] }), status: answer.status };
    };
    assert.equal((await ask(`/shop/x?id=${attack}`)).status, 403);
    const excluded = await ask(`/shop/x?q=${attack}`);
    assert.equal(excluded.status, 200);
    assert.ok(excluded.excluded.length > 0);
    assert.match(excluded.why.join(" "), /sql-tautology at query\.q does not count on this route: SHOP-17\./);
    const watched = await ask(`/watched/x?id=${attack}`);
    assert.equal(watched.status, 200);
    assert.deepEqual(watched.exceptions, ["attack-monitored"]);
    assert.match(watched.why.join(" "), /would have refused it; the route only monitors/);
    const wrong = await agent.put("/v1/routes", [{ ...route, inspection: { exclusions: [{ rules: ["sqll"] }] } }], {});
    assert.equal(wrong.status, 422);
  });

  it("after a restart the routes are those that were put, as long as the declared ones are the same", async () => {
    await agent.call("PUT", "/v1/routes", [{ ...route, name: "put" }]);
    const state = async (of: TestAgent) => (await of.call("GET", "/v1/state")).body as State;
    const variables = environment();
    await agent.stop();
    const again = new TestAgent(database);
    cleanup.add(again, (each) => each.stop());
    await again.start(zeroTrustGateway, variables);
    assert.deepEqual((await state(again)).routes, ["put"]);
    await again.stop();
    const third = new TestAgent(database);
    cleanup.add(third, (each) => each.stop());
    await third.start(zeroTrustGateway, { ...variables, MNO_ZTG_ROUTES: JSON.stringify([route]) });
    assert.deepEqual((await state(third)).routes, ["shop"]);
  });

  it("keeps what it learned over a restart, and learns anew what broke in the store", async () => {
    const variables = environment();
    for (let i = 0; i < 30; i++) assert.equal((await call(port, { path: `/shop/x?id=${String(i)}` })).status, 200);
    await agent.stop();
    const outcomes = async (of: TestAgent): Promise<string> => of.metrics.registry.metrics();
    const again = new TestAgent(database);
    cleanup.add(again, (each) => each.stop());
    await again.start(zeroTrustGateway, variables);
    assert.match(await outcomes(again), /mno_gateway_grammar_rows_total\{outcome="loaded"[^}]*\} 1/);
    await again.loop("save what was learned");
    await again.stop();
    await database.query("UPDATE ztg_grammar SET state = 'x'");
    const third = new TestAgent(database);
    cleanup.add(third, (each) => each.stop());
    await third.start(zeroTrustGateway, variables);
    assert.match(await outcomes(third), /mno_gateway_grammar_rows_total\{outcome="refused"[^}]*\} 1/);
    assert.equal((await call(port, { path: "/shop/x?id=1" })).status, 200);
  });

  it("fails closed while its policies are not valid, and says that it is not ready", async () => {
    writeFileSync(join(folder, "gateway.cedar"), "permit (");
    await agent.stop();
    const broken = new TestAgent(database);
    cleanup.add(broken, (each) => each.stop());
    await broken.start(zeroTrustGateway, environment());
    assert.equal((await call(port, { path: "/shop/x" })).status, 503);
    await assert.rejects(async () => broken.checks.get("policies")?.());
    assert.equal(backend.requests, 0);
  });
});
