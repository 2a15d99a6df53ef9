import { HOP_BY_HOP } from "./headers";

/** Fields of one value that is a list: further lines continue it (RFC 9110, section 5.3). */
const LISTS = new Set(["content-encoding", "content-language", "if-match", "if-none-match"]);

/** Fields of which Node's HTTP/2 takes one value only. */
const SINGLE = new Set([
  "access-control-allow-credentials",
  "access-control-max-age",
  "access-control-request-method",
  "age",
  "authorization",
  "content-length",
  "content-location",
  "content-md5",
  "content-range",
  "content-type",
  "date",
  "dnt",
  "etag",
  "expires",
  "from",
  "host",
  "if-modified-since",
  "if-range",
  "if-unmodified-since",
  "last-modified",
  "location",
  "max-forwards",
  "proxy-authorization",
  "range",
  "referer",
  "retry-after",
  "tk",
  "upgrade-insecure-requests",
  "user-agent",
  "x-content-type-options",
]);

/** About the message's way or frame: too late after its body (RFC 9110, section 6.5.1). */
const NEVER_LAST = new Set([...HOP_BY_HOP, "host", "content-length", "trailer"]);

export type Http2Fields = Record<string, string | string[]>;

/** Of name, value, name, value: repeated fields as lists, as HTTP/2 wants them; of a field with a single value the first counts. */
export function http2Fields(raw: readonly string[]): Http2Fields {
  // Names come from others: none may find what every object has.
  const fields = Object.create(null) as Http2Fields;
  for (let index = 0; index < raw.length; index += 2) {
    const name = (raw[index] ?? "").toLowerCase();
    const value = raw[index + 1] ?? "";
    const known = fields[name];
    if (known === undefined) fields[name] = value;
    else if (Array.isArray(known)) known.push(value);
    else if (LISTS.has(name)) fields[name] = `${known}, ${value}`;
    else if (!SINGLE.has(name)) fields[name] = [known, value];
  }
  return fields;
}

/** Without the trailers that must not be any. */
export function sendableTrailers(raw: readonly string[]): string[] {
  const kept: string[] = [];
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] ?? "";
    if (!name.startsWith(":") && !NEVER_LAST.has(name.toLowerCase())) kept.push(name, raw[index + 1] ?? "");
  }
  return kept;
}
