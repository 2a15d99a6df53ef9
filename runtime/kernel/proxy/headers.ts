import { randomUUID } from "node:crypto";
import { MnoError } from "../../exports";

/** A request as it came from the client. */
export interface InboundRequest {
  readonly method: string;
  readonly target: string;
  readonly rawHeaders: readonly string[];
  /** HTTP/1.0. */
  readonly legacy: boolean;
  readonly secure: boolean;
  /** Address of the peer. */
  readonly peer: string;
  /** What the peer says of earlier hops is believed. */
  readonly trusted: boolean;
}

/** What goes on to a server, and what routing needs to know. */
export interface ForwardedRequest {
  /** Origin form. */
  readonly path: string;
  /** Lower-case, with port if it was given. */
  readonly host: string;
  /** Name, value, name, value; without hop-by-hop headers. */
  readonly headers: string[];
  readonly hasBody: boolean;
  /** Value of the `cookie` header. */
  readonly cookie: string | undefined;
  /** The client reads trailers. */
  readonly trailers: boolean;
  readonly requestId: string;
  readonly upgrade: string | undefined;
}

/** Not passed on in either direction (RFC 9110, section 7.6.1), nor what `connection` names. */
export const HOP_BY_HOP = new Set([
  "connection",
  "http2-settings",
  "keep-alive",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
]);

/** Who wrote these is only known where the peer is trusted. */
const HOP_FACTS = new Set(["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"]);

