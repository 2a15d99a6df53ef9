import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Database } from "../../../runtime/kernel/store/database";
import { openDatabase } from "../../../runtime/kernel/store/open";
import { threatDetection } from "../../../runtime/security/threat-detection/agent";
import type { Alert } from "../../../runtime/security/threat-detection/alerts/alert";
import type { Result } from "../../../runtime/security/threat-detection/monitor";
import { ThreatStore } from "../../../runtime/security/threat-detection/store";
import type { Model } from "../../../runtime/security/threat-detection/models/manifest";
import { silent, TestAgent } from "../auto-scaling-engine/fakes";
import { jobOf, modelOf } from "./model-fixture";
import { gaussians, login, request, START } from "./support";

const PIPELINE = {
  name: "orders",
  entity: "who",
  fields: [
    { name: "amount", path: "amount", kind: "number" },
    { name: "items", path: "items", kind: "number" },
    { name: "currency", path: "currency", kind: "category" },
  ],
};
const SIGMA = `
title: Somebody asks for the secret
id: 6d2f4c86-5a0d-4a43-9a0e-0c4f6c7f9b11
status: test
description: The path of the secret was asked for
logsource: { category: webserver }
detection: { selection: { cs-uri-stem: /secret }, condition: selection }
level: high
tags: [attack.t1083]
`;

