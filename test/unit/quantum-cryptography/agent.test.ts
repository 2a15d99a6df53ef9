import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { FastifyInstance } from "fastify";
import { ManualClock } from "../../../runtime/kernel/clock";
import { SOLE_LEADER } from "../../../runtime/kernel/cluster/leases/election";
import { loadConfiguration } from "../../../runtime/kernel/config";
import type { EventBus } from "../../../runtime/kernel/events/bus";
import { openBus } from "../../../runtime/kernel/events/open";
import { openOutbox, type OutboxRelay } from "../../../runtime/kernel/events/outbox";
import { DEFAULT_LIMITS } from "../../../runtime/kernel/http/app";
import type { Infrastructure } from "../../../runtime/kernel/lifecycle/infrastructure";
import { AgentRunner } from "../../../runtime/kernel/lifecycle/runner";
import type { Database } from "../../../runtime/kernel/store/database";
import { openDatabase } from "../../../runtime/kernel/store/open";
import { createMetrics, type Metrics } from "../../../runtime/kernel/telemetry/metrics";
import { tracer } from "../../../runtime/kernel/telemetry/traces";
import { quantumCryptography } from "../../../runtime/security/quantum-cryptography/agent";
import { fileRootKey } from "../../../runtime/security/quantum-cryptography/root-keys/file";
import { code, emptied, log, START } from "./support";

const b64 = (text: string): string => Buffer.from(text).toString("base64");

