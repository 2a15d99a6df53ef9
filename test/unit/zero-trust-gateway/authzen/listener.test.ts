import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import https from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { createMetrics } from "../../../../runtime/kernel/telemetry/metrics";
import { openDecisionListener } from "../../../../runtime/security/zero-trust-gateway/authzen/listener";
import { metadataOf } from "../../../../runtime/security/zero-trust-gateway/authzen/metadata";
import { DecisionPoint } from "../../../../runtime/security/zero-trust-gateway/policy/decision-point";
import { makeServerCertificate } from "../../../support/server-certificate";
import { ListeningPoint } from "../../../support/authzen/decision-point";
import { entity, world } from "../../../support/cedar/worlds";

const TOKEN = "0123456789abcdef0123";
const ALICE_READS = {
  subject: { type: "user", id: "alice" },
  action: { name: "read" },
  resource: { type: "record", id: "record-1" },
};
const BOB = { type: "user", id: "bob" };
const WRITE = { name: "write" };

const open = (config: object, point = new DecisionPoint()) =>
  openDecisionListener({ config, decisions: point, point, metrics: createMetrics(), log: pino({ enabled: false }) });

describe("AuthZEN listener", () => {
  let pdp: ListeningPoint;

  before(async () => {
    pdp = await ListeningPoint.open("certification", { MNO_ZTG_DECISION_TOKEN: TOKEN });
  });

  after(() => pdp.close());

  const post = (path: string, body: unknown) => pdp.post(path, body, { authorization: `Bearer ${TOKEN}` });

  it("asks for its token", async () => {
    for (const authorization of ["", "Bearer", "Bearer wrong", `Basic ${TOKEN}`, `Bearer ${TOKEN}x`]) {
      const answer = await pdp.post("/access/v1/evaluation", ALICE_READS, { authorization, "x-request-id": "r" });
      assert.equal(answer.status, 401, authorization);
      assert.equal(answer.headers.get("www-authenticate"), 'Bearer realm="https://pdp.example.com"');
      assert.equal(answer.headers.get("x-request-id"), "r");
      assert.ok(!answer.text.includes(TOKEN));
    }
    assert.equal((await post("/access/v1/evaluation", ALICE_READS)).body.decision, true);
    assert.equal((await pdp.send("GET", "/.well-known/authzen-configuration")).status, 200);
  });

  it("knows its endpoints and their method", async () => {
    assert.equal((await pdp.send("GET", "/access/v1/evaluation")).status, 405);
    assert.equal((await pdp.send("POST", "/access/v2/evaluation", "{}")).status, 404);
  });

  it("stops at the first denial, or at the first permit, where it is told to", async () => {
    const evaluations = [{}, { subject: BOB, action: WRITE }, {}];
    const decide = async (semantics?: string) => {
      const options = semantics && { options: { evaluations_semantic: semantics } };
      const { body } = await post("/access/v1/evaluations", { ...ALICE_READS, evaluations, ...options });
      return (body.evaluations as { decision: boolean }[]).map(({ decision }) => decision);
    };
    assert.deepEqual(await decide(), [true, false, true]);
    assert.deepEqual(await decide("execute_all"), [true, false, true]);
    assert.deepEqual(await decide("deny_on_first_deny"), [true, false]);
    assert.deepEqual(await decide("permit_on_first_permit"), [true]);
    const unknown = { ...ALICE_READS, evaluations, options: { evaluations_semantic: "any" } };
    assert.equal((await post("/access/v1/evaluations", unknown)).status, 400);
  });

  it("takes a failed evaluation for a denial", async () => {
    const { body } = await post("/access/v1/evaluations", {
      ...ALICE_READS,
      evaluations: [{ subject: { type: "user" } }, "not an object", {}],
      options: { evaluations_semantic: "deny_on_first_deny" },
    });
    assert.deepEqual(body.evaluations, [
      {
        decision: false,
        context: { error: { status: 400, message: "evaluations[0]: subject.id is required, a string" } },
      },
    ]);
    const many = { ...ALICE_READS, evaluations: Array(1001).fill({}) };
    assert.equal((await post("/access/v1/evaluations", many)).status, 400);
    assert.equal((await post("/access/v1/evaluations", { ...ALICE_READS, evaluations: {} })).status, 400);
    assert.equal((await post("/access/v1/evaluations", { ...ALICE_READS, subject: 1, evaluations: [{}] })).status, 400);
  });

  it("refuses bodies that are not JSON objects in UTF-8, or too large", async () => {
    const json = { "content-type": "application/json", authorization: `Bearer ${TOKEN}` };
    for (const body of ["[]", "1", "null", '"text"', " ", "{'a': 1}"])
      assert.equal((await pdp.send("POST", "/access/v1/evaluation", body, json)).status, 400, body);
    const large = JSON.stringify({ ...ALICE_READS, padding: "x".repeat(1 << 20) });
    assert.equal((await pdp.send("POST", "/access/v1/evaluation", large, json)).status, 400);
    const deep = `{"context": ${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}, ${JSON.stringify(ALICE_READS).slice(1)}`;
    const answer = await pdp.send("POST", "/access/v1/evaluation", deep, json);
    assert.equal(answer.status, 200);
    assert.equal(answer.body.decision, false);
    const { host, port } = pdp.address;
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const sent = request({ host, port, method: "POST", path: "/access/v1/evaluation", headers: json }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      sent.on("error", reject);
      sent.end(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]));
    });
    assert.equal(status, 400);
  });

  it("has properties that are null as absent, and fractions as decimals", async () => {
    const text = `
      permit(principal, action == Action::"see", resource)
      when { !(principal has gone) && principal.score == decimal("0.25") && context.action.depth == 3 };
    `;
    const before = pdp.point.current;
    pdp.point.use(world(text));
    try {
      const see = (properties: object) =>
        post("/access/v1/evaluation", {
          subject: { type: "user", id: "x", properties },
          action: { name: "see", properties: { depth: 3 } },
          resource: { type: "record", id: "y" },
        });
      assert.equal((await see({ gone: null, score: 0.25 })).body.decision, true);
      assert.equal((await see({ gone: 1, score: 0.25 })).body.decision, false);
      const beyond = await see({ score: 1e300 });
      assert.equal(beyond.body.decision, false);
      assert.match(beyond.body.context.errors[0] as string, /score must be an integer below 2\^53/);
    } finally {
      pdp.point.use(before);
    }
  });

  it("gives advice and reasons with its decisions", async () => {
    const before = pdp.point.current;
    pdp.point.use(
      world(
        'permit(principal, action, resource); @id("mfa") @advice("step_up") forbid(principal, action, resource) unless { context has mfa };',
      ),
    );
    try {
      assert.deepEqual((await post("/access/v1/evaluation", ALICE_READS)).body, {
        decision: false,
        context: { reason_admin: { "403": "forbidden by mfa" }, advice: ["step_up"] },
      });
      assert.deepEqual((await post("/access/v1/evaluation", { ...ALICE_READS, context: { mfa: true } })).body, {
        decision: true,
      });
    } finally {
      pdp.point.use(before);
    }
  });

  it("goes through pages, and refuses a token of another search", async () => {
    const before = pdp.point.current;
    const users = Array.from({ length: 2500 }, (_, index) => entity(`user::${index}`));
    pdp.point.use(world("permit(principal, action, resource);", users));
    try {
      const search = { ...ALICE_READS, subject: { type: "user" } };
      const found = new Set<string>();
      let page: { limit?: number; token?: string } = { limit: 700 };
      let pages = 0;
      for (; page.token !== ""; pages++) {
        const { body } = await post("/access/v1/search/subject", { ...search, page });
        for (const { id } of body.results as { id: string }[]) found.add(id);
        page = { token: body.page.next_token as string };
      }
      assert.deepEqual([found.size, pages], [2500, 4]);
      const first = await post("/access/v1/search/subject", search);
      assert.equal(first.body.page.count, 1000);
      const token = first.body.page.next_token as string;
      const bad = async (more: object) => (await post("/access/v1/search/subject", { ...search, ...more })).status;
      assert.equal(await bad({ page: { token }, action: { name: "other" } }), 400);
      assert.equal(await bad({ page: { token, limit: 5 } }), 400);
      assert.equal(await bad({ page: { token: "forged" } }), 400);
      assert.equal(await bad({ page: { limit: -1 } }), 400);
      assert.equal(await bad({ page: { limit: "5" } }), 400);
      assert.deepEqual((await post("/access/v1/search/subject", { ...search, page: { limit: 0 } })).body.results, []);
    } finally {
      pdp.point.use(before);
    }
  });

  it("denies nothing and permits nothing while no policies are loaded", async () => {
    const listener = await open({ MNO_ZTG_DECISION_LISTEN: "127.0.0.1:0" });
    const { host, port } = listener!.address;
    const answer = await fetch(`http://${host}:${port}/access/v1/evaluation`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(ALICE_READS),
    });
    assert.equal(answer.status, 503);
    await answer.text();
    await listener!.close();
  });

  it("without a token, answers to its own names only", async () => {
    const point = new DecisionPoint();
    point.use(world("permit(principal, action, resource);"));
    const config = { MNO_ZTG_DECISION_LISTEN: "127.0.0.1:0", MNO_ZTG_DECISION_URL: "https://pdp.example.com" };
    const listener = await open(config, point);
    const statusFor = (name: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        const options = { ...listener!.address, method: "POST", path: "/access/v1/evaluation" };
        const headers = { host: name, "content-type": "application/json" };
        const sent = request({ ...options, headers }, (response) => {
          response.resume();
          resolve(response.statusCode);
        });
        sent.on("error", reject);
        sent.end(JSON.stringify(ALICE_READS));
      });
    assert.equal(await statusFor("rebound.example:80"), 403);
    assert.equal(await statusFor("localhost:1"), 200);
    assert.equal(await statusFor("pdp.example.com"), 200);
    await listener!.close();
  });

  it("speaks HTTPS with a certificate", async () => {
    const point = new DecisionPoint();
    point.use(world("permit(principal, action, resource);"));
    const { key, certificate } = makeServerCertificate();
    const folder = await mkdtemp(join(tmpdir(), "mno-authzen-"));
    const [keyFile, certificateFile] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
    await writeFile(keyFile, key);
    await writeFile(certificateFile, certificate);
    const files = { MNO_ZTG_DECISION_KEY_FILE: keyFile, MNO_ZTG_DECISION_CERTIFICATE_FILE: certificateFile };
    const listener = await open({ MNO_ZTG_DECISION_LISTEN: "127.0.0.1:0", ...files }, point);
    await rm(folder, { recursive: true });
    const { host, port } = listener!.address;
    const metadata = await new Promise<string>((resolve, reject) => {
      https
        .get({ host, port, path: "/.well-known/authzen-configuration", ca: certificate }, (response) => {
          let text = "";
          response.on("data", (chunk: Buffer) => (text += chunk.toString())).on("end", () => resolve(text));
        })
        .on("error", reject);
    });
    assert.equal((JSON.parse(metadata) as Record<string, string>).policy_decision_point, `https://${host}:${port}`);
    await listener!.close();
  });

  it("does not start on an address that is taken, wrong, or open without a token", async () => {
    assert.equal(await open({}), undefined);
    const { host, port } = pdp.address;
    await assert.rejects(open({ MNO_ZTG_DECISION_LISTEN: `${host}:${port}` }), { code: "MNO_PORT_IN_USE" });
    for (const listen of ["8080", "host:", "host:99999", ":1"])
      await assert.rejects(open({ MNO_ZTG_DECISION_LISTEN: listen }), { code: "MNO_CONFIG_INVALID" });
    await assert.rejects(open({ MNO_ZTG_DECISION_LISTEN: "0.0.0.0:0" }), /MNO_ZTG_DECISION_TOKEN is required/);
    for (const url of ["http://pdp.example.com", "https://pdp.example.com/?tenant=1"]) {
      const config = { MNO_ZTG_DECISION_LISTEN: "127.0.0.1:0", MNO_ZTG_DECISION_URL: url };
      await assert.rejects(open(config), { code: "MNO_CONFIG_INVALID" });
    }
    const half = { MNO_ZTG_DECISION_LISTEN: "127.0.0.1:0", MNO_ZTG_DECISION_KEY_FILE: "key.pem" };
    await assert.rejects(open(half), { code: "MNO_CONFIG_INVALID" });
  });

  it("publishes the metadata of an identifier with a path under the well-known one", () => {
    const { path, document } = metadataOf("https://pdp.example.com/tenant1/");
    assert.equal(path, "/.well-known/authzen-configuration/tenant1");
    assert.equal((document as Record<string, string>).policy_decision_point, "https://pdp.example.com/tenant1");
    assert.equal(
      (document as Record<string, string>).access_evaluation_endpoint,
      "https://pdp.example.com/tenant1/access/v1/evaluation",
    );
  });
});
