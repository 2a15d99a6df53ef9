import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import type { MnoError } from "../../../runtime/exports";
import { ManualClock } from "../../../runtime/kernel/clock";
import { ocsfEvent } from "../../../runtime/kernel/ocsf/event";
import type { OcsfEvent } from "../../../runtime/kernel/ocsf/schema";
import type { Database } from "../../../runtime/kernel/store/database";
import { openDatabase } from "../../../runtime/kernel/store/open";
import { securityIntelligence } from "../../../runtime/security/security-intelligence/agent";
import { Detector } from "../../../runtime/security/security-intelligence/detection/detector";
import { ofAccessLog } from "../../../runtime/security/security-intelligence/ingest/access-log";
import { abridged, MAX_DEPTH, shallow } from "../../../runtime/security/security-intelligence/ingest/bounded";
import { Enrichment } from "../../../runtime/security/security-intelligence/ingest/enrich";
import { entitiesOf } from "../../../runtime/security/security-intelligence/ingest/entities";
import { Intake } from "../../../runtime/security/security-intelligence/ingest/intake";
import { ofAudit } from "../../../runtime/security/security-intelligence/ingest/kubernetes";
import { ofRawLog } from "../../../runtime/security/security-intelligence/ingest/raw-log";
import { MAX_RECORD_BYTES, recordOf } from "../../../runtime/security/security-intelligence/ingest/record";
import type { LogRecord } from "../../../runtime/security/security-intelligence/log/block";
import { EventLog } from "../../../runtime/security/security-intelligence/log/log";
import { FileSigner } from "../../../runtime/security/security-intelligence/log/signer";
import { verifyLog } from "../../../runtime/security/security-intelligence/log/verify";
import { MIGRATIONS } from "../../../runtime/security/security-intelligence/migrations";
import { loadRules } from "../../../runtime/security/security-intelligence/rules/load";
import { silent, TestAgent } from "../auto-scaling-engine/fakes";

const NOW = Date.UTC(2026, 0, 1, 9);
const DEEP = 200_000;

const event = (changes: object = {}): OcsfEvent =>
  ocsfEvent("apiActivity", { uid: "u", product: "p", activity_id: 1, time: new Date(NOW), ...changes });
/** As a parser makes it: its stack is no matter to it. */
const deep = (depth = DEEP): unknown => JSON.parse(`${"[".repeat(depth)}1${"]".repeat(depth)}`) as unknown;
const invalid = (error: MnoError): boolean => error.code === "MNO_SECURITY_EVENT_INVALID";

/** Kubernetes' record of a privileged pod, with what the attacker adds to it. */
const privileged = (more: object = {}) => ({
  auditID: "a-1",
  stage: "ResponseComplete",
  verb: "create",
  user: { username: "eve" },
  objectRef: { resource: "pods", namespace: "shop", name: "web-1" },
  responseStatus: { code: 201 },
  requestReceivedTimestamp: "2026-01-01T09:00:00Z",
  requestObject: { ...more, spec: { containers: [{ name: "x", securityContext: { privileged: true } }] } },
});

