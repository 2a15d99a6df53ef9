import { hash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { OcsfEvent } from "../../../kernel/ocsf/schema";
import type { LogRecord } from "./block";

const MAX_STEM = 900;

/**
 * Of the records those that are other events than the one under their uid, whether that is there (`known`: uid to text) or comes
 * before them: as they are to be kept, under a uid made of theirs and of what they say.
 */
export function renamedOf(
  records: readonly LogRecord[],
  known: ReadonlyMap<string, string>,
): Map<LogRecord, LogRecord> {
  const first = new Map(known);
  const renamed = new Map<LogRecord, LogRecord>();
  for (const record of records) {
    const there = first.get(record.uid);
    if (there === undefined) first.set(record.uid, record.text);
    else if (!isSame(there, record.text)) renamed.set(record, underOwnName(record));
  }
  return renamed;
}

function underOwnName(record: LogRecord): LogRecord {
  const event = JSON.parse(record.text) as OcsfEvent;
  const uid = `${record.uid.slice(0, MAX_STEM).toWellFormed()}~${hash("sha256", record.text, "hex").slice(0, 32)}`;
  const metadata = { ...event.metadata, uid };
  const text = JSON.stringify({ ...event, metadata, unmapped: { ...event.unmapped, stated_uid: record.uid } });
  return { ...record, uid, text };
}

/** Whether both are the same event, sent twice: what was added to it at its reception may have changed in between. */
function isSame(one: string, other: string): boolean {
  return one === other || isDeepStrictEqual(stated(one), stated(other));
}

function stated(text: string): unknown {
  const { time, actor, src_endpoint: source, unmapped = {}, ...event } = JSON.parse(text) as OcsfEvent;
  const { stated_time: statedTime = time, ...members } = unmapped;
  const { name: _name, groups: _groups, ...user } = actor?.user ?? {};
  const { hostname: _host, location: _place, autonomous_system: _network, ...endpoint } = source ?? {};
  return { ...event, time: statedTime, members, actor: { ...actor, user }, endpoint };
}