describe("threat detection: agent", function () {
  this.timeout(60_000); // PGlite compiles its WebAssembly first
  let database: Database;
  let agent: TestAgent;
  let folder: string;

  before(async () => {
    database = await openDatabase("pglite:memory", { log: silent });
    folder = mkdtempSync(join(tmpdir(), "mno-td-agent-"));
    const { privateKey } = generateKeyPairSync("ml-dsa-65");
    writeFileSync(join(folder, "key.pem"), privateKey.export({ type: "pkcs8", format: "pem" }));
    writeFileSync(join(folder, "rule.yml"), SIGMA);
  });
  after(async () => {
    await database.close();
    rmSync(folder, { recursive: true });
  });
  const start = async (environment: Record<string, string> = {}): Promise<void> => {
    agent = new TestAgent(database);
    await agent.start(threatDetection, { MNO_TD_SIGNING_KEY_FILE: join(folder, "key.pem"), ...environment });
  };
  afterEach(async () => {
    await agent.stop();
    await database.query("TRUNCATE outbox, td_pipelines, td_states, td_alerts, td_models, td_jobs");
  });

  const post = async (body: object): Promise<Result[]> => {
    const { status, body: answer } = await agent.call("POST", "/v1/events", body);
    assert.equal(status, 200, JSON.stringify(answer));
    return (answer as { items: Result[] }).items;
  };
  const alertOf = async (id: string) => (await agent.call("GET", `/v1/alerts/${id}`)).body as Alert;
  const next = gaussians(1);
  const order = (index: number, data: object = {}) => ({
    id: `order-${index}`,
    time: new Date(START + index * 1000).toISOString(),
    data: {
      who: `user-${index % 40}`,
      amount: 50 + 10 * next(),
      items: 3 + next(),
      currency: index % 3 === 0 ? "EUR" : "USD",
      ...data,
    },
  });
  const orders = async (from: number, count: number): Promise<void> => {
    for (let at = from; at < from + count; at += 500) {
      const rows = Array.from({ length: Math.min(500, from + count - at) }, (_, index) => order(at + index));
      await post({ pipeline: "orders", rows });
      await agent.clock.advance(rows.length * 1000);
    }
  };

  it("tells of what is unusual, says which features make it so, learns from feedback, and goes on after a restart", async () => {
    await start({ MNO_TD_ALERTS_PER_DAY: "200" });
    assert.equal((await agent.call("POST", "/v1/pipelines", PIPELINE)).status, 201);
    await orders(0, 3500);
    const strange = { who: "mallory", amount: 9000, items: 500, currency: "XAU" };
    const [result] = await post({ pipeline: "orders", rows: [order(5000, strange)] });
    assert.equal(result!.alerts.length, 1, JSON.stringify(result));
    const alert = await alertOf(result!.alerts[0]!);
    assert.equal(alert.entity, "mallory");
    const amount = alert.contributions.find(({ feature }) => feature === "amount");
    assert.equal(amount?.value, 9000);
    assert.ok(amount.share > 0 && Number(amount.usual) < 100);
    assert.ok(alert.score > alert.threshold);
    assert.match(alert.why, /Strangeness .* is over .* usually/);
    assert.equal(Object.keys(alert.members).length, 6);
    // Another of its kind is the same alert.
    const [again] = await post({ pipeline: "orders", rows: [order(5001, strange)] });
    if (again!.alerts.length > 0) assert.equal(again!.alerts[0], alert.id);
    // The budget lets one ordinary order in a hundred be told as well.
    const told = () => agent.bus.published.find(({ subject }) => subject === "mallory");
    await agent.until(() => told() !== undefined);
    assert.equal(told()!.type, "mno.security.threat.detected");

    const verdict = { verdict: "false-positive", by: "ann", reason: "a wholesaler" };
    const settled = await agent.call("POST", `/v1/alerts/${alert.id}/feedback`, verdict);
    assert.equal((settled.body as Alert).state, "dismissed");
    const [quiet] = await post({ pipeline: "orders", rows: [order(5002, { ...strange, amount: 8000 })] });
    assert.deepEqual(quiet!.alerts, []);

    await agent.stop();
    await start();
    const [after] = await post({ pipeline: "orders", rows: [order(6000, { who: "eve", amount: 70_000, items: 90 })] });
    assert.ok(after!.pValue! < 0.01, JSON.stringify(after));
    const list = (await agent.call("GET", "/v1/alerts?state=dismissed")).body as { items: Alert[] };
    assert.deepEqual(
      list.items.map(({ id }) => id),
      [alert.id],
    );
  });

  it("finds sprayed passwords in the gateway's events, once however often they come", async () => {
    await start();
    const events = Array.from({ length: 14 }, (_, index) =>
      login(`user-${index}`, "203.0.113.9", false, START + index * 1000),
    );
    for (const event of [...events, ...events])
      await agent.bus.deliver("mno.security.login.refused", event.metadata.uid, event);
    const { items } = (await agent.call("GET", "/v1/alerts?entity=203.0.113.9")).body as { items: Alert[] };
    assert.equal(items.length, 1);
    assert.equal(items[0]!.detector, "pattern:password-spray");
    assert.equal(items[0]!.technique?.uid, "T1110.003");
    assert.equal(items[0]!.count, 5);
  });

  it("finds an attack in a request, and what a Sigma rule looks for", async () => {
    await start({ MNO_TD_SIGMA_FOLDER: folder });
    const [attack, secret, honest] = await post({
      events: [
        request("/search", "203.0.113.9", START, 200, "q=1'%20UNION%20SELECT%20password%20FROM%20users--%20"),
        request("/secret", "203.0.113.9", START + 1000),
        request("/search", "203.0.113.9", START + 2000, 200, "q=shoes"),
      ],
    });
    const detectors = async ({ alerts }: Result) => Promise.all(alerts.map(async (id) => (await alertOf(id)).detector));
    assert.deepEqual(await detectors(attack!), ["http:signature"]);
    assert.deepEqual(await detectors(secret!), ["sigma:6d2f4c86-5a0d-4a43-9a0e-0c4f6c7f9b11"]);
    assert.deepEqual(await detectors(honest!), []);
  });

  it("promotes a signed model, rolls back, and refuses one that was tampered with", async () => {
    await start();
    await agent.call("POST", "/v1/pipelines", PIPELINE);
    await orders(0, 500);
    const store = new ThreatStore(database);
    for (const id of ["mdl_1", "mdl_2"]) await store.finishJob(jobOf(id), modelOf(id, folder, id === "mdl_1" ? 1 : 2));
    const promote = (id: string) => agent.call("POST", `/v1/models/${id}/promote`);
    const states = async () =>
      ((await agent.call("GET", "/v1/models?pipeline=orders")).body as { items: Model[] }).items.map(
        ({ state }) => state,
      );
    assert.equal((await promote("mdl_1")).status, 200);
    assert.equal((await promote("mdl_2")).status, 200);
    assert.deepEqual(await states(), ["active", "retired"]);
    assert.equal((await promote("mdl_1")).status, 200);
    assert.deepEqual(await states(), ["retired", "active"]);
    for (const loop of ["snapshot", "prune", "follow promotions"]) await agent.loop(loop);
    await database.query(
      "UPDATE td_models SET artifact = set_byte(artifact, 30, (get_byte(artifact, 30) + 1) % 256) WHERE id = 'mdl_2'",
    );
    const refused = await promote("mdl_2");
    assert.equal((refused.body as { code: string }).code, "MNO_THREAT_MODEL_UNTRUSTED");
    assert.deepEqual(await states(), ["retired", "active"]);
  });

  it("refuses what it cannot look at", async () => {
    await start();
    const code = async (url: string, body?: object) =>
      ((await agent.call(body === undefined ? "GET" : "POST", url, body)).body as { code: string }).code;
    assert.equal(await code("/v1/events", { rows: [order(1)] }), "MNO_THREAT_EVENT_INVALID");
    assert.equal(await code("/v1/events", { pipeline: "none", rows: [order(1)] }), "MNO_THREAT_PIPELINE_NOT_FOUND");
    assert.equal(await code("/v1/alerts/alt_none"), "MNO_THREAT_ALERT_NOT_FOUND");
    assert.equal(await code("/v1/models/mdl_none/promote", {}), "MNO_THREAT_MODEL_NOT_FOUND");
    assert.equal(await code("/v1/training-jobs/job_none"), "MNO_THREAT_JOB_NOT_FOUND");
    await agent.call("POST", "/v1/pipelines", PIPELINE);
    assert.equal(await code("/v1/pipelines", { ...PIPELINE, entity: "other" }), "MNO_THREAT_PIPELINE_CONFLICT");
    assert.equal(
      await code("/v1/training-jobs", { pipeline: "orders", assumption: "normals" }),
      "MNO_THREAT_EVENT_INVALID",
    );
  });
});
