import { MnoError } from "../../../exports";
import type { OcsfEvent } from "../../../kernel/ocsf/schema";
import type { LogRecord } from "../log/block";
import { abridged, MAX_DEPTH, shallow } from "./bounded";

/** The name that the engine logs its own doings under. */
export const PRODUCT = "security-intelligence";
export const MAX_RECORD_BYTES = 262_144;
/** An event from further ahead, in milliseconds, is not believed: it would have everything that is on time look late. */
export const MAX_AHEAD = 300_000;
/** What the database's column takes. */
const MAX_CLASS = 2 ** 31 - 1;

/**
 * The record that is logged of an event. A time from the future becomes that of reception; what is nested too deep, or in `unmapped`
 * too long, is cut, for whoever can make one event long must not keep those beside it out of the log; the event says either.
 * Throws MNO_SECURITY_EVENT_INVALID for an event that is too long even so, or has no class or id that can be kept.
 */
export function recordOf(
  event: OcsfEvent,
  receivedAt: number,
  maxAhead: number = MAX_AHEAD,
): { record: LogRecord; event: OcsfEvent } {
  const { event: believed, text } = kept(dated(event, receivedAt, maxAhead));
  if (believed.class_uid > MAX_CLASS) {
    throw new MnoError("MNO_SECURITY_EVENT_INVALID", `Event ${event.metadata.uid} has a class above ${MAX_CLASS}`);
  }
  const { uid } = believed.metadata;
  if (clean(uid) !== uid) throw new MnoError("MNO_SECURITY_EVENT_INVALID", "An event's uid is text without NUL");
  const user = believed.actor?.user ?? believed.user;
  return {
    event: believed,
    record: {
      uid,
      classUid: believed.class_uid,
      time: believed.time,
      severity: Math.min(believed.severity_id, 99),
      user: column(user?.uid ?? user?.name),
      address: column(believed.src_endpoint?.ip),
      session: column(believed.session?.uid ?? believed.actor?.session?.uid),
      text,
    },
  };
}

function dated(event: OcsfEvent, receivedAt: number, maxAhead: number): OcsfEvent {
  const { time, unmapped } = event;
  if (time >= 0 && time <= receivedAt + maxAhead) return event;
  return { ...event, time: receivedAt, unmapped: { ...unmapped, stated_time: time } };
}

/** The event as it can be kept, and its text: whole, else with the beginnings of `unmapped` for rules to see, else without. */
function kept(event: OcsfEvent): { event: OcsfEvent; text: string } {
  const flat = shallow(event);
  const long = `longer than ${MAX_RECORD_BYTES} bytes`;
  const forms = [
    () => (flat === event ? event : marked(flat, flat.unmapped, `nested deeper than ${MAX_DEPTH}`)),
    () => marked(flat, abridged(flat.unmapped), long),
    () => marked(flat, undefined, long),
  ];
  for (const form of forms) {
    const made = form();
    const text = JSON.stringify(made);
    if (Buffer.byteLength(text) <= MAX_RECORD_BYTES) return { event: made, text };
  }
  throw new MnoError("MNO_SECURITY_EVENT_INVALID", `Event ${event.metadata.uid} is ${long}`);
}

function marked(event: OcsfEvent, unmapped: OcsfEvent["unmapped"], shortened: string): OcsfEvent {
  return { ...event, unmapped: { ...unmapped, shortened } };
}

function column(value: string | undefined): string | null {
  return value === undefined || value === "" ? null : clean(value).slice(0, 512);
}

/** NUL and halves of surrogate pairs are no text to PostgreSQL. */
export function clean(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\ufffd");
}