describe("security intelligence: hostile events", () => {
  it("are cut where they are nested too deep, and read as any other", () => {
    const { event: kept, record } = recordOf(event({ unmapped: { deep: deep(), flat: 1 } }), NOW);
    assert.equal(kept.unmapped?.["flat"], 1);
    assert.equal(kept.unmapped["shortened"], `nested deeper than ${MAX_DEPTH}`);
    assert.ok(record.text.length < 1000);
    const open = { ...event(), actor: deep(), other: { x: deep() } } as unknown as OcsfEvent;
    assert.ok(recordOf(open, NOW).record.text.length < 2000, "also where OCSF lets events carry more");
    recordOf(ofRawLog({ message: deep() }, { product: "linux" }, NOW), NOW);
    recordOf(ofAccessLog({ method: "GET", response_code: 200, x: deep() }, NOW)!, NOW);
    const usual = { a: { b: [{ c: 1 }] } };
    assert.equal(shallow(usual), usual, "what is not too deep is not copied");
  });

  it("that are too long keep what rules look for, and those beside them are kept whole", async () => {
    const padding = { metadata: { annotations: { note: "x".repeat(2 * MAX_RECORD_BYTES) } } };
    const { event: kept, record } = recordOf(ofAudit(privileged(padding), NOW)!, NOW);
    assert.ok(Buffer.byteLength(record.text) <= MAX_RECORD_BYTES);
    assert.equal(kept.unmapped?.["shortened"], `longer than ${MAX_RECORD_BYTES} bytes`);
    const detector = new Detector(await loadRules(undefined, {}), 120_000);
    const whole = detector.process(recordOf(ofAudit(privileged(), NOW)!, NOW).event).map(({ title }) => title);
    const cut = detector.process(kept).map(({ title }) => title);
    assert.ok(whole.length > 0);
    assert.deepEqual(cut, whole, "padding hides nothing");

    const row = Object.fromEntries(Array.from({ length: 256 }, (_, n) => [`field ${n}`, "0123456789"]));
    const many = Array.from({ length: 256 }, () => row);
    const least = recordOf(event({ unmapped: { many } }), NOW).event.unmapped;
    assert.deepEqual(least, { shortened: `longer than ${MAX_RECORD_BYTES} bytes` }, "or at least that it was");
    const observables = Array.from({ length: 1000 }, () => ({ value: "x".repeat(8000) }));
    assert.throws(() => recordOf(event({ observables }), NOW), invalid);
  });

  it("are bounded whatever they are made of, and never more than they were", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 40, noUnicodeString: false }), (value) => {
        assert.deepEqual(shallow(value), value);
        const short = abridged(value);
        assert.ok(JSON.stringify(short).length <= JSON.stringify(value).length + 8);
      }),
      { numRuns: 200 },
    );
    const named = JSON.parse(
      '{"__proto__": {"polluted": true}, "constructor": {"prototype": {"polluted": true}}}',
    ) as object;
    for (const made of [abridged(named), abridged({ deep: named })]) {
      assert.equal(JSON.stringify(made).includes("__proto__"), true, "kept as the data that it is");
      assert.equal((made as Record<string, unknown>)["polluted"], undefined);
    }
    assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
  });

  it("of no time that can be are of the time of their reception, and say so", () => {
    for (const time of [-1, NOW + 300_001, 1e300, Number.MAX_SAFE_INTEGER]) {
      const { event: kept, record } = recordOf({ ...event(), time }, NOW);
      assert.deepEqual([kept.time, record.time, kept.unmapped?.["stated_time"]], [NOW, NOW, time]);
    }
    for (const stated of ["1900-01-01T00:00:00Z", "+275760-09-13T00:00:00Z", "yesterday"]) {
      const audit = ofAudit({ ...privileged(), requestReceivedTimestamp: stated }, NOW)!;
      assert.equal(recordOf(audit, NOW).record.time, NOW, stated);
    }
    assert.equal(recordOf({ ...event(), time: 0 }, NOW).record.time, 0, "the past is believed");
    assert.throws(() => recordOf({ ...event(), class_uid: 2 ** 31 }, NOW), invalid);
  });

  it("of one source that is ahead do not make all others late", async () => {
    const rules = await loadRules(undefined, {});
    const lateness = 120_000;
    const misuse = (ahead: number): string[] => {
      const detector = new Detector(rules, lateness);
      const found: string[] = [];
      for (let n = 0; n < 12; n += 1) {
        const now = NOW + n * 1000;
        const early = { ...event({ uid: `early-${n}` }), time: now + 299_000 };
        const refused = event({
          uid: `refused-${n}`,
          time: new Date(now),
          status_id: 2,
          actor: { user: { uid: "eve" } },
          resources: [{ type: "key", uid: "key_1" }],
        });
        for (const each of [early, refused])
          found.push(...detector.process(recordOf(each, now, ahead).event).map(({ title }) => title));
      }
      return found;
    };
    assert.ok(misuse(lateness / 2).includes("Misuse of a key"));
    assert.deepEqual(misuse(300_000), [], "which they would, were it believed");
  });

  it("name no more than some entities, the actor first", () => {
    const resources = Array.from({ length: 5000 }, (_, n) => ({ type: "workload", uid: `w${n}` }));
    const named = entitiesOf(event({ actor: { user: { uid: "eve" } }, src_endpoint: { ip: "10.0.0.9" }, resources }));
    assert.equal(named.length, 32);
    assert.deepEqual(named.slice(0, 2), [
      { kind: "user", id: "eve" },
      { kind: "address", id: "10.0.0.9" },
    ]);
  });

  it("that a client names do not hide behind each other's names", () => {
    const line = { method: "GET", response_code: 403, path: "/a", request_id: "chosen", upstream_cluster: "orders" };
    const uid = (change: object): string => ofAccessLog({ ...line, ...change }, NOW)!.metadata.uid;
    assert.notEqual(uid({ path: "/b" }), uid({}), "one request id, two requests");
    assert.equal(uid({}), uid({}));
    assert.equal(ofAccessLog(line, NOW)?.http_request?.uid, "chosen");
  });

  describe("at the log", function () {
    this.timeout(60_000);
    let database: Database;
    let log: EventLog;
    const clock = new ManualClock(NOW);

    before(async () => {
      database = await openDatabase("pglite:memory", { log: silent });
      await database.migrate("security-intelligence", MIGRATIONS);
      log = new EventLog(database, clock);
    });
    after(() => database.close());
    beforeEach(async () => {
      for (const table of ["si_events", "si_blocks", "si_checkpoints", "si_head"])
        await database.query(`TRUNCATE ${table}`);
    });

    const texts = async (): Promise<OcsfEvent[]> =>
      (await log.read(0, 100)).map(({ text }) => JSON.parse(text) as OcsfEvent);

    it("cannot keep another out by taking its id first", async () => {
      const benign = ofAudit({ ...privileged(), verb: "get", requestObject: undefined } as never, NOW)!;
      const attack = ofAudit(privileged(), NOW)!;
      assert.equal(benign.metadata.uid, attack.metadata.uid, "whose Audit-ID is whose client's to choose");
      const seen: string[] = [];
      const intake = new Intake(log, new Enrichment(), clock, (logged) => {
        for (const { stored, event: shown } of logged) {
          assert.equal(shown.metadata.uid, stored.uid);
          assert.equal(JSON.stringify(shown), stored.text, "rules see what is kept");
          seen.push(`${shown.api?.operation ?? ""} ${stored.seq}`);
        }
      });
      assert.deepEqual(await intake.accept([benign]), { stored: 1, duplicates: 0 });
      assert.deepEqual(await intake.accept([attack]), { stored: 1, duplicates: 0 });
      assert.deepEqual(
        await intake.accept([attack, benign, attack]),
        { stored: 0, duplicates: 3 },
        "again it is the same",
      );
      assert.deepEqual(seen, ["get pods 0", "create pods 1"]);
      const [, renamed] = await texts();
      assert.match(renamed?.metadata.uid ?? "", /^audit-a-1-ResponseComplete~[0-9a-f]{32}$/);
      assert.equal(renamed?.unmapped?.["stated_uid"], "audit-a-1-ResponseComplete");
      assert.equal((await verifyLog(database, FileSigner.ephemeral())).intact, true);
    });

    it("in one append, or at the same time, are told apart as well", async () => {
      const intake = new Intake(log, new Enrichment(), clock, () => undefined);
      const one = (n: number): OcsfEvent => event({ uid: "same", message: `m${n}` });
      const answers = await Promise.all([
        intake.accept([one(1), one(2), one(1)]),
        intake.accept([one(2), one(3)]),
        intake.accept([one(3)]),
      ]);
      assert.equal(
        answers.reduce((sum, { stored }) => sum + stored, 0),
        3,
      );
      assert.equal(
        answers.reduce((sum, { duplicates }) => sum + duplicates, 0),
        3,
      );
      assert.deepEqual((await texts()).map(({ message }) => message).sort(), ["m1", "m2", "m3"]);
    });

    it("sent again are the same, though more is known of them by now", async () => {
      const late = new ManualClock(NOW);
      const sent = { ...event({ actor: { user: { uid: "ann" } }, src_endpoint: { ip: "10.0.0.1" } }), time: NOW + 9e6 };
      const plain = new Intake(log, new Enrichment(), late, () => undefined);
      assert.equal((await plain.accept([sent])).stored, 1);
      await late.advance(5000);
      const users = { ann: { name: "Ann", groups: ["ops"] } };
      const knowing = new Enrichment({ users, addresses: { "10.0.0.1": { hostname: "printer" } } });
      assert.deepEqual(await new Intake(log, knowing, late, () => undefined).accept([sent]), {
        stored: 0,
        duplicates: 1,
      });
    });

    it("that the database refuses do not keep out those beside them", async () => {
      const refusing = {
        append: async (records: readonly LogRecord[]) => {
          if (records.some(({ uid }) => uid === "poison")) throw new RangeError("the database does not take it");
          return log.append(records);
        },
      };
      const intake = new Intake(refusing as EventLog, new Enrichment(), clock, () => undefined);
      const first = intake.accept([event({ uid: "first" })]); // under way, while these come together
      const outcomes = await Promise.allSettled([
        intake.accept([event({ uid: "before" })]),
        intake.accept([event({ uid: "poison" })]),
        intake.accept([event({ uid: "after" })]),
      ]);
      assert.deepEqual(
        outcomes.map(({ status }) => status),
        ["fulfilled", "rejected", "fulfilled"],
      );
      await first;
      assert.deepEqual((await texts()).map(({ metadata }) => metadata.uid).sort(), ["after", "before", "first"]);
    });
  });

  describe("over HTTP", function () {
    this.timeout(60_000);
    let database: Database;
    let agent: TestAgent;
    let folder: string;

    before(async () => {
      database = await openDatabase("pglite:memory", { log: silent });
      folder = await mkdtemp(join(tmpdir(), "mno-si-hostile-"));
      agent = new TestAgent(database);
      await agent.start(securityIntelligence, { MNO_SI_SIGNING_KEY_FILE: join(folder, "key.pem") });
    });
    after(async () => {
      await agent.stop();
      await database.close();
      await rm(folder, { recursive: true });
    });

    /** The body as text: an object literal would not have a member `__proto__`. */
    const post = (url: string, text: string) => agent.call("POST", url, text, { "content-type": "application/json" });

    it("with members that others would stumble over are kept like any, with all that came beside them", async () => {
      const bad = '"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}';
      const audit = JSON.stringify({ ...privileged(), auditID: "proto" });
      const bodies: [string, string][] = [
        ["/v1/events", `{"events": [${JSON.stringify(event({ uid: "e-1" })).slice(0, -1)}, "unmapped": {${bad}}}]}`],
        [
          "/v1/kubernetes-audit",
          `{"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "items": [${audit.slice(0, -1)}, "responseObject": {"data": {${bad}}}}]}`,
        ],
        ["/v1/access-logs", `{"lines": [{"method": "GET", "response_code": 200, ${bad}}]}`],
        ["/v1/logs", `{"logsource": {"product": "linux"}, "records": [{"message": "m", ${bad}}]}`],
      ];
      for (const [url, text] of bodies) {
        const { status, body } = await post(url, text);
        assert.deepEqual([url, status, body], [url, 200, { stored: 1, duplicates: 0, ignored: 0 }]);
      }
      assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
      await agent.loop("correlate");
      const one = await agent.text("/v1/events/e-1");
      assert.ok(one.includes('"__proto__":{"polluted":1}'), one);
      const exported = await agent.text("/v1/export/ecs");
      assert.equal(exported.trim().split("\n").length >= 4, true);
      assert.equal((await post("/v1/events", "{")).status, 400);
      assert.equal((await post("/v1/events", '{"events": []}')).status, 422);
    });

    it("of any length and depth do not have an API server's batch refused", async () => {
      const long = { ...privileged(), auditID: "i".repeat(500), requestURI: `/api/v1/pods?x=${"y".repeat(100_000)}` };
      const items = [
        { ...long, userAgent: "z".repeat(50_000), user: { username: "u".repeat(5000), groups: ["g".repeat(5000)] } },
        { ...privileged(), auditID: "beside" },
      ];
      const list = JSON.stringify({ kind: "EventList", apiVersion: "audit.k8s.io/v1", items });
      const nested = `"responseObject": ${"[".repeat(DEEP)}${"]".repeat(DEEP)}, "auditID": "beside"`;
      const { status, body } = await post("/v1/kubernetes-audit", list.replace('"auditID":"beside"', nested));
      assert.deepEqual([status, body], [200, { stored: 2, duplicates: 0, ignored: 0 }]);
      const kept = await agent.call("GET", "/v1/events/audit-beside-ResponseComplete");
      assert.match(JSON.stringify(kept.body), /nested deeper than/);
    });
  });
});
