import { ocsfEvent } from "../../kernel/ocsf/event";
import type { CloudEvent } from "../../kernel/events/cloudevent";
import type { TraceCarrier } from "../../kernel/telemetry/traces";
import { newId } from "./ids";
import type { Key } from "./key";
import { mostFrequent, type RefusalGroup } from "./refusals";

export type KeyChange =
  | "create-key"
  | "rotate-key"
  | "enable-key"
  | "disable-key"
  | "update-key"
  | "schedule-key-destruction"
  | "cancel-key-destruction"
  | "destroy-key"
  | "destroy-key-version";

/** OCSF API Activity: 1 create, 3 update, 4 delete. */
const ACTIVITY: Partial<Record<KeyChange, number>> = { "create-key": 1, "destroy-key": 4, "destroy-key-version": 4 };
/** OCSF severity: what makes data unreadable is high, what stops its use medium. */
const SEVERITY: Partial<Record<KeyChange, number>> = {
  "destroy-key": 4,
  "destroy-key-version": 3,
  "schedule-key-destruction": 3,
  "disable-key": 3,
};

export function keyChanged(key: Key, change: KeyChange, caller: string, now: number, trace: TraceCarrier): CloudEvent {
  const uid = newId("aud", now);
  return {
    specversion: "1.0",
    id: `${key.id}.${uid}`,
    source: "/mno/quantum-cryptography",
    type: "mno.security.key.changed",
    subject: key.id,
    time: new Date(now).toISOString(),
    datacontenttype: "application/json",
    data: ocsfEvent("apiActivity", {
      uid: `${key.id}.${uid}`,
      product: "quantum-cryptography",
      activity_id: ACTIVITY[change] ?? 3,
      severity_id: SEVERITY[change] ?? 1,
      status_id: 1,
      time: new Date(now),
      traceId: trace.traceparent?.split("-")[1],
      message: `${change}: ${key.id}, version ${key.currentVersion}, ${key.suite}, ${key.state}`,
      ...(caller !== "" && { actor: { user: { uid: caller } } }),
      api: { operation: change, service: { name: "quantum-cryptography" } },
      resources: [{ uid: key.id, type: "key", ...(key.alias !== null && { name: key.alias }) }],
      unmapped: { suite: key.suite, version: key.currentVersion, purpose: key.purpose, state: key.state },
    }),
    ...trace,
  };
}

const SEVERAL = 10;

/** OCSF API Activity that failed: so many uses of a key by one caller in a stretch of time. Nothing that the caller sent is in it. */
export function keyRefused(
  { caller, keyId, traceId, first, last, count, operations, codes }: RefusalGroup,
  now: number,
): CloudEvent {
  const uid = newId("aud", now);
  const operation = mostFrequent(operations);
  const code = mostFrequent(codes);
  const key = keyId ?? "no key";
  return {
    specversion: "1.0",
    id: uid,
    source: "/mno/quantum-cryptography",
    type: "mno.security.key.refused",
    subject: keyId ?? "unknown",
    time: new Date(now).toISOString(),
    datacontenttype: "application/json",
    data: ocsfEvent("apiActivity", {
      uid,
      product: "quantum-cryptography",
      activity_id: 99,
      severity_id: count < SEVERAL ? 2 : 3,
      status_id: 2,
      status_detail: code,
      action_id: 2,
      disposition_id: 2,
      time: new Date(last),
      start_time: first,
      end_time: last,
      count,
      traceId,
      message: `${operation} with ${key} was refused ${count} times: ${code}`,
      ...(caller !== null && caller !== "" && { actor: { user: { uid: caller } } }),
      api: { operation, service: { name: "quantum-cryptography" } },
      resources: [{ type: "key", ...(keyId !== null && { uid: keyId }) }],
      unmapped: { operations: Object.fromEntries(operations), codes: Object.fromEntries(codes) },
    }),
  };
}