describe("quantum cryptography over HTTP", function () {
  this.timeout(60_000);
  let folder: string;
  let database: Database;
  let bus: EventBus;
  let outbox: OutboxRelay;
  let clock: ManualClock;
  let metrics: Metrics;
  let runner: AgentRunner;
  let http: FastifyInstance;

  type Method = "GET" | "POST" | "PATCH" | "DELETE";
  interface Answer {
    status: number;
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- answers are judged member by member
    body: any;
  }
  async function call(method: Method, url: string, body?: object, caller?: string): Promise<Answer> {
    const headers = caller === undefined ? {} : { "mno-caller": caller };
    const answer = await http.inject({ method, url, headers, ...(body && { payload: body }) });
    return { status: answer.statusCode, body: answer.json<unknown>() };
  }

  before(async () => {
    database = await openDatabase("pglite:memory", { log });
  });
  beforeEach(async () => {
    await emptied(database);
    folder = mkdtempSync(path.join(tmpdir(), "mno-qc-"));
    clock = new ManualClock(START);
    metrics = createMetrics();
    bus = await openBus(`embedded:${folder}/bus`, { clock, log, tracer, metrics });
    outbox = await openOutbox(database, bus, { clock, log });
    const infrastructure = { election: () => SOLE_LEADER, database, bus, outbox, close: () => Promise.resolve() };
    const environment = { MNO_STATE_DIR: folder, MNO_QC_AUDIT_SECONDS: "1" };
    const config = {
      ...(loadConfiguration({ environment, file: {} }, quantumCryptography.configuration) as object),
      MNO_STATE_DIR: folder,
    };
    http = await new Promise<FastifyInstance>((resolve) => {
      runner = new AgentRunner({
        definition: quantumCryptography,
        config,
        log,
        clock,
        random: Math.random,
        metrics,
        tracer,
        infrastructure: () => Promise.resolve(infrastructure as unknown as Infrastructure),
        mount: () => undefined,
        onApp: resolve,
        app: { version: "test", metrics, tracer, access: { host: "127.0.0.1" }, limits: DEFAULT_LIMITS },
      });
      runner.start();
    });
  });
  afterEach(async () => {
    await runner.drain();
    await outbox.stop();
    await bus.close();
    rmSync(folder, { recursive: true, force: true });
  });
  after(() => database.close());

  it("makes, uses, rotates and destroys a key", async () => {
    const made = await call("POST", "/v1/keys", { purpose: "encrypt", alias: "cards", rotationDays: 90 }, "alice");
    assert.equal(made.status, 201);
    assert.deepEqual([made.body.suite, made.body.state, made.body.currentVersion], ["X-Wing", "enabled", 1]);
    const { id } = made.body;
    const context = { tenant: "acme" };
    const sealed = await call("POST", "/v1/keys/cards/encrypt", { plaintext: b64("secret"), context });
    assert.equal(sealed.status, 200);
    const opened = await call("POST", "/v1/decrypt", { ciphertext: sealed.body.ciphertext, context });
    assert.deepEqual([opened.body.plaintext, opened.body.keyId, opened.body.keyVersion], [b64("secret"), id, 1]);
    const wrong = await call("POST", "/v1/decrypt", { ciphertext: sealed.body.ciphertext, context: {} });
    assert.deepEqual([wrong.status, wrong.body.code], [422, "MNO_CRYPTO_OPEN_FAILED"]);
    assert.equal((await call("POST", "/v1/keys/cards/rotate", {})).body.currentVersion, 2);
    const moved = await call("POST", "/v1/rewrap", { ciphertext: sealed.body.ciphertext, context });
    assert.equal(moved.body.keyVersion, 2);
    const versions = await call("GET", "/v1/keys/cards/versions");
    assert.deepEqual(
      versions.body.versions.map((each: { version: number }) => each.version),
      [1, 2],
    );
    assert.equal((await call("POST", "/v1/keys/cards/disable")).body.state, "disabled");
    assert.equal((await call("POST", "/v1/keys/cards/encrypt", { plaintext: "" })).body.code, "MNO_KEY_UNUSABLE");
    assert.equal((await call("POST", "/v1/keys/cards/schedule-destruction", {})).body.state, "destruction-scheduled");
    assert.equal((await call("POST", "/v1/keys/cards/cancel-destruction")).body.state, "disabled");
    assert.equal((await call("GET", "/v1/keys?limit=1")).body.items.length, 1);
  });

  it("signs, verifies, MACs and seals", async () => {
    for (const [purpose, alias] of [
      ["sign", "s"],
      ["mac", "m"],
      ["seal", "p"],
    ])
      await call("POST", "/v1/keys", { purpose, alias });
    const message = b64("message");
    const { signature } = (await call("POST", "/v1/keys/s/sign", { message })).body;
    assert.equal((await call("POST", "/v1/keys/s/verify", { message, signature })).body.valid, true);
    const { jws } = (await call("POST", "/v1/keys/s/sign", { message, format: "jws" })).body;
    assert.equal(Buffer.from(jws.split(".")[1], "base64url").toString(), "message");
    assert.equal((await call("GET", "/v1/jwks")).body.keys[0].kty, "AKP");
    const { tag } = (await call("POST", "/v1/keys/m/mac", { message })).body;
    assert.equal((await call("POST", "/v1/keys/m/verify-mac", { message, tag })).body.valid, true);
    const { sealed } = (await call("POST", "/v1/keys/p/seal", { plaintext: message })).body;
    assert.equal((await call("POST", "/v1/keys/p/open", { sealed })).body.plaintext, message);
  });

  it("answers each operation of a batch for itself", async () => {
    await call("POST", "/v1/keys", { purpose: "encrypt", alias: "k" });
    const { body } = await call("POST", "/v1/batch", {
      operations: [
        { operation: "encrypt", key: "k", plaintext: b64("x") },
        { operation: "encrypt", key: "absent", plaintext: b64("x") },
        { operation: "generate-data-key", key: "k", register: true, withoutPlaintext: true },
      ],
    });
    assert.ok(body.results[0].result.ciphertext.length > 0);
    assert.equal(body.results[1].error.code, "MNO_KEY_NOT_FOUND");
    const { envelopeId, plaintext } = body.results[2].result;
    assert.equal(plaintext, undefined);
    assert.equal((await call("GET", `/v1/envelopes/${envelopeId}`)).body.version, 1);
    assert.equal(
      Buffer.from((await call("POST", `/v1/envelopes/${envelopeId}/decrypt`)).body.plaintext, "base64").length,
      32,
    );
    assert.equal((await call("DELETE", `/v1/envelopes/${envelopeId}`)).status, 200);
    assert.equal((await call("GET", `/v1/envelopes/${envelopeId}`)).body.code, "MNO_ENVELOPE_NOT_FOUND");
  });

  it("explains refusals, reports suites and signs its audit", async () => {
    const refused = await call("POST", "/v1/keys", { purpose: "encrypt", suite: "ML-KEM-512" }, "bob");
    assert.deepEqual([refused.status, refused.body.code], [403, "MNO_CRYPTO_POLICY_REFUSED"]);
    const why = await call("GET", `/v1/decisions/${refused.body.decisionId}`);
    assert.deepEqual([why.body.caller, why.body.outcome], ["bob", "refused"]);
    assert.match(why.body.reasons.join(), /the least is category 3/);
    const { items } = (await call("GET", "/v1/suites")).body;
    assert.equal(items.find((suite: { id: string }) => suite.id === "Ed25519").mayProtect, false);
    await call("POST", "/v1/keys", { purpose: "encrypt" });
    const bom = (await call("GET", "/v1/cbom")).body;
    assert.deepEqual([bom.bomFormat, bom.specVersion], ["CycloneDX", "1.6"]);
    assert.deepEqual(
      bom.components.map(({ name }: { name: string }) => name),
      ["X-Wing", "ML-DSA-65"],
    );
    let proof = await call("GET", `/v1/audit/records/${refused.body.decisionId}/proof`);
    while (proof.status === 404) {
      await clock.advance(1000);
      await new Promise(setImmediate);
      proof = await call("GET", `/v1/audit/records/${refused.body.decisionId}/proof`);
    }
    const { record, ...rest } = proof.body;
    assert.equal(record.id, refused.body.decisionId);
    assert.deepEqual((await call("POST", "/v1/audit/verify-proof", rest)).body, { valid: true });
    assert.deepEqual((await call("GET", "/v1/audit/verify")).body.faults, []);
  });

  it("tells of every change by an event, and of nothing secret in metrics", async () => {
    const types: string[] = [];
    const events = await bus.subscribe({ consumer: "test", types: ["mno.security.key.changed"] }, async ({ data }) => {
      types.push((data as { api: { operation: string } }).api.operation);
    });
    await call("POST", "/v1/keys", { purpose: "encrypt", alias: "k" });
    await call("PATCH", "/v1/keys/k", { rotationDays: 10 });
    while (types.length < 3) await new Promise(setImmediate);
    assert.deepEqual(types, ["create-key", "create-key", "update-key"]);
    await events.close();
    assert.match(await metrics.registry.metrics(), /mno_qc_key_changes_total\{change="update-key"\} 1/);
  });

  it("refuses what is not as the schema says", async () => {
    await call("POST", "/v1/keys", { purpose: "encrypt", alias: "k" });
    for (const [url, body] of [
      ["/v1/keys", { purpose: "wrap" }],
      ["/v1/keys", { purpose: "encrypt", alias: "key_0" }],
      ["/v1/keys", { purpose: "encrypt", seed: "AAAA", expanded: "AAAA" }],
      ["/v1/keys/k/encrypt", { plaintext: "not base64!" }],
      ["/v1/keys/k/encrypt", { plaintext: "", context: { a: 1 } }],
      ["/v1/keys/k/encrypt", { plaintext: "", context: { "\u0000": "x" } }],
      ["/v1/decrypt", { ciphertext: "", extra: 1 }],
    ] as const) {
      const { status, body: answer } = await call("POST", url, body);
      assert.deepEqual([url, status, answer.code], [url, 422, "MNO_REQUEST_INVALID"]);
    }
    assert.equal((await call("POST", "/v1/decrypt", { ciphertext: b64("MNOE") })).body.code, "MNO_ENVELOPE_INVALID");
    assert.equal((await call("GET", "/v1/keys", undefined, "mno:quantum-cryptography")).status, 200);
    assert.equal((await call("POST", "/v1/keys", { purpose: "mac" }, "mno:quantum-cryptography")).status, 422);
  });

  it("makes its root key's file for the owner only", () => {
    const file = path.join(folder, "quantum-cryptography", "root.key");
    assert.ok(existsSync(file));
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });
});

