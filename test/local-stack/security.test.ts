import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { type IncomingHttpHeaders, request } from "node:http";
import { join } from "node:path";
import { createReceiver, type Receiver } from "../../tools/otlp-view/receiver";
import { Browser, CURL } from "../support/browser";
import { eventually, Platform } from "../support/platform";

interface Decision {
  id: string;
  outcome: string;
  stage: string;
  code: string | null;
  policies: string[];
  traceId: string | null;
  principal: { id: string } | null;
}

interface Incident {
  id: string;
  title: string;
  status: string;
  severity: number;
  entities: { kind: string; id: string }[];
}

/** The gateway before the demo service, with users, thieves and attackers, through the real Pulumi engine. Tests build on each other. */
describe("security on the local stack", function () {
  this.timeout(180_000);
  this.bail(true);
  const platform = new Platform();
  let traces: Receiver;
  let password: string;
  /** Incidents that were announced before the attack under way. */
  const known = new Set<string>();

  const get = async <T>(path: string): Promise<T> => (await (await fetch(`${platform.api}${path}`)).json()) as T;
  const decision = (response: Response): Promise<Decision> =>
    get(`/zero-trust-gateway/v1/decisions/${response.headers.get("x-mno-decision") ?? ""}`);
  const incidents = async (): Promise<Incident[]> =>
    (await get<{ items: Incident[] }>("/security-intelligence/v1/incidents?limit=100")).items;
  const post = async (path: string, body: object): Promise<Response> => {
    const headers = { "content-type": "application/json" };
    return fetch(`${platform.api}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  };
  const loggedIn = async (): Promise<Browser> => {
    const browser = new Browser(platform.gateway);
    const answer = await browser.login("alice", password);
    assert.equal(answer.status, 200, await answer.text());
    return browser;
  };
  /** Waits for an incident of this title that names `entity`, and says how long it took. */
  const detected = async (title: RegExp, entity: string, since: number): Promise<Incident> => {
    const found = await eventually(`an incident like ${String(title)}`, 30, async () =>
      (await incidents()).find(
        (each) => title.test(each.title) && each.entities.some(({ id }) => id === entity) && !known.has(each.id),
      ),
    );
    process.stdout.write(`      detected ${((performance.now() - since) / 1000).toFixed(1)} s after its first step\n`);
    return found;
  };
  /** Waits until the trace has spans of all these names. */
  const traced = async (traceId: string | null, wanted: readonly RegExp[]): Promise<void> => {
    await eventually("the whole flow in one trace", 30, async () => {
      const names = traces.spans().flatMap((span) => (span.traceId === traceId ? [span.name] : []));
      return wanted.every((pattern) => names.some((name) => pattern.test(name))) ? true : undefined;
    });
  };
  /** Lines as a mesh's proxies write them. */
  const accessLog = (lines: object[]): Promise<Response> =>
    post("/security-intelligence/v1/access-logs", {
      lines: lines.map((line) => ({
        "@timestamp": new Date().toISOString(),
        "http.request.method": "GET",
        "http.response.status_code": "200",
        "url.domain": "orders.shop.svc",
        "source.address": "10.1.0.9:40000",
        "trace.id": randomUUID(),
        ...line,
      })),
    });

  before(async () => {
    traces = await createReceiver({ port: 0 });
    await platform.configure({ otlpEndpoint: traces.url });
    const { code, output } = await platform.npm("start");
    assert.equal(code, 0, output);
    ({ password } = JSON.parse(readFileSync(join(platform.state, "demo-user.json"), "utf8")) as { password: string });
    assert.ok(output.includes(password), "the summary tells how to log in");
  });
  after(async () => {
    await platform.npm("stop");
    await traces.close();
    platform.remove();
  });

  it("refuses who does not say who asks, and sends a browser to log in", async () => {
    const refused = await fetch(`${platform.gateway}/`);
    assert.equal(refused.status, 401);
    assert.equal((await decision(refused)).code, "MNO_UNAUTHENTICATED");
    // fetch says of itself that it is none.
    const asBrowser = { accept: "text/html", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
    const { location } = await new Promise<IncomingHttpHeaders>((resolve, reject) => {
      request(platform.gateway, { headers: asBrowser }, (answer) => resolve(answer.resume().headers))
        .on("error", reject)
        .end();
    });
    assert.match(location ?? "", /^\/\.mno\/login\?return_to=/);
  });

  it("lets a user in by a policy that it names, and tells the service who it is", async () => {
    const browser = await loggedIn();
    const answer = await browser.get("/");
    assert.equal(answer.status, 200);
    const { outcome, policies, principal } = await decision(answer);
    assert.deepEqual([outcome, policies, principal?.id], ["allowed", ["users-use-the-demo"], "alice"]);
  });

  it("answers what policies say as OpenID AuthZEN has it", async () => {
    const body = {
      subject: { type: "User", id: "alice" },
      action: { name: "delete" },
      resource: { type: "DemoService", id: "demo" },
    };
    const answer = await fetch(`${platform.decisions}/access/v1/evaluation`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    assert.equal(answer.status, 200);
    assert.equal(((await answer.json()) as { decision: boolean }).decision, false);
  });

  it("decides in one trace: request, risk, policy, service, event, intelligence", async () => {
    const browser = await loggedIn();
    const { traceId } = await decision(await browser.get("/"));
    await traced(traceId, [
      /^gateway request/,
      /^gateway risk/,
      /^gateway policy/,
      /^gateway upstream/,
      /^consume mno\.security\.access\.decided/,
    ]);
  });

  it("raises no alert while users do what users do", async () => {
    const browser = await loggedIn();
    for (let round = 0; round < 60; round += 1) {
      assert.equal(
        (await browser.get(`/?page=${String(round % 7)}&sort=${round % 2 === 0 ? "name" : "date"}`)).status,
        200,
      );
    }
    await browser.post("/.mno/logout", {});
    // What was stored was looked at when the rules have nothing before them.
    await eventually("the rules to have seen it all", 30, async () => {
      const metrics = await (await fetch(`${platform.api}/metrics`)).text();
      return /^mno_si_detection_lag_events(?:\{\})? 0$/m.test(metrics) ? true : undefined;
    });
    assert.deepEqual(
      (await incidents()).map(({ title }) => title),
      [],
    );
  });

  it("stops a stolen session at the first request of the thief, and the page that shows why is there", async () => {
    const since = performance.now();
    const owner = await loggedIn();
    assert.equal((await owner.get("/")).status, 200);
    const thief = owner.stolenBy(CURL);
    const refused = await thief.get("/");
    assert.equal(refused.status, 401, await refused.text());
    const { code, traceId } = await decision(refused);
    assert.equal(code, "MNO_SESSION_STOPPED");
    await traced(traceId, [
      /^gateway request/,
      /^POST \/behavioral-authentication\/v1\/assessments/,
      /^gateway risk/,
      /^consume mno\.security\.authentication\.assessed/,
      /^consume mno\.security\.access\.decided/,
    ]);
    assert.equal((await owner.get("/")).status, 401, "the session is over for everybody");
    await detected(/session/i, "alice", since);
    const page = await fetch(`${platform.api}/console/security`);
    assert.equal(page.status, 200);
    assert.match(await page.text(), /Who was let in, and who was not/);
  });

  it("detects credential stuffing", async () => {
    for (const { id } of await incidents()) known.add(id);
    const since = performance.now();
    for (let user = 0; user < 24; user += 1) {
      const attacker = new Browser(platform.gateway, CURL);
      const answer = await attacker.login(`user${String(user)}`, "letmein");
      assert.ok([401, 429].includes(answer.status), String(answer.status));
    }
    await detected(/stuffing|spraying|guess/i, "127.0.0.1", since);
  });

  it("detects lateral movement of a workload that tries services it has no business with", async () => {
    for (const { id } of await incidents()) known.add(id);
    const since = performance.now();
    const workload = "spiffe://cluster.local/ns/shop/sa/cart";
    const services = ["orders", "payments", "users", "stock", "mail"];
    const answer = await accessLog(
      services.map((service) => ({
        "tls.client.x509.subject": workload,
        "url.domain": `${service}.shop.svc`,
        "destination.address": `10.2.0.${String(services.indexOf(service) + 1)}:8080`,
        "http.response.status_code": "403",
      })),
    );
    assert.ok(answer.ok, await answer.text());
    await detected(/no business with/, workload, since);
  });

  it("detects exfiltration", async () => {
    for (const { id } of await incidents()) known.add(id);
    const since = performance.now();
    const workload = "spiffe://cluster.local/ns/shop/sa/reports";
    const lines = Array.from({ length: 12 }, () => ({
      "tls.client.x509.subject": workload,
      "http.response.bytes": 50_000_000,
    }));
    const answer = await accessLog(lines);
    assert.ok(answer.ok, await answer.text());
    await detected(/exfiltration/i, workload, since);
  });

  it("detects an insider who reads more than anybody reads", async () => {
    for (const { id } of await incidents()) known.add(id);
    const since = performance.now();
    const lines = Array.from({ length: 320 }, (_, item) => ({
      "tls.client.x509.subject": "mallory",
      "url.path": `/records/${String(item)}`,
    }));
    const answer = await accessLog(lines);
    assert.ok(answer.ok, await answer.text());
    await detected(/bulk access/i, "mallory", since);
  });
});
