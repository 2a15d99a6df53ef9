import { MnoError } from "../../../exports";
import { isLoopback } from "../../../kernel/http/access";
import type { GatewayRequest } from "../contracts";

/** Most that a Cookie header may have; browsers keep to less. */
const MOST_CHARACTERS = 16_384;
/** A secret's own form; anything else was never a cookie of ours. */
const SECRET = /^[A-Za-z0-9_-]{43}$/;

/**
 * A cookie of ours: `__Host-<name>`, which browsers keep to this host, to HTTPS and to no subdomain. On loopback without TLS,
 * where some browsers refuse Secure cookies, it is `<name>-loopback`, and is not looked at anywhere else.
 */
function nameFor(name: string, request: GatewayRequest): string {
  return plainLoopback(request) ? `${name}-loopback` : `__Host-${name}`;
}

function plainLoopback(request: GatewayRequest): boolean {
  return request.scheme === "http" && isLoopback(hostOf(request.authority));
}

export function hostOf(authority: string): string {
  return authority.replace(/:\d+$/, "");
}

/** Whether cookies that carry secrets may be set in the answer to it at all. */
export function mayCarrySecrets(request: GatewayRequest): boolean {
  return request.scheme === "https" || plainLoopback(request);
}

/**
 * The cookie's value. Errors: MNO_CREDENTIALS_AMBIGUOUS where it comes twice: one of them may have been planted, and which
 * comes first is not for us to believe.
 */
export function readCookie(request: GatewayRequest, name: string): string | undefined {
  const wanted = nameFor(name, request);
  const found = new Set<string>();
  for (const header of request.headers.cookie ?? []) {
    if (header.length > MOST_CHARACTERS) {
      throw new MnoError("MNO_CREDENTIALS_AMBIGUOUS", `The Cookie header is longer than ${MOST_CHARACTERS} characters`);
    }
    for (const pair of header.split(";")) {
      const at = pair.indexOf("=");
      if (at > 0 && pair.slice(0, at).trim() === wanted) found.add(pair.slice(at + 1).trim());
    }
  }
  if (found.size > 1) {
    throw new MnoError("MNO_CREDENTIALS_AMBIGUOUS", `The cookie ${wanted} comes more than once, with different values`);
  }
  return [...found][0];
}

/** As `readCookie`, of a secret: undefined for what cannot be one. */
export function readSecret(request: GatewayRequest, name: string): string | undefined {
  const value = readCookie(request, name);
  return value !== undefined && SECRET.test(value) ? value : undefined;
}

/** A Set-Cookie header; `seconds` 0 removes the cookie. */
export function setCookie(request: GatewayRequest, name: string, value: string, seconds: number): string {
  const secure = plainLoopback(request) ? "" : " Secure;";
  return `${nameFor(name, request)}=${value}; Path=/;${secure} HttpOnly; SameSite=Lax; Max-Age=${seconds}`;
}

export const SESSION_COOKIE = "mno-session";
export const DEVICE_COOKIE = "mno-device";
export const LOGIN_COOKIE = "mno-login";
