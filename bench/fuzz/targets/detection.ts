import { readFileSync } from "node:fs";
import { join } from "node:path";
import { OcsfEventSchema, type OcsfEvent } from "../../../runtime/kernel/ocsf/schema";
import { loadSigma } from "../../../runtime/kernel/sigma/load";
import { compileRule } from "../../../runtime/kernel/sigma/rule";
import { parseSigma } from "../../../runtime/kernel/sigma/document";
import { EventView } from "../../../runtime/kernel/sigma/view";
import { SigmaEngine } from "../../../runtime/kernel/sigma/engine";
import { aspectsOf } from "../../../runtime/security/security-intelligence/detection/aspects";
import { ecsOf } from "../../../runtime/security/security-intelligence/export/ecs";
import { stixBundle } from "../../../runtime/security/security-intelligence/export/stix";
import { ofAccessLog } from "../../../runtime/security/security-intelligence/ingest/access-log";
import { entitiesOf } from "../../../runtime/security/security-intelligence/ingest/entities";
import { AuditEvent, ofAudit } from "../../../runtime/security/security-intelligence/ingest/kubernetes";
import { ofRawLog, RawLogs } from "../../../runtime/security/security-intelligence/ingest/raw-log";
import { MAX_RECORD_BYTES, recordOf } from "../../../runtime/security/security-intelligence/ingest/record";
import { ACCEPTED, type AnyTarget, holds, target } from "../target";

import { fits } from "./fits";

const NOW = Date.parse("2026-03-01T12:00:00Z");
const SPEC = join(__dirname, "../../../test/data/sigma-spec");
const yaml = (file: string): string => readFileSync(join(SPEC, file), "utf8");
/** The specification's examples name rules of which only one is given. */
const onlyRule = (text: string): string =>
  text.replace(/^( *)rules: *\n(?:\s+- .*\n)+/m, "$1rules: [545a5da6-f103-4919-a519-e9aec1026ee4]\n");
const RICH = `title: many
id: 545a5da6-f103-4919-a519-e9aec1026ee5
logsource: {category: process_creation}
detection:
  a: {Image|endswith: ['\\\\cmd.exe', '*sh'], CommandLine|contains|all: ['-c', 'x?']}
  b: {Size|gte: 10, User|re: '^adm(in)?$', Ip|cidr: '10.0.0.0/8', Path|windash|contains: '-enc', Data|base64offset|contains: 'abc'}
  c: ['keyword', 'other*']
  condition: (a and not b) or 1 of c* or all of them
level: high
`;
const MODIFIERS = [
  "|contains",
  "|all",
  "|re",
  "|cidr",
  "|base64offset",
  "|exists: true",
  "|fieldref",
  "|windash",
  "|lt: 3",
];
const SIGMA = [
  ...MODIFIERS,
  "1 of them",
  "not ",
  " and ",
  "(",
  "*",
  "?",
  "\\\\",
  "null",
  "- ",
  "timespan: 5m",
  "&a ",
  "*a",
];
const EVENT = {
  Image: "C:\\cmd.exe",
  CommandLine: "x -c y",
  Size: 12,
  User: "admin",
  Ip: "10.1.2.3",
  Provider_Name: "a",
};

const sigma: readonly AnyTarget[] = [
  target<string>({
    name: "sigma: rules (YAML, compiled, matched)",
    kind: "text",
    seeds: [yaml("rules/rule_1.yml"), RICH],
    words: SIGMA,
    share: 0.1,
    milliseconds: 250,
    run: (text) => {
      const rule = compileRule(text);
      const engine = new SigmaEngine({ rules: [rule], correlations: [] }, { latenessMilliseconds: 0 });
      engine.process({ uid: "1", time: NOW, logsource: rule.logsource, view: new EventView(EVENT) });
      return ACCEPTED;
    },
  }),
  target<string>({
    name: "sigma: files of rules, correlations and filters",
    kind: "text",
    seeds: [
      ...["event_count", "temporal", "value_avg", "value_percentile"].map(
        (name) => `${yaml("rules/rule_1.yml")}\n---\n${onlyRule(yaml(`correlation/${name}.yml`))}`,
      ),
      `${yaml("rules/rule_1.yml")}\n---\n${yaml("filter/filter_1.yml")}`,
    ],
    words: [
      ...SIGMA,
      "---\n",
      "correlation:",
      "group-by:",
      "condition:",
      "gte: 10",
      "percentile: 95",
      "type: temporal",
    ],
    share: 0.05,
    milliseconds: 250,
    run: (text) => {
      parseSigma(text);
      const { refused } = loadSigma([{ source: "a", text }]);
      // What a file refers to may be in another: that it was read is what counts here.
      return refused.length === 0 ? ACCEPTED : `partly: ${refused.map(({ code }) => code).join(" ")}`;
    },
  }),
];

