import { cookieValue } from "../../../kernel/proxy/headers";
import { sameSecret } from "../../../kernel/same-secret";
import type { GatewayRequest, Principal } from "../contracts";
import type { Route } from "../routing/route";
import { formField, isForm } from "./form-field";
import type { CsrfTokens } from "./tokens";

/** Methods that ask for no change (RFC 9110, section 9.2.1). */
const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);
const SITES = new Set(["same-origin", "same-site", "cross-site", "none"]);
const TOKEN_HEADER = "x-csrf-token";
const COOKIE = "mno-csrf";

interface Guarded {
  readonly request: GatewayRequest;
  readonly principal: Principal;
  readonly options: Route["csrf"];
  /** It asks for a tunnel, which safe methods do not excuse. */
  readonly upgrade: boolean;
  readonly tokens: CsrfTokens;
  /** Where it was read. */
  readonly content?: Buffer | undefined;
}

export interface Forgery {
  readonly why: string;
  /** It is a form, whose content may hold the token that is missing. */
  readonly mayFollow: boolean;
}

/**
 * Why the request may come from another site's page, on behalf of a user who does not know; undefined where it does not. Asked in this
 * order: what the browser says of the page (Fetch Metadata), its origin, and, where neither is said, a token that is bound to the session,
 * from a header, or from a field of a form.
 * Credentials that no browser adds by itself need no guard.
 * Sources: W3C Fetch Metadata; web.dev, "Resource Isolation Policy"; OWASP, "Cross-Site Request Forgery Prevention".
 */
export function forgeryOf({ request, principal, options, upgrade, tokens, content }: Guarded): Forgery | undefined {
  if (options.mode === "off" || principal.method === "bearer") return undefined;
  const unsafe = upgrade || !SAFE.has(request.method);
  const origin = request.headers.origin?.[0]?.toLowerCase();
  if (origin !== undefined && options.trustedOrigins.includes(origin)) return undefined;
  const session = principal.session?.id;
  const site = request.headers["sec-fetch-site"]?.[0];
  if (site !== undefined) {
    const why = crossSite(request, site, upgrade) ?? foreignOrigin(request, origin, unsafe);
    if (why !== undefined) return { why, mayFollow: false };
  } else {
    const why = foreignOrigin(request, origin, unsafe) ?? foreignReferer(request, origin, unsafe);
    if (why !== undefined) return { why, mayFollow: false };
  }
  if (!unsafe || session === undefined) return undefined;
  const silent = site === undefined && origin === undefined;
  if (options.token !== "always" && !silent) return undefined;
  // A header that is wrong is not made up for by a field.
  const mayHaveField = request.headers[TOKEN_HEADER] === undefined && isForm(request) && !upgrade;
  const field = mayHaveField && content !== undefined ? formField(request, content, options.field) : undefined;
  if (submitted(request, tokens, session, field)) return undefined;
  const places = mayHaveField ? `${TOKEN_HEADER} or field ${options.field}` : TOKEN_HEADER;
  return { why: `It has no valid ${places} of its session`, mayFollow: mayHaveField && content === undefined };
}

function crossSite({ method, headers }: GatewayRequest, site: string, upgrade: boolean): string | undefined {
  if (!SITES.has(site)) return "Its sec-fetch-site is none that browsers send";
  if (site === "same-origin" || site === "none") return undefined;
  const mode = headers["sec-fetch-mode"]?.[0];
  const destination = headers["sec-fetch-dest"]?.[0];
  const embedded = destination === "object" || destination === "embed";
  const navigates = mode === "navigate" && (method === "GET" || method === "HEAD") && !upgrade && !embedded;
  return navigates ? undefined : `A ${site} page sent it, and it is no plain navigation`;
}

/** Where the origin is said. A cross-origin read is what the browser itself keeps from the page. */
function foreignOrigin(request: GatewayRequest, origin: string | undefined, unsafe: boolean): string | undefined {
  if (origin === undefined || !unsafe || origin === originOf(request)) return undefined;
  return "Its origin is another one than this";
}

function foreignReferer(request: GatewayRequest, origin: string | undefined, unsafe: boolean): string | undefined {
  const referer = request.headers.referer?.[0];
  if (origin !== undefined || !unsafe || referer === undefined) return undefined;
  if (URL.canParse(referer) && new URL(referer).origin === originOf(request)) return undefined;
  return "The page that it comes from is of another origin than this";
}

/** As browsers write it: without the scheme's own port. */
function originOf({ scheme, authority }: GatewayRequest): string {
  return `${scheme}://${authority.replace(scheme === "https" ? /:443$/ : /:80$/, "")}`;
}

function submitted(request: GatewayRequest, tokens: CsrfTokens, session: string, field: string | undefined): boolean {
  const token = field ?? request.headers[TOKEN_HEADER]?.[0] ?? "";
  const cookie = cookieValue(request.headers.cookie?.[0], csrfCookieName(request)) ?? "";
  return sameSecret(token, cookie) && tokens.isValid(token, session);
}

/** Bound to the host where the connection lets it be. */
function csrfCookieName({ scheme }: GatewayRequest): string {
  return scheme === "https" ? `__Host-${COOKIE}` : COOKIE;
}

/**
 * The `set-cookie` that gives a session's pages the token to send back in `x-csrf-token`, or in a form's field; undefined where they have a valid one, or
 * there is no session. Scripts of the page must be able to read it.
 */
export function csrfCookie(request: GatewayRequest, principal: Principal, tokens: CsrfTokens): string | undefined {
  const session = principal.session?.id;
  if (session === undefined || !SAFE.has(request.method)) return undefined;
  const name = csrfCookieName(request);
  if (tokens.isValid(cookieValue(request.headers.cookie?.[0], name), session)) return undefined;
  const secure = request.scheme === "https" ? " Secure;" : "";
  return `${name}=${tokens.issue(session)}; Path=/;${secure} SameSite=Strict`;
}
