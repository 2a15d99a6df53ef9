import { MnoError } from "../../../exports";

/** What a request's target says, in the one way in which it can be read. */
export interface Target {
  /** Decoded once, dot segments resolved. */
  readonly path: string;
  /** The same, encoded as RFC 3986 normalises it: what is sent on. */
  readonly canonical: string;
  /** Without "?", as it came. */
  readonly query: string;
}

const UNRESERVED = /[A-Za-z0-9._~-]/;
/** Of a path segment, beside unreserved characters and percent-encodings (RFC 3986, section 3.3). */
const SEGMENT = /[!$&'()*+,;=:@]/;
/** Paths that are as they read, most of all: no percent sign, no empty segment, none that begins with a dot. */
const PLAIN = /^(?:\/[A-Za-z0-9_~!$&'()*+,;=:@-][A-Za-z0-9._~!$&'()*+,;=:@-]*)+\/?$/;
const HEXADECIMAL = /^[0-9A-Fa-f]{2}$/;
const UTF8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Reads an origin-form target. What the gateway and a server behind it could take for two different paths is refused: encoded or
 * backward slashes, control characters, empty segments, encodings of encodings, percent signs that encode nothing, bytes that are not
 * UTF-8, paths that leave the root, parameters on dot segments. Linear in the target's length. Errors: MNO_REQUEST_MALFORMED.
 */
export function readTarget(target: string): Target {
  if (!target.startsWith("/")) throw malformed("its target is not a path");

  if (/[^\x21-\x7e]/.test(target)) throw malformed("its target has characters that must be percent-encoded");
  if (target.includes("#")) throw malformed("its target has a fragment");
  const at = target.indexOf("?");
  const raw = at === -1 ? target : target.slice(0, at);
  if (PLAIN.test(raw)) return { path: raw, canonical: raw, query: at === -1 ? "" : target.slice(at + 1) };
  const segments = resolve(raw.slice(1).split("/").map(readSegment));
  return {
    path: `/${segments.map(({ decoded }) => decoded).join("/")}`,
    canonical: `/${segments.map(({ canonical }) => canonical).join("/")}`,
    query: at === -1 ? "" : target.slice(at + 1),
  };
}

interface Segment {
  readonly decoded: string;
  readonly canonical: string;
}

function readSegment(raw: string): Segment {
  const bytes: number[] = [];
  let canonical = "";
  for (let index = 0; index < raw.length; index += 1) {
    const character = raw.charAt(index);
    if (character === "\\") throw malformed("its path has a backward slash");
    if (character !== "%") {
      bytes.push(character.charCodeAt(0));
      canonical += UNRESERVED.test(character) || SEGMENT.test(character) ? character : encode(character.charCodeAt(0));
      continue;
    }
    const hexadecimal = raw.slice(index + 1, index + 3);
    if (!HEXADECIMAL.test(hexadecimal)) throw malformed("its path has a percent sign that encodes nothing");
    const byte = Number.parseInt(hexadecimal, 16);
    if (byte < 0x20 || byte === 0x7f) throw malformed("its path has an encoded control character");
    if (byte === 0x2f || byte === 0x5c) throw malformed("its path has an encoded slash");
    bytes.push(byte);
    const plain = String.fromCharCode(byte);
    canonical += UNRESERVED.test(plain) ? plain : encode(byte);
    index += 2;
  }
  const decoded = utf8(bytes);
  if (/%[0-9A-Fa-f]{2}/.test(decoded)) throw malformed("its path is percent-encoded twice");
  if (/^\.\.?;/.test(decoded)) throw malformed("its path has parameters on a dot segment");
  return { decoded, canonical };
}

/** Without "." and "..", as RFC 3986, section 5.2.4, removes them; an empty segment may only come last. */
function resolve(segments: readonly Segment[]): Segment[] {
  const kept: Segment[] = [];
  const last = segments.length - 1;
  segments.forEach((segment, index) => {
    const { decoded } = segment;
    if (decoded === "" && index < last) throw malformed("its path has an empty segment");
    if (decoded === ".." && kept.pop() === undefined) throw malformed("its path leads above the root");
    if (decoded !== "." && decoded !== "..") kept.push(segment);
    else if (index === last) kept.push({ decoded: "", canonical: "" });
  });
  return kept;
}

function utf8(bytes: readonly number[]): string {
  try {
    return UTF8.decode(Uint8Array.from(bytes));
  } catch (error) {
    throw malformed("its path does not encode UTF-8", error);
  }
}

function encode(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
}

export function malformed(why: string, cause?: unknown): MnoError {
  return new MnoError("MNO_REQUEST_MALFORMED", `The request is refused: ${why}`, { cause });
}
