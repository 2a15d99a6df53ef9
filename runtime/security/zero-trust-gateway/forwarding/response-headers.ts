import { returned } from "../../../kernel/proxy/headers";
import { OWN_PREFIX } from "../enforcement/header-rules";
import type { GatewayRequest, Principal } from "../contracts";
import type { Route } from "../routing/route";

/** Told over TLS only (RFC 6797, section 7.2). */
const TRANSPORT = ["strict-transport-security", "max-age=31536000; includeSubDomains"] as const;

/** Where the upstream says nothing of its own. Source: OWASP Secure Headers Project; the values are those of its recommendations. */
const DEFAULTS: Readonly<Record<string, string>> = {
  "content-security-policy": "base-uri 'self'; frame-ancestors 'self'; object-src 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
  "referrer-policy": "strict-origin-when-cross-origin",
  "x-content-type-options": "nosniff",
  "x-frame-options": "SAMEORIGIN",
  "x-permitted-cross-domain-policies": "none",
};

/** They tell attackers what runs here. */
const TELLTALES = new Set(["server", "x-powered-by", "x-aspnet-version", "x-aspnetmvc-version"]);

export interface Answered {
  readonly request: GatewayRequest;
  readonly principal: Principal;
  readonly route: Route;
  /** The gateway's own: decision, limits, cookies. */
  readonly own: readonly string[];
}

/** Headers for the client: the upstream's without those of the hop and what they give away, with what protects the browser. */
export function responseHeaders(
  raw: readonly string[],
  { request, principal, route, own }: Answered,
): { headers: string[]; length: boolean } {
  const { headers, length } = returned(raw);
  const kept: string[] = [];
  const present = new Set<string>();
  for (let index = 0; index < headers.length; index += 2) {
    const name = (headers[index] ?? "").toLowerCase();
    if (TELLTALES.has(name) || name.startsWith(OWN_PREFIX) || Object.hasOwn(route.responseHeaders, name)) continue;
    present.add(name);
    kept.push(headers[index] ?? "", headers[index + 1] ?? "");
  }
  const add = (name: string, value: string): void => {
    if (present.has(name) || Object.hasOwn(route.responseHeaders, name)) return;
    kept.push(name, value);
  };
  for (const [name, value] of Object.entries(DEFAULTS)) add(name, value);
  if (request.scheme === "https") add(...TRANSPORT);
  // What was decided for one principal is not for a cache to give to another.
  if (principal.method !== "anonymous") add("cache-control", "private");
  for (const [name, value] of Object.entries(route.responseHeaders)) if (value !== null) kept.push(name, value);
  return { headers: [...kept, ...own], length };
}
