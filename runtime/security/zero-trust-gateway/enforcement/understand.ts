import { isIP } from "node:net";
import { forward, type ForwardedRequest, HOP_BY_HOP } from "../../../kernel/proxy/headers";
import type { Peer } from "../../../kernel/proxy/peers";
import type { GatewayRequest, Headers } from "../contracts";
import { clientCertificateOf } from "../identity/client-certificate";
import { sift } from "./header-rules";
import { malformed, readTarget } from "./target";
import { traceIdOf } from "./trace";

/** A request as its protocol handed it over. */
export interface InboundMessage {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly method: string;
  readonly target: string;
  readonly rawHeaders: readonly string[];
  readonly version: "1.0" | "1.1" | "2";
  /** Whether content follows, where the protocol says so beside the headers (HTTP/2). */
  readonly hasContent?: boolean | undefined;
  readonly peer: Peer;
  /** DER; what the peer showed and an accepted authority vouches for. Errors: MNO_REQUEST_MALFORMED. */
  readonly certificate: () => Buffer | undefined;
  /** Of the client's workload, where the mesh says so beside the headers. */
  readonly spiffeId?: string | undefined;
  /** Of the gateway's own span. */
  readonly traceparent: string;
  /** Whether an address is that of a proxy whose word counts. */
  readonly isTrusted: (address: string) => boolean;
}

export interface Understood {
  readonly request: GatewayRequest;
  /** What goes on to the upstream, before the gateway adds what it knows. */
  readonly forwarded: ForwardedRequest;
  /** Names of headers that were taken away. */
  readonly stripped: readonly string[];
}

const METHOD = /^[A-Z][A-Z-]{0,31}$/;
const AUTHORITY = /^(\[[0-9a-f:.]+\]|[a-z0-9_-]+(\.[a-z0-9_-]+)*)(:[0-9]{1,5})?$/;
const ABSOLUTE = /^([a-z]+):\/\/([^/?#]*)/i;

/** Methods whose content has no meaning (RFC 9110, section 9.3): servers that do not read it take it for the next request. */
export const WITHOUT_CONTENT = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Makes a request of a message, if it can be understood in exactly one way: one host, one length, one path, and no header that the
 * server could take for another. Errors: MNO_REQUEST_MALFORMED.
 */
export function understand(message: InboundMessage): Understood {
  const { method, peer, id } = message;
  const certificate = message.certificate();
  if (!METHOD.test(method)) throw malformed("its method is not a name in capital letters");
  const { raw, byName, stripped } = sift(message.rawHeaders, peer.trusted);
  checkAuthority(message, raw);
  const forwarded = forward({
    method,
    target: message.target,
    rawHeaders: [...raw, "x-request-id", id],
    legacy: message.version === "1.0",
    secure: peer.secure,
    peer: peer.address,
    trusted: peer.trusted,
  });
  if (!AUTHORITY.test(forwarded.host)) throw malformed("its host is not a name with an optional port");
  const hasBody = message.hasContent ?? forwarded.hasBody;
  if (WITHOUT_CONTENT.has(method) && hasBody) throw malformed(`a request ${method} has no content`);
  const { path, canonical, query } = readTarget(forwarded.path);
  const target = query === "" ? canonical : `${canonical}?${query}`;
  const request: GatewayRequest = {
    id,
    time: message.time,
    method,
    scheme: schemeOf(message, byName),
    authority: forwarded.host,
    path,
    target: forwarded.path,
    query,
    headers: endToEnd(byName, forwarded),
    address: addressOf(message, byName),
    ...clientCertificateOf({
      ...(certificate && { verified: certificate }),
      ...(byName["x-forwarded-client-cert"] && { forwarded: byName["x-forwarded-client-cert"] }),
      fromTrustedProxy: peer.trusted,
    }),
    ...(message.spiffeId !== undefined && { spiffeId: message.spiffeId }),
    traceId: traceIdOf(message.traceparent),
  };
  return { request, forwarded: { ...forwarded, hasBody, path: target }, stripped };
}

/** An absolute target and the pseudo-headers of HTTP/2 must say of scheme and host what the rest of the request says. */
function checkAuthority({ target, version, peer }: InboundMessage, raw: readonly string[]): void {
  const scheme = peer.secure ? "https" : "http";
  const absolute = ABSOLUTE.exec(target);
  if (absolute && version === "2") throw malformed("its :path is not a path");
  for (let index = 0; index < raw.length; index += 2) {
    const name = (raw[index] ?? "").toLowerCase();
    const value = (raw[index + 1] ?? "").toLowerCase();
    if (name === ":scheme" && value !== scheme) throw malformed(`its :scheme is not ${scheme}, as the connection's is`);
    if (!absolute) continue;
    if (name === "host" && value !== absolute[2]?.toLowerCase()) throw malformed("its target and its host differ");
  }
  if (absolute && absolute[1]?.toLowerCase() !== scheme) throw malformed("its target has another scheme");
}

/** Cookies came in as many lines as the client liked: to the server, and to the gateway, they are one. */
function endToEnd(byName: Readonly<Record<string, string[]>>, { cookie }: ForwardedRequest): Headers {
  const headers = Object.create(null) as Record<string, readonly string[]>;
  for (const [name, values] of Object.entries(byName)) if (!HOP_BY_HOP.has(name)) headers[name] = values;
  if (cookie !== undefined) headers.cookie = [cookie];
  return headers;
}

function schemeOf({ peer }: InboundMessage, byName: Readonly<Record<string, string[]>>): "http" | "https" {
  const said = peer.trusted ? byName["x-forwarded-proto"]?.at(-1)?.split(",").at(-1)?.trim().toLowerCase() : undefined;
  if (said === undefined) return peer.secure ? "https" : "http";
  if (said !== "http" && said !== "https") throw malformed("x-forwarded-proto names neither http nor https");
  return said;
}

/** The nearest address on the way here that is no trusted proxy's. */
function addressOf({ peer, isTrusted }: InboundMessage, byName: Readonly<Record<string, string[]>>): string {
  if (!peer.trusted) return peer.address;
  const hops = (byName["x-forwarded-for"] ?? []).flatMap((value) => value.split(",")).map((hop) => hop.trim());
  for (const hop of hops.reverse()) {
    if (isIP(hop) === 0) throw malformed("x-forwarded-for has what is no address");
    if (!isTrusted(hop)) return hop;
  }
  return peer.address;
}
