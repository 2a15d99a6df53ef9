import assert from "node:assert/strict";
import * as fc from "fast-check";
import { Value } from "@sinclair/typebox/value";
import { MnoError } from "../../../runtime/exports";
import { ocsfEvent } from "../../../runtime/kernel/ocsf/event";
import { OcsfEventSchema } from "../../../runtime/kernel/ocsf/schema";
import { ofAccessLog } from "../../../runtime/security/security-intelligence/ingest/access-log";
import { Enrichment } from "../../../runtime/security/security-intelligence/ingest/enrich";
import { entitiesOf, links } from "../../../runtime/security/security-intelligence/ingest/entities";
import { type AuditEvent, ofAudit } from "../../../runtime/security/security-intelligence/ingest/kubernetes";
import { ofRawLog } from "../../../runtime/security/security-intelligence/ingest/raw-log";
import { MAX_RECORD_BYTES, recordOf } from "../../../runtime/security/security-intelligence/ingest/record";

const NOW = Date.UTC(2026, 0, 1);
const isOcsf = (event: unknown): void => {
  const [fault] = Value.Errors(OcsfEventSchema, event);
  assert.equal(fault, undefined, fault && `${fault.path} ${fault.message}`);
};

describe("security intelligence: ingestion", () => {
  it("reads an audit event, and leaves the stages before the response", () => {
    const audit: AuditEvent = {
      auditID: "a",
      stage: "ResponseComplete",
      verb: "delete",
      user: { username: "system:serviceaccount:shop:web", groups: ["system:authenticated"] },
      sourceIPs: ["10.0.0.9", "10.0.0.1"],
      objectRef: { resource: "pods", namespace: "shop", name: "web-1" },
      responseStatus: { code: 403 },
      requestReceivedTimestamp: "2026-01-01T00:00:00.123456Z",
    };
    const event = ofAudit(audit, NOW)!;
    isOcsf(event);
    assert.equal(event.type_uid, 600304);
    assert.equal(event.time, NOW + 123);
    assert.equal(event.action_id, 2);
    assert.equal(event.api?.operation, "delete pods");
    assert.deepEqual(entitiesOf(event), [
      { kind: "user", id: "system:serviceaccount:shop:web" },
      { kind: "address", id: "10.0.0.9" },
      { kind: "workload", id: "shop/web-1" },
    ]);
    assert.equal(ofAudit({ ...audit, stage: "RequestReceived" }, NOW), undefined);
  });

  it("reads Istio's access log", () => {
    const line = {
      authority: "shop.example",
      bytes_received: 5,
      bytes_sent: 7000,
      downstream_remote_address: "[2001:db8::1]:5555",
      duration: 3,
      method: "POST",
      path: "/a/b?c=d",
      request_id: "r-1",
      response_code: 201,
      response_flags: "-",
      start_time: "2026-01-01T00:00:01.000Z",
      upstream_cluster: "outbound|80||orders",
      upstream_host: "10.0.0.2:80",
      user_agent: "curl/8",
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      downstream_peer_uri_san: "spiffe://x/ns/a/sa/b",
    };
    const event = ofAccessLog(line, NOW)!;
    isOcsf(event);
    assert.equal(event.src_endpoint?.ip, "2001:db8::1");
    assert.equal(event.dst_endpoint?.ip, "10.0.0.2");
    assert.deepEqual(event.http_request?.url, { path: "/a/b", query_string: "c=d", hostname: "shop.example" });
    assert.equal(event.metadata.trace_uid, "0af7651916cd43dd8448eb211c80319c");
    assert.equal(event.unmapped?.bytes_out, 7000);
    assert.equal(ofAccessLog(line, NOW + 1)!.metadata.uid, event.metadata.uid, "the same line is the same event");
    assert.equal(ofAccessLog({ msg: "started" }, NOW), undefined);
  });

  it("makes valid events of whatever comes, or none", () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.constantFrom(
            "method",
            "path",
            "response_code",
            "start_time",
            "x_forwarded_for",
            "authority",
            "bytes_sent",
            "request_id",
            "traceparent",
            "user_agent",
          ),
          fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.constant("GET"), fc.constant(200)),
        ),
        (line) => {
          const event = ofAccessLog(line, NOW);
          if (event) recordOf(event, NOW);
        },
      ),
      { numRuns: 1000 },
    );
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (record) => {
        const event = ofRawLog(record, { product: "x" }, NOW);
        isOcsf(event);
        recordOf(event, NOW);
      }),
      { numRuns: 500 },
    );
  });

  const event = (changes: object = {}) =>
    ocsfEvent("httpActivity", { uid: "u", product: "p", activity_id: 1, time: new Date(NOW), ...changes });

  it("refuses what is too long, and ids that are no text to the database", () => {
    assert.throws(
      () => recordOf(event({ message: "x".repeat(MAX_RECORD_BYTES) }), NOW),
      (error: MnoError) => error.code === "MNO_SECURITY_EVENT_INVALID",
    );
    assert.throws(() => recordOf(event({ uid: "a\0b" }), NOW), MnoError);
    assert.throws(() => recordOf(event({ uid: "a\ud800" }), NOW), MnoError);
    const { record } = recordOf(event({ actor: { user: { uid: "a\0b\ud800" } } }), NOW);
    assert.equal(record.user, "a\ufffdb\ufffd");
  });

  it("adds what it knows, and changes nothing that the event says", () => {
    const enrichment = new Enrichment(
      { users: { ann: { name: "Ann", groups: ["ops"] } }, addresses: { "10.0.0.1": { hostname: "printer" } } },
      { get: () => ({ country: { iso_code: "NO" }, autonomous_system_number: 1 }) as never },
    );
    const rich = enrichment.enrich(event({ actor: { user: { uid: "ann" } }, src_endpoint: { ip: "10.0.0.1" } }));
    isOcsf(rich);
    assert.deepEqual(rich.actor?.user, { uid: "ann", name: "Ann", groups: [{ name: "ops" }] });
    assert.equal(rich.src_endpoint?.hostname, "printer");
    assert.equal(rich.src_endpoint?.location?.country, "NO");
    const own = enrichment.enrich(
      event({ actor: { user: { uid: "ann", name: "Other" } }, src_endpoint: { ip: "10.0.0.1", hostname: "h" } }),
    );
    assert.equal(own.actor?.user?.name, "Other");
    assert.equal(own.src_endpoint?.hostname, "h");
    const stranger = event({ actor: { user: { uid: "constructor" } } });
    assert.equal(new Enrichment({ users: {} }).enrich(stranger), stranger);
  });

  it("does not make one incident of all that comes over loopback", () => {
    assert.ok(!links({ kind: "address", id: "127.0.0.1" }));
    assert.ok(!links({ kind: "address", id: "::1" }));
    assert.ok(links({ kind: "address", id: "10.0.0.1" }));
    assert.ok(links({ kind: "user", id: "127.0.0.1" }));
  });
});
