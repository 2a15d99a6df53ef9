import { MnoError } from "../../../../exports";
import type { GatewayRequest, Reply, ReservedRoute } from "../../contracts";
import { SESSION_COOKIE, setCookie } from "../../sessions/cookie";
import { DIRECTORY } from "../../sessions/session";
import type { Sessions } from "../../sessions/sessions";
import type { Completion } from "./completion";
import type { DirectoryRoutes } from "./directory-routes";
import { checkOwnPage, json, next, PREFIX, redirect, returnPath } from "./exchange";
import type { OidcClient } from "./oidc-client";
import { type OidcRoutes, queryOf } from "./oidc-routes";
import type { Origins } from "./origins";
import { loginPage } from "./pages";

export const LOGIN = `${PREFIX}/login`;
export const STEP_UP = `${PREFIX}/step-up`;

export interface SessionPagesDependencies {
  readonly clients: readonly OidcClient[];
  readonly oidc: OidcRoutes;
  /** Absent where there are no built-in users. */
  readonly directory: DirectoryRoutes | undefined;
  readonly completion: Completion;
  readonly sessions: Sessions;
  readonly origins: Origins;
}

/** Where browsers are sent, whatever way their users log in. */
export class SessionPages {
  constructor(private readonly deps: SessionPagesDependencies) {}

  readonly routes: readonly ReservedRoute[] = [
    { method: "GET", path: LOGIN, handle: (request) => this.login(request) },
    { method: "GET", path: STEP_UP, handle: (request) => this.stepUp(request) },
    { method: "POST", path: `${PREFIX}/logout`, handle: (request) => this.logout(request) },
    { method: "GET", path: `${PREFIX}/session`, handle: (request) => this.session(request) },
  ];

  private async login(request: GatewayRequest): Promise<Reply> {
    const { clients, oidc, directory, origins } = this.deps;
    const returnTo = returnPath(queryOf(request).get("return_to"), origins.of(request));
    const [only, ...more] = clients;
    if (only !== undefined && more.length === 0 && directory === undefined) return oidc.begin(only, returnTo, request);
    const providers = clients.map(({ issuer }) => ({
      name: new URL(issuer.issuer).host,
      href: `${LOGIN}/start?${new URLSearchParams({ issuer: issuer.issuer, return_to: returnTo }).toString()}`,
    }));
    return loginPage(providers, directory !== undefined, returnTo);
  }

  private async stepUp(request: GatewayRequest): Promise<Reply> {
    const { completion, oidc, directory, origins } = this.deps;
    const asked = queryOf(request).get("return_to");
    const returnTo = returnPath(asked, origins.of(request));
    const session = await completion.present(request);
    if (session === undefined) return redirect(loginPath(returnTo));
    if (session.source === DIRECTORY) {
      if (directory !== undefined) return directory.stepUp(session, returnTo, request);
      throw new MnoError("MNO_LOGIN_REFUSED", "The built-in users cannot log in any more");
    }
    const client = oidc.clientOf(session.source);
    if (client === undefined) throw new MnoError("MNO_LOGIN_REFUSED", "The provider is not configured any more");
    return oidc.begin(client, returnTo, request, session);
  }

  /** Ends the session here, and at the provider that the user logged in with (RP-Initiated Logout 1.0). */
  private async logout(request: GatewayRequest): Promise<Reply> {
    checkOwnPage(request);
    const { completion, sessions, oidc, origins } = this.deps;
    const session = await completion.present(request);
    const cookies = [setCookie(request, SESSION_COOKIE, "", 0)];
    if (session === undefined) return next(request, LOGIN, cookies);
    await sessions.end({ id: session.id }, "logged out");
    const backTo = origins.of(request) + LOGIN;
    // Logged out here is logged out, whether or not the provider can be reached.
    const elsewhere = await oidc
      .clientOf(session.source)
      ?.logoutLocation(backTo)
      .catch(() => undefined);
    return next(request, elsewhere ?? LOGIN, cookies);
  }

  /** Who the browser's session is of. Errors: MNO_UNAUTHENTICATED. */
  private async session(request: GatewayRequest): Promise<Reply> {
    const session = await this.deps.completion.present(request);
    if (session === undefined) throw new MnoError("MNO_UNAUTHENTICATED", "There is no session");
    const { id, userId, assurance, establishedAt, authenticatedAt, expiresAt } = session;
    const time = (milliseconds: number): string => new Date(milliseconds).toISOString();
    return json(200, {
      id,
      user: userId,
      assurance,
      establishedAt: time(establishedAt),
      authenticatedAt: time(authenticatedAt),
      expiresAt: time(expiresAt),
    });
  }
}

export function loginPath(returnTo: string): string {
  return `${LOGIN}?${new URLSearchParams({ return_to: returnTo }).toString()}`;
}
