import assert from "node:assert/strict";
import { Type } from "@sinclair/typebox";
import { pino } from "pino";
import { MnoError } from "../../../runtime/exports";
import { type App, createApp, DEFAULT_LIMITS } from "../../../runtime/kernel/http/app";
import { Front } from "../../../runtime/kernel/http/front";
import { createMetrics, type Metrics } from "../../../runtime/kernel/telemetry/metrics";
import { tracer } from "../../../runtime/kernel/telemetry/traces";

interface Problem {
  status: number;
  code: string;
  detail: string;
  type: string;
  title: string;
  faults?: { field: string; message: string }[];
}

describe("an engine's HTTP application behind the front", () => {
  let metrics: Metrics;
  let app: App;
  let front: Front;
  let url: string;
  let release: () => void = () => undefined;

  beforeEach(async () => {
    metrics = createMetrics();
    app = await createApp({
      name: "engine",
      version: "1.2.3",
      log: pino({ level: "silent" }),
      metrics,
      tracer,
      access: { host: "127.0.0.1" },
      limits: { ...DEFAULT_LIMITS, bodyBytes: 100, inFlight: 2 },
    });
    const Body = Type.Object({ size: Type.Integer({ minimum: 1 }) }, { additionalProperties: false });
    app.http.post("/things", { schema: { body: Body } }, async () => ({ made: true }));
    app.http.get("/conflict", async () => {
      throw new MnoError("MNO_ALLOCATION_OVER_CAPACITY", "none is left", { extensions: { decisionId: "d1" } });
    });
    app.http.get("/wait", () => new Promise((resolve) => (release = () => resolve({}))));
    await app.http.ready();
    front = new Front({ "/healthz": () => Promise.resolve({ status: 200, contentType: "text/plain", body: "alive" }) });
    front.mount("engine", app.handle);
    url = await front.listen("127.0.0.1", 0);
  });

  afterEach(async () => {
    release();
    await front.close(0);
    await app.http.close();
  });

  const post = (body: string, type = "application/json"): Promise<Response> =>
    fetch(`${url}/engine/things`, { method: "POST", headers: { "content-type": type }, body });

  async function problemOf(response: Response): Promise<Problem> {
    assert.match(response.headers.get("content-type") ?? "", /^application\/problem\+json/);
    const problem = (await response.json()) as Problem;
    assert.equal(problem.status, response.status);
    assert.equal(problem.type, `urn:mno:error:${problem.code}`);
    assert.ok(problem.title && problem.detail);
    return problem;
  }

  it("answers, and describes what it answers", async () => {
    assert.deepEqual(await (await post('{"size":1}')).json(), { made: true });
    const document = (await (await fetch(`${url}/engine/openapi.json`)).json()) as {
      paths: object;
      info: { version: string };
    };
    assert.ok("/things" in document.paths);
    assert.equal(document.info.version, "1.2.3");
  });

  const faulty: [string, string, string, number, string][] = [
    ["a missing member", "{}", "application/json", 422, "MNO_REQUEST_INVALID"],
    ["a wrong type", '{"size":"x"}', "application/json", 422, "MNO_REQUEST_INVALID"],
    ["an unknown member", '{"size":1,"color":"red"}', "application/json", 422, "MNO_REQUEST_INVALID"],
    ["null for a number", '{"size":null}', "application/json", 422, "MNO_REQUEST_INVALID"],
    ["true for a number", '{"size":true}', "application/json", 422, "MNO_REQUEST_INVALID"],
    ["a text for a number", '{"size":"1"}', "application/json", 422, "MNO_REQUEST_INVALID"],
    ["broken JSON", '{"size"', "application/json", 400, "MNO_REQUEST_MALFORMED"],
    ["no body at all", "", "application/json", 400, "MNO_REQUEST_MALFORMED"],
    ["another media type", "size=1", "application/x-www-form-urlencoded", 415, "MNO_MEDIA_TYPE_UNSUPPORTED"],
    [
      "a body over the limit",
      `{"size":1,"color":"${"r".repeat(100)}"}`,
      "application/json",
      413,
      "MNO_REQUEST_TOO_LARGE",
    ],
  ];
  for (const [what, body, type, status, code] of faulty) {
    it(`refuses ${what} with ${String(status)} ${code}`, async () => {
      const problem = await problemOf(await post(body, type));
      assert.equal(problem.status, status);
      assert.equal(problem.code, code);
    });
  }

  it("names the field, and every fault at once", async () => {
    const { faults } = await problemOf(await post('{"size":0,"color":1}'));
    assert.deepEqual(faults?.map((fault) => fault.field).sort(), ["body/color", "body/size"]);
  });

  it("carries a coded error with its extensions", async () => {
    const problem = await problemOf(await fetch(`${url}/engine/conflict`));
    assert.equal(problem.code, "MNO_ALLOCATION_OVER_CAPACITY");
    assert.equal((problem as unknown as { decisionId: string }).decisionId, "d1");
  });

  it("refuses a malformed URL", async () => {
    assert.equal((await problemOf(await fetch(`${url}/engine/%zz`))).code, "MNO_REQUEST_MALFORMED");
  });

  it("tells where to look when nothing answers", async () => {
    assert.match(
      (await problemOf(await fetch(`${url}/engine/nope?x=1`))).detail,
      /GET \/engine\/nope; \/engine\/openapi\.json/,
    );
    assert.match((await problemOf(await fetch(`${url}/other/`))).detail, /\/healthz, \/engine\//);
    const method = await problemOf(await fetch(`${url}/healthz`, { method: "DELETE" }));
    assert.equal(method.code, "MNO_METHOD_NOT_ALLOWED");
  });

  it("refuses more than the limit of requests at work, and takes more when they are done or gone", async () => {
    const given = new AbortController();
    const first = fetch(`${url}/engine/wait`, { signal: given.signal });
    const second = fetch(`${url}/engine/wait`);
    first.catch(() => undefined);
    const inFlight = async (): Promise<number> =>
      (await metrics.registry.getSingleMetric("mno_http_requests_in_flight")?.get())?.values[0]?.value ?? 0;
    while ((await inFlight()) < 2) await new Promise((resolve) => setImmediate(resolve));
    const refused = await fetch(`${url}/engine/conflict`);
    assert.equal(refused.headers.get("retry-after"), "1");
    assert.equal((await problemOf(refused)).code, "MNO_OVERLOADED");
    given.abort();
    while ((await inFlight()) > 1) await new Promise((resolve) => setImmediate(resolve));
    assert.equal((await fetch(`${url}/engine/conflict`)).status, 409, "the aborted request still counts");
    release();
    assert.equal((await second).status, 200);
  });

  it("counts by route, never by what a caller chose", async () => {
    await fetch(`${url}/engine/nope-${String(process.pid)}`);
    await post('{"size":1}');
    const text = await metrics.registry.metrics();
    assert.match(text, /mno_http_requests_total\{engine="engine",method="POST",route="\/things",code="200"\} 1/);
    assert.match(text, /route="unknown",code="404"\} 1/);
    assert.ok(!text.includes("nope-"));
  });

  it("is there, and away, as it is mounted", async () => {
    front.mount("engine", undefined);
    const away = await fetch(`${url}/engine/conflict`);
    assert.equal((await problemOf(away)).code, "MNO_AGENT_UNAVAILABLE");
    front.mount("engine", app.handle);
    assert.equal((await fetch(`${url}/engine/conflict`)).status, 409);
  });
});