describe("root key in a file", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), "mno-root-"))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("gives back what it wrapped, to the same context and file only", async () => {
    const [one, other] = ["a", "b"].map((name) => fileRootKey(path.join(folder, name), { create: true }));
    const wrapped = await one!.wrap(Buffer.from("secret"), Buffer.from("context"));
    assert.equal(Buffer.from(await one!.unwrap(wrapped, Buffer.from("context"))).toString(), "secret");
    assert.equal(fileRootKey(path.join(folder, "a"), { create: false }).id, one!.id);
    await assert.rejects(one!.unwrap(wrapped, Buffer.from("other")), code("MNO_ROOT_KEY_INVALID"));
    await assert.rejects(other!.unwrap(wrapped, Buffer.from("context")), code("MNO_ROOT_KEY_INVALID"));
  });

  it("refuses a file that others may read, that is absent, or that is no key, without showing it", () => {
    const file = path.join(folder, "root.key");
    assert.throws(() => fileRootKey(file, { create: false }), /cannot be read \(ENOENT\)/);
    fileRootKey(file, { create: true });
    chmodSync(file, 0o640);
    assert.throws(() => fileRootKey(file, { create: false }), /chmod 600/);
    writeFileSync(file, "c2VjcmV0");
    chmodSync(file, 0o600);
    assert.throws(
      () => fileRootKey(file, { create: false }),
      (error: Error) => /32 bytes in base64/.test(error.message) && !error.message.includes(readFileSync(file, "utf8")),
    );
  });
});