const REQUEST_ID = /^[A-Za-z0-9._:/+=-]{1,128}$/;
const AUTHORITY = /^(\[[0-9a-f:.]+\]|[a-z0-9._~%!$&'()*+,;=-]*)(:[0-9]{0,5})?$/;
const ABSOLUTE = /^https?:\/\/([^/?#]*)(.*)$/i;

/**
 * Reads a request and makes the one that is passed on. What two servers could read in two ways is refused: more than one host, lengths
 * beside a transfer coding, a transfer coding in HTTP/1.0, targets that are not paths. Errors: MNO_REQUEST_MALFORMED.
 */
export function forward(request: InboundRequest): ForwardedRequest {
  const { rawHeaders, trusted } = request;
  const headers: string[] = [];
  let host: string | undefined;
  let hosts = 0;
  let length: string | undefined;
  let coded = false;
  let cookie: string | undefined;
  let trailers = false;
  let requestId: string | undefined;
  let upgrade: string | undefined;
  let forwardedFor: string | undefined;
  let forwarded: string | undefined;
  let nominated: Set<string> | undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const original = rawHeaders[index] ?? "";
    const value = rawHeaders[index + 1] ?? "";
    const name = original.toLowerCase();
    switch (name) {
      case "host":
      case ":authority":
        if (host !== undefined && host !== value.toLowerCase()) throw malformed("it names more than one host");
        if (name === "host") hosts += 1;
        host = value.toLowerCase();
        continue;
      case "content-length":
        if (length !== undefined && length !== value)
          throw malformed("its content-length headers contradict each other");
        if (length === undefined) headers.push(original, value);
        length = value;
        continue;
      case "transfer-encoding":
        if (value.trim().toLowerCase() !== "chunked" || coded) throw malformed("its transfer coding is not `chunked`");
        coded = true;
        continue;
      case "connection":
        nominated = nominate(nominated, value);
        continue;
      case "upgrade":
        upgrade = value;
        continue;
      case "cookie":
        cookie = cookie === undefined ? value : `${cookie}; ${value}`;
        continue;
      case "te":
        trailers = /(^|,)\s*trailers\s*(,|$)/i.test(value);
        continue;
      case "expect":
        continue; // answered by this hop
      case "x-request-id":
        if (REQUEST_ID.test(value)) requestId ??= value;
        continue;
      case "x-forwarded-for":
        if (trusted) forwardedFor = forwardedFor === undefined ? value : `${forwardedFor}, ${value}`;
        continue;
      case "forwarded":
        if (trusted) forwarded = forwarded === undefined ? value : `${forwarded}, ${value}`;
        continue;
      default:
        if (name.startsWith(":") || HOP_BY_HOP.has(name) || (!trusted && HOP_FACTS.has(name))) continue;
        headers.push(original, value);
    }
  }
  if (hosts > 1) throw malformed("it has more than one host header");
  if (coded && length !== undefined) throw malformed("it has both a length and a transfer coding");
  if (coded && request.legacy) throw malformed("HTTP/1.0 has no transfer codings");
  const { path, authority } = originForm(request.target, request.method);
  const named = authority ?? host ?? "";
  if (!AUTHORITY.test(named)) throw malformed("its host is not a name with an optional port");
  const passed = nominated ? without(headers, nominated) : headers;
  if (cookie !== undefined) passed.push("cookie", cookie);
  requestId ??= randomUUID();
  passed.push("host", named, "x-request-id", requestId);
  addHop(passed, request, named, forwardedFor, forwarded);
  return {
    path,
    host: named,
    headers: passed,
    hasBody: coded || (length !== undefined && length !== "0"),
    cookie,
    trailers,
    requestId,
    upgrade: nominated?.has("upgrade") ? upgrade : undefined,
  };
}

/** Headers of a response for a client: without those of the hop, and without `own`, which the server tells this hop only. */
export function returned(
  raw: readonly string[],
  own?: string,
): { headers: string[]; own: string | undefined; length: boolean } {
  const headers: string[] = [];
  let taken: string | undefined;
  let length = false;
  let nominated: Set<string> | undefined;
  for (let index = 0; index < raw.length; index += 2) {
    const original = raw[index] ?? "";
    const value = raw[index + 1] ?? "";
    const name = original.toLowerCase();
    if (name === "connection") nominated = nominate(nominated, value);
    else if (name === own) taken = value;
    else if (!HOP_BY_HOP.has(name)) {
      if (name === "content-length") length = true;
      headers.push(original, value);
    }
  }
  return { headers: nominated ? without(headers, nominated) : headers, own: taken, length };
}

/** Of a `cookie` header. */
export function cookieValue(cookie: string | undefined, name: string): string | undefined {
  if (cookie === undefined) return undefined;
  for (const pair of cookie.split(";")) {
    const at = pair.indexOf("=");
    if (at !== -1 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return undefined;
}

/** First value of a header in a flat list. */
export function headerValue(headers: readonly string[], name: string): string | undefined {
  for (let index = 0; index < headers.length; index += 2) {
    if (headers[index]?.toLowerCase() === name) return headers[index + 1];
  }
  return undefined;
}

/** The header that announces trailers, where none can follow. */
export function withoutTrailer(headers: string[]): string[] {
  const kept: string[] = [];
  for (let index = 0; index < headers.length; index += 2) {
    if (headers[index]?.toLowerCase() !== "trailer") kept.push(headers[index] ?? "", headers[index + 1] ?? "");
  }
  return kept;
}

function originForm(target: string, method: string): { path: string; authority?: string } {
  if (target.includes("#")) throw malformed("its target has a fragment");
  if (target.startsWith("/")) return { path: target };
  const absolute = ABSOLUTE.exec(target);
  if (!absolute) {
    throw malformed(
      method === "OPTIONS" && target === "*"
        ? "`OPTIONS *` asks this hop, which has no options"
        : "its target is not a path",
    );
  }
  const [, authority = "", rest = ""] = absolute;
  return { path: rest.startsWith("/") ? rest : `/${rest}`, authority: authority.toLowerCase() };
}

/** Appends this hop to what is said of the way here (RFC 7239 and the x-forwarded headers before it). */
function addHop(
  headers: string[],
  { peer, secure, trusted }: InboundRequest,
  host: string,
  forwardedFor: string | undefined,
  forwarded: string | undefined,
): void {
  const proto = secure ? "https" : "http";
  headers.push("x-forwarded-for", forwardedFor === undefined ? peer : `${forwardedFor}, ${peer}`);
  if (!trusted || headerValue(headers, "x-forwarded-proto") === undefined) headers.push("x-forwarded-proto", proto);
  if (!trusted || headerValue(headers, "x-forwarded-host") === undefined) headers.push("x-forwarded-host", host);
  const node = peer.includes(":") ? `"[${peer}]"` : peer;
  const hop = `for=${node};host="${host}";proto=${proto}`;
  headers.push("forwarded", forwarded === undefined ? hop : `${forwarded}, ${hop}`);
}

function nominate(known: Set<string> | undefined, value: string): Set<string> {
  const names = known ?? new Set<string>();
  for (const token of value.split(",")) names.add(token.trim().toLowerCase());
  return names;
}

function without(headers: readonly string[], names: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] ?? "";
    const nominated = names.has(name.toLowerCase());
    // A length is framing, not an option of the connection: to drop it would change where the message ends.
    if (!nominated || name.toLowerCase() === "content-length") kept.push(name, headers[index + 1] ?? "");
  }
  return kept;
}

function malformed(why: string): MnoError {
  return new MnoError("MNO_REQUEST_MALFORMED", `The request is refused: ${why}`);
}