const OCSF: OcsfEvent = {
  class_uid: 4002,
  category_uid: 4,
  activity_id: 1,
  type_uid: 400_201,
  severity_id: 1,
  time: NOW,
  metadata: { uid: "u", version: "1.7.0", product: { name: "a", vendor_name: "b" }, trace_uid: "c" },
  actor: { user: { uid: "alice", name: "Alice", groups: [{ name: "g" }] }, session: { uid: "s" } },
  src_endpoint: { ip: "192.0.2.1", port: 1, location: { country: "SE" } },
  dst_endpoint: { ip: "10.0.0.1", hostname: "h" },
  http_request: { http_method: "GET", url: { path: "/a", query_string: "b" }, user_agent: "c" },
  http_response: { code: 403 },
  unmapped: { a: { b: 1 } },
};
const AUDIT = {
  auditID: "1",
  stage: "ResponseComplete",
  verb: "create",
  level: "Metadata",
  requestURI: "/api/v1/namespaces/a/secrets",
  user: { username: "system:serviceaccount:a:b", groups: ["system:masters"] },
  sourceIPs: ["10.0.0.1"],
  userAgent: "kubectl",
  objectRef: { resource: "secrets", namespace: "a", name: "b", apiVersion: "v1" },
  responseStatus: { code: 201 },
  requestReceivedTimestamp: "2026-03-01T12:00:00.000000Z",
};
const ACCESS_LOG = {
  start_time: "2026-03-01T12:00:00.000Z",
  method: "GET",
  path: "/a?b=c",
  response_code: 403,
  downstream_remote_address: "10.0.0.1:4711",
  user_agent: "curl/8",
  authority: "shop",
  upstream_host: "10.0.0.2:80",
  duration: "12",
  "x-forwarded-for": "192.0.2.1",
};
const STRANGE = ["2026-13-45", "1e400", "::1", "[::1]:80", "0", "-", "0.0.0.0:99999", "system:anonymous", "PATCH"];

/** All that is made of an event once it is in: record, entities, aspects, both exports. */
function through(came: OcsfEvent): void {
  const { record, event } = recordOf(came, NOW);
  holds(Buffer.byteLength(record.text) <= MAX_RECORD_BYTES, "a record that is too long");
  holds(Number.isSafeInteger(record.classUid) && record.classUid < 2 ** 31, "a class that the store cannot hold");
  holds(Number.isSafeInteger(record.time) && record.time <= 8.64e15, "a time that is none");
  const entities = entitiesOf(event);
  aspectsOf(event);
  JSON.stringify(ecsOf(event));
  const incident = {
    ...{
      id: "i",
      status: "open",
      title: "t",
      severity: 3,
      confidence: 0.5,
      firstTime: record.time,
      lastTime: record.time,
    },
    ...{ entities, tactics: ["TA0006"], techniques: ["T1110"], rules: { r: 0.5 }, alertCount: 1, history: [] },
  } as never;
  const { objects } = stixBundle(incident, []);
  const ids = new Set(objects.map(({ id }) => id));
  holds(ids.size === objects.length, "two objects of one id");
}

const isEvent = fits(OcsfEventSchema);
const isAudit = fits(AuditEvent);
const areLogs = fits(RawLogs);

const events: readonly AnyTarget[] = [
  target<unknown>({
    name: "intelligence: OCSF events, and their ECS and STIX",
    kind: "JSON",
    seeds: [OCSF, { ...OCSF, class_uid: 2004, finding_info: { uid: "f", title: "t", types: ["x"] }, attacks: [] }],
    words: STRANGE,
    milliseconds: 50,
    run: (value) => {
      if (!isEvent(value)) return "not by the schema";
      through(value as OcsfEvent);
      return ACCEPTED;
    },
  }),
  target<unknown>({
    name: "intelligence: Kubernetes audit events",
    kind: "JSON",
    seeds: [AUDIT],
    words: STRANGE,
    milliseconds: 50,
    run: (value) => {
      if (!isAudit(value)) return "not by the schema";
      const event = ofAudit(value as AuditEvent, NOW);
      if (event === undefined) return "ignored";
      through(event);
      return ACCEPTED;
    },
  }),
  target<Record<string, unknown>>({
    name: "intelligence: access logs",
    kind: "JSON",
    seeds: [ACCESS_LOG],
    words: STRANGE,
    milliseconds: 50,
    run: (line) => {
      if (typeof line !== "object" || line === null || Array.isArray(line)) return "not by the schema";
      const event = ofAccessLog(line, NOW);
      if (event === undefined) return "ignored";
      through(event);
      return ACCEPTED;
    },
  }),
  target<unknown>({
    name: "intelligence: raw logs",
    kind: "JSON",
    seeds: [
      { logsource: { category: "process_creation", product: "windows" }, records: [EVENT, { UtcTime: "2026-01-01" }] },
    ],
    words: [...STRANGE, "time", "@timestamp", "UtcTime"],
    milliseconds: 50,
    run: (value) => {
      if (!areLogs(value)) return "not by the schema";
      const { records, logsource } = value as RawLogs;
      for (const record of records) through(ofRawLog(record, logsource, NOW));
      return ACCEPTED;
    },
  }),
];

export const DETECTION_TARGETS = [...sigma, ...events];
