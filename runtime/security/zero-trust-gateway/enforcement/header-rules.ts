import { HOP_BY_HOP } from "../../../kernel/proxy/headers";
import { malformed } from "./target";

/** Headers in which the gateway tells upstreams who asks; what a client says in them is never passed on. */
export const OWN_PREFIX = "x-mno-";

/** Fields with one value, of which a second would let two servers believe two different things. */
const SINGLE = new Set([
  "access-control-request-method",
  "authorization",
  "content-encoding",
  "content-length",
  "content-type",
  "dpop",
  "host",
  "origin",
  "range",
  "referer",
  "sec-fetch-dest",
  "sec-fetch-mode",
  "sec-fetch-site",
  "sec-websocket-key",
  "sec-websocket-version",
  "traceparent",
  "transfer-encoding",
  "upgrade",
  "x-csrf-token",
]);

/** They make another request of it than the one that was decided on. */
const OVERRIDES = new Set(["x-http-method", "x-http-method-override", "x-method-override"]);

/** Only a trusted proxy says these; they stand for what the connection cannot tell. */
const HOP_FACTS =
  /^(forwarded$|x-forwarded-|x-real-ip$|x-envoy-|x-original-|x-rewrite-url$|true-client-ip$|x-client-ip$|x-cluster-client-ip$|client-ip$|cf-connecting-ip$|fastly-client-ip$)/;

/** Options of the connection that are no headers (RFC 9110, section 7.6.1). */
const CONNECTION_OPTIONS = new Set([...HOP_BY_HOP, "close", "trailer", "trailers"]);

const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
// eslint-disable-next-line no-control-regex -- these are what is looked for
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/;
const MOST_HEADERS = 128;

export interface Sifted {
  /** Name, value, name, value, as they came. */
  readonly raw: string[];
  /** Lower-case names -> values, of the same headers without those of the hop. */
  readonly byName: Record<string, string[]>;
  /** Names of headers that were taken away, for nobody may say them here. */
  readonly stripped: string[];
}

/**
 * The headers of a request that mean one thing only. Headers that only proxies may set are taken away where the peer is not a trusted
 * one; what could be read in two ways is refused. Errors: MNO_REQUEST_MALFORMED.
 */
export function sift(rawHeaders: readonly string[], trusted: boolean): Sifted {
  if (rawHeaders.length > 2 * MOST_HEADERS) throw malformed(`it has more than ${String(MOST_HEADERS)} headers`);
  const raw: string[] = [];
  // Names come from clients: none may find what every object has.
  const byName = Object.create(null) as Record<string, string[]>;
  const stripped: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const original = rawHeaders[index] ?? "";
    const value = rawHeaders[index + 1] ?? "";
    const name = original.toLowerCase();
    if (name.startsWith(":")) {
      raw.push(original, value);
      continue;
    }
    if (!TOKEN.test(name)) throw malformed("the name of a header has characters that it may not have");
    if (CONTROL.test(value)) throw malformed(`the header ${name} has control characters`);
    if (OVERRIDES.has(name)) throw malformed(`${name} asks for another method than the request's`);
    const dashed = name.replaceAll("_", "-");
    if (dashed.startsWith(OWN_PREFIX) || dashed === "x-request-id" || (!trusted && HOP_FACTS.test(dashed))) {
      stripped.push(name);
      continue;
    }
    raw.push(original, value);
    if (HOP_BY_HOP.has(name) && name !== "transfer-encoding" && name !== "connection" && name !== "upgrade") continue;
    const known = byName[name];
    if (known === undefined) byName[name] = [value];
    else if (SINGLE.has(name)) throw malformed(`it has more than one header ${name}`);
    else known.push(value);
  }
  refuseTwins(byName);
  refuseNominations(byName);
  return { raw, byName, stripped };
}

/** `a_b` and `a-b` are one variable to servers that speak CGI. */
function refuseTwins(byName: Readonly<Record<string, unknown>>): void {
  for (const name of Object.keys(byName)) {
    if (!name.includes("_")) continue;
    const dashed = name.replaceAll("_", "-");
    if (SINGLE.has(dashed) || HOP_BY_HOP.has(dashed) || dashed === "cookie" || byName[dashed] !== undefined) {
      throw malformed(`the header ${name} may be taken for ${dashed}`);
    }
  }
}

/** A client that has a header taken off at the next hop hides from the server what the gateway saw. */
function refuseNominations(byName: Readonly<Record<string, readonly string[]>>): void {
  for (const option of (byName.connection ?? []).flatMap((value) => value.split(","))) {
    const name = option.trim().toLowerCase();
    if (!CONNECTION_OPTIONS.has(name) && byName[name] !== undefined) {
      throw malformed(`its connection header nominates ${name}, which is meant for the server`);
    }
  }
}
