import { hash } from "node:crypto";
import { type Static, Type } from "@sinclair/typebox";
import type { Logsource } from "../../../kernel/sigma/rule";
import { shallow } from "./bounded";
import { OCSF_VERSION, type OcsfEvent } from "../../../kernel/ocsf/schema";

const Name = Type.String({ minLength: 1, maxLength: 128, pattern: "^[a-z0-9_.-]+$" });

/** Logs of any system, in the field names that Sigma rules for it use. */
export const RawLogs = Type.Object(
  {
    logsource: Type.Object(
      { category: Type.Optional(Name), product: Type.Optional(Name), service: Type.Optional(Name) },
      { additionalProperties: false, minProperties: 1, description: "What Sigma rules call it" },
    ),
    records: Type.Array(Type.Record(Type.String(), Type.Unknown()), { minItems: 1, maxItems: 10_000 }),
  },
  { additionalProperties: false },
);
export type RawLogs = Static<typeof RawLogs>;

export const LOGSOURCE_MEMBER = "logsource";
export const RECORD_MEMBER = "record";

/** OCSF Base Event, for what has no class: the record and its source are kept as they came. */
export function ofRawLog(line: Readonly<Record<string, unknown>>, logsource: Logsource, receivedAt: number): OcsfEvent {
  const record = shallow(line);
  const time = timeOf(record) ?? receivedAt;
  const text = JSON.stringify(record);
  const uid = `log-${hash("sha256", `${JSON.stringify(logsource)}\n${time}\n${text}`, "hex").slice(0, 32)}`;
  return {
    class_uid: 0,
    category_uid: 0,
    activity_id: 0,
    type_uid: 0,
    severity_id: 0,
    time,
    metadata: { version: OCSF_VERSION, uid, product: { name: logsource.product ?? "unknown" } },
    unmapped: { [LOGSOURCE_MEMBER]: logsource, [RECORD_MEMBER]: record },
  };
}

const TIME_FIELDS = ["@timestamp", "timestamp", "time", "UtcTime", "TimeCreated", "eventTime", "EventTime"];

function timeOf(record: Readonly<Record<string, unknown>>): number | undefined {
  for (const field of TIME_FIELDS) {
    const value = Object.hasOwn(record, field) ? record[field] : undefined;
    const time =
      typeof value === "number"
        ? value > 1e11
          ? value
          : value * 1000
        : typeof value === "string"
          ? Date.parse(value)
          : NaN;
    if (Number.isFinite(time) && time >= 0) return Math.trunc(time);
  }
  return undefined;
}
