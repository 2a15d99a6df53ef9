import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { benign, campaigns } from "../../../bench/security-intelligence/traffic";
import type { OcsfEvent } from "../../../runtime/kernel/ocsf/schema";
import type { Database } from "../../../runtime/kernel/store/database";
import { openDatabase } from "../../../runtime/kernel/store/open";
import { securityIntelligence } from "../../../runtime/security/security-intelligence/agent";
import { silent, TestAgent } from "../auto-scaling-engine/fakes";

const TABLES = [
  "outbox",
  "si_events",
  "si_blocks",
  "si_checkpoints",
  "si_head",
  "si_cursor",
  "si_alerts",
  "si_incidents",
  "si_responses",
  "si_notifications",
];
const START = Date.UTC(2026, 0, 1, 9);

interface Incident {
  id: string;
  title: string;
  status: string;
  confidence: number;
  entities: { kind: string; id: string }[];
  tactics: string[];
}

describe("security intelligence: agent", () => {
  let database: Database;
  let agent: TestAgent;
  let folder: string;

  before(async function () {
    this.timeout(60_000); // PGlite compiles its WebAssembly first
    database = await openDatabase("pglite:memory", { log: silent });
    folder = await mkdtemp(join(tmpdir(), "mno-si-"));
  });
  after(async () => {
    await database.close();
    await rm(folder, { recursive: true });
  });
  afterEach(async () => {
    await agent.stop();
    for (const table of TABLES) await database.query(`TRUNCATE ${table}`);
  });

  async function start(environment: Record<string, string> = {}): Promise<void> {
    agent = new TestAgent(database);
    await agent.start(securityIntelligence, {
      MNO_SI_SIGNING_KEY_FILE: join(folder, "key.pem"),
      ...environment,
    });
  }

  async function post(events: readonly OcsfEvent[]): Promise<void> {
    for (let index = 0; index < events.length; index += 2000) {
      const { status, body } = await agent.call("POST", "/v1/events", { events: events.slice(index, index + 2000) });
      assert.equal(status, 200, JSON.stringify(body));
    }
    await agent.loop("correlate");
  }

  const incidents = async (query = ""): Promise<Incident[]> =>
    ((await agent.call("GET", `/v1/incidents${query}`)).body as { items: Incident[] }).items;

  it("stores events once, finds them again, and says what is not valid", async () => {
    await start();
    const events = campaigns(1, START)[2]!.events;
    assert.deepEqual((await agent.call("POST", "/v1/events", { events })).body, {
      stored: 12,
      duplicates: 0,
      ignored: 0,
    });
    assert.deepEqual((await agent.call("POST", "/v1/events", { events: [...events, events[0]] })).body, {
      stored: 0,
      duplicates: 13,
      ignored: 0,
    });
    const page = (await agent.call("GET", "/v1/events?user=victim-200&limit=5")).body as {
      items: { seq: number }[];
      nextCursor: number;
    };
    assert.deepEqual(
      page.items.map(({ seq }) => seq),
      [11, 10, 9, 8, 7],
    );
    const next = (await agent.call("GET", `/v1/events?user=victim-200&cursor=${page.nextCursor}`)).body as typeof page;
    assert.equal(next.items.length, 7);
    const one = (await agent.call("GET", `/v1/events/${events[0]!.metadata.uid}`)).body as { event: unknown };
    assert.deepEqual(one.event, events[0]);
    const invalid = await agent.call("POST", "/v1/events", { events: [{ class_uid: 1 }] });
    assert.equal(invalid.status, 422);
    const own = structuredClone(events[0]!);
    own.metadata.product.name = "security-intelligence";
    assert.equal((await agent.call("POST", "/v1/events", { events: [own] })).status, 422);
    assert.equal((await agent.call("GET", "/v1/events/nobody")).status, 404);
  });

  it("does not believe times from the future", async () => {
    await start();
    const event = { ...campaigns(1, START)[0]!.events[0]!, time: agent.clock.now() + 10 * 3_600_000 };
    await post([event]);
    const { event: stored } = (await agent.call("GET", `/v1/events/${event.metadata.uid}`)).body as {
      event: OcsfEvent;
    };
    assert.equal(stored.time, agent.clock.now());
    assert.equal(stored.unmapped?.stated_time, event.time);
  });

  for (const { name, events, expected } of campaigns(7, START + 600_000)) {
    it(`finds ${name} in ordinary traffic, and nothing else`, async () => {
      await start();
      const ordinary = benign({ seed: 3, start: START, seconds: 1200, users: 60 });
      await post([...ordinary, ...events].sort((a, b) => a.time - b.time));
      const found = [...(await incidents()), ...(await incidents("?status=watching"))];
      assert.ok(
        found.some(({ title }) => expected.test(title)),
        `found ${found.map(({ title }) => title).join(", ") || "nothing"}`,
      );
      const mine = new Set(
        events.flatMap(({ actor, user, src_endpoint: from }) => [actor?.user?.uid, user?.uid, from?.ip]),
      );
      for (const { title, entities } of found) {
        assert.ok(
          entities.some(({ id }) => mine.has(id)),
          `${title} is about ordinary traffic`,
        );
      }
    });
  }

  it("keeps one incident for one attack, explains it, and exports it", async () => {
    await start();
    await post(campaigns(7, START)[0]!.events);
    const [incident, ...others] = await incidents();
    assert.equal(others.length, 0);
    assert.ok(incident!.confidence > 0.9, String(incident!.confidence));
    const full = (await agent.call("GET", `/v1/incidents/${incident!.id}`)).body as {
      timeline: { id: string; title: string; events: string[] }[];
      graph: { nodes: unknown[]; edges: unknown[] };
      attack: { techniques: { name: string }[] };
      responses: { action: string; status: string }[];
    };
    assert.ok(full.timeline.length >= 2);
    assert.ok(full.attack.techniques.some(({ name }) => name === "Brute Force: Credential Stuffing"));
    assert.ok(full.graph.nodes.length > 0);
    const why = (await agent.call("GET", `/v1/decisions/${full.timeline[0]!.id}`)).body as {
      events: unknown[];
      missing: number;
    };
    assert.ok(why.events.length >= 10);
    assert.equal(why.missing, 0);
    const stix = (await agent.call("GET", `/v1/incidents/${incident!.id}/stix`)).body as {
      objects: { type: string }[];
    };
    for (const type of ["identity", "indicator", "sighting", "attack-pattern", "report", "observed-data"]) {
      assert.ok(
        stix.objects.some((object) => object.type === type),
        type,
      );
    }
    const lines = (await agent.text("/v1/export/ecs?limit=10")).trim().split("\n");
    assert.equal(lines.length, 20);
    assert.ok("create" in (JSON.parse(lines[0]!) as object));
    await agent.until(() => agent.bus.published.some(({ type }) => type === "mno.security.incident.changed"));
  });

  it("takes an incident through its statuses, and refuses what makes no sense", async () => {
    await start();
    await post(campaigns(7, START)[0]!.events);
    const [{ id }] = (await incidents()) as [Incident];
    const change = (status: string) =>
      agent.call("PUT", `/v1/incidents/${id}/status`, { status, by: "ann", reason: "x" });
    assert.equal((await change("in_progress")).status, 200);
    assert.equal((await change("watching")).status, 409);
    assert.equal((await change("resolved")).status, 200);
    assert.equal((await change("open")).status, 409);
    // What comes after the end is another incident.
    await post(campaigns(8, START + 60_000)[0]!.events);
    const after = await incidents();
    assert.equal(after.length, 2);
    assert.equal(
      (await agent.call("PUT", "/v1/incidents/inc_00000000000/status", { status: "open", by: "a", reason: "b" }))
        .status,
      404,
    );
  });

  it("goes on after a restart with what it knew: a correlation across it is found, and nothing twice", async () => {
    await start();
    const { events } = campaigns(7, START)[0]!;
    await post(events.slice(0, 5));
    await agent.stop();
    await start();
    await post(events.slice(5));
    assert.equal((await incidents()).length, 1);
    const [{ count }] = (await database.query<{ count: number }>("SELECT count(*)::int AS count FROM si_alerts")) as [
      { count: number },
    ];
    await agent.stop();
    await start();
    await agent.loop("correlate");
    const [again] = await database.query<{ count: number }>("SELECT count(*)::int AS count FROM si_alerts");
    assert.equal(again?.count, count);
  });

  it("hears the bus, and logs and detects within the request's trace", async () => {
    await start();
    const [first] = campaigns(7, START)[2]!.events;
    await agent.bus.deliver("mno.security.access.decided", "e1", first!);
    await agent.bus.deliver("mno.security.risk.changed", "e2", {
      subjectType: "user",
      subject: "ann",
      level: "high",
      previousLevel: null,
      probability: 0.9,
      reasons: ["because"],
      because: "x",
      expiresAt: new Date(START).toISOString(),
    });
    const { items } = (await agent.call("GET", "/v1/events")).body as { items: { event: OcsfEvent }[] };
    assert.deepEqual(
      items.map(({ event }) => event.class_uid),
      [6003, 4002],
    );
    const spans = agent.tracer.spans.filter(({ parent }) => parent === "consume mno.security.access.decided");
    assert.deepEqual(
      spans.map(({ name }) => name),
      ["log", "correlate and detect"],
    );
  });

  it("takes Kubernetes' audit, mesh access logs and raw logs, and leaves what is no event", async () => {
    await start();
    const audit = {
      auditID: "a1",
      stage: "ResponseComplete",
      verb: "create",
      user: { username: "eve" },
      sourceIPs: ["1.2.3.4"],
    };
    const binding = {
      ...audit,
      objectRef: { resource: "clusterrolebindings", name: "b" },
      requestObject: { roleRef: { name: "cluster-admin" } },
      responseStatus: { code: 201 },
      requestReceivedTimestamp: new Date(START).toISOString(),
    };
    const batch = {
      kind: "EventList",
      apiVersion: "audit.k8s.io/v1",
      items: [binding, { ...audit, stage: "RequestReceived" }],
    };
    assert.deepEqual((await agent.call("POST", "/v1/kubernetes-audit", batch)).body, {
      stored: 1,
      duplicates: 0,
      ignored: 1,
    });
    const line = {
      start_time: new Date(START).toISOString(),
      method: "GET",
      path: "/a?b=c",
      response_code: 200,
      downstream_remote_address: "10.0.0.1:999",
      bytes_sent: 10,
      request_id: "r",
    };
    assert.deepEqual((await agent.call("POST", "/v1/access-logs", { lines: [line, { level: "info" }] })).body, {
      stored: 1,
      duplicates: 0,
      ignored: 1,
    });
    const logs = { logsource: { product: "linux", service: "sshd" }, records: [{ message: "Failed password" }] };
    assert.equal((await agent.call("POST", "/v1/logs", logs)).status, 200);
    await agent.loop("correlate");
    assert.deepEqual(
      (await incidents()).map(({ title }) => title),
      ["Cluster administrator granted"],
    );
  });

  it("carries responses out under approval or by policy, once, and takes them back", async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      response.writeHead(request.method === "DELETE" ? 204 : 200).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      await start({ MNO_SI_GATEWAY_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
      await post(campaigns(7, START)[2]!.events);
      const [{ id }] = (await incidents()) as [Incident];
      await agent.loop("respond");
      await agent.until(() => agent.bus.published.some(({ type }) => type === "mno.security.risk.changed"));
      const list = async () =>
        (
          (await agent.call("GET", `/v1/responses?incident=${id}`)).body as {
            items: { id: string; action: string; status: string; target: { kind: string } }[];
          }
        ).items;
      const revoke = (await list()).find(({ action }) => action === "revoke-session")!;
      assert.equal(revoke.status, "proposed");
      assert.deepEqual(asked, []);
      const approved = await agent.call("POST", `/v1/responses/${revoke.id}/approval`, { by: "ann" });
      assert.equal((approved.body as { status: string }).status, "executed");
      assert.deepEqual(asked, ["DELETE /zero-trust-gateway/v1/sessions/s-victim-200"]);
      assert.equal((await agent.call("POST", `/v1/responses/${revoke.id}/approval`, { by: "ann" })).status, 409);
      assert.equal((await agent.call("POST", `/v1/responses/${revoke.id}/undoing`, { by: "ann" })).status, 501);
      const raised = (await list()).find(({ action, status }) => action === "raise-risk" && status === "executed")!;
      assert.equal(
        ((await agent.call("POST", `/v1/responses/${raised.id}/undoing`, { by: "ann" })).body as { status: string })
          .status,
        "undone",
      );
      const tighten = await agent.call("POST", `/v1/incidents/${id}/responses`, {
        action: "tighten-policy",
        target: { kind: "user", id: 'v"1' },
        by: "ann",
        reason: "x",
      });
      await agent.call("POST", `/v1/responses/${(tighten.body as { id: string }).id}/approval`, { by: "ann" });
      assert.match(asked.at(-1)!, /^PUT \/zero-trust-gateway\/v1\/policies\/incident-rsp-/);
    } finally {
      server.close();
    }
  });

  it("tries a refused response again, and gives up in the end", async () => {
    await start({
      MNO_SI_GATEWAY_URL: "http://127.0.0.1:1",
      MNO_SI_RESPONSES: JSON.stringify([{ action: "revoke-session", minConfidence: 0.1, mode: "automatic" }]),
    });
    await post(campaigns(7, START)[2]!.events);
    for (let round = 0; round < 12; round++) {
      await agent.loop("respond");
      await agent.clock.advance(300_000);
    }
    const { items } = (await agent.call("GET", "/v1/responses")).body as {
      items: { status: string; attempts: number }[];
    };
    assert.deepEqual(
      items.map(({ status, attempts }) => [status, attempts]),
      [["failed", 5]],
    );
  });

  it("signs, verifies, and tells of tampering", async () => {
    await start();
    await post(campaigns(7, START)[5]!.events);
    await agent.loop("sign");
    const checkpoint = (await agent.call("GET", "/v1/log/checkpoint")).body as Record<string, unknown>;
    const verify = async (body = {}) =>
      (await agent.call("POST", "/v1/log/verifications", body)).body as {
        intact: boolean;
        records: number;
        faults: { kind: string; seq: number }[];
      };
    const clean = await verify();
    assert.deepEqual([clean.intact, clean.records], [true, checkpoint.size]);
    await database.query("UPDATE si_events SET record = replace(record, 'insider-1', 'someone-1') WHERE seq = 42");
    assert.deepEqual(
      (await verify()).faults.map(({ kind, seq }) => [kind, seq]),
      [["altered", 42]],
    );
  });

  it("says which rules are in use, and checks others", async () => {
    await start();
    const { rules, refused } = (await agent.call("GET", "/v1/rules")).body as { rules: unknown[]; refused: unknown[] };
    assert.ok(rules.length > 15);
    assert.deepEqual(refused, []);
    const check = (
      await agent.call("POST", "/v1/rules/check", {
        text: "title: x\nlogsource: {product: x}\ndetection: {a: {b|foo: c}, condition: a}",
      })
    ).body as { refused: { code: string }[] };
    assert.equal(check.refused[0]?.code, "MNO_SIGMA_RULE_INVALID");
  });
});
