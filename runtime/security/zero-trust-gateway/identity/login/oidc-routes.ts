import { MnoError } from "../../../../exports";
import type { Clock } from "../../../../kernel/clock";
import type { GatewayRequest, Reply, ReservedRoute } from "../../contracts";
import type { FailedIdentifications } from "../../limits/failures";
import { LOGIN_COOKIE, mayCarrySecrets, readCookie, setCookie } from "../../sessions/cookie";
import type { Session } from "../../sessions/session";
import type { Sessions } from "../../sessions/sessions";
import { personOf, userIdOf } from "../claims";
import type { Once } from "../once";
import type { Completion } from "./completion";
import { PREFIX, redirect, returnPath } from "./exchange";
import { LOGOUT_SECONDS, type OidcClient } from "./oidc-client";
import type { Origins } from "./origins";
import { type SealedState, STATE_SECONDS } from "./sealed";

const CALLBACK = `${PREFIX}/callback`;
const MOST_QUERY_CHARACTERS = 8192;
const MOST_TOKEN_CHARACTERS = 16_384;

export interface OidcRoutesDependencies {
  readonly clients: readonly OidcClient[];
  readonly completion: Completion;
  readonly sessions: Sessions;
  readonly sealed: SealedState;
  readonly once: Once;
  readonly origins: Origins;
  readonly failures: FailedIdentifications;
  readonly clock: Clock;
}

/** Logins, step-ups and logouts through OpenID providers. */
export class OidcRoutes {
  constructor(private readonly deps: OidcRoutesDependencies) {}

  readonly routes: readonly ReservedRoute[] = [
    { method: "GET", path: `${PREFIX}/login/start`, handle: (request) => this.start(request) },
    { method: "GET", path: CALLBACK, handle: (request) => this.counted(request, () => this.callback(request)) },
    {
      method: "POST",
      path: `${PREFIX}/backchannel-logout`,
      handle: (request, body) => this.counted(request, () => this.backChannelLogout(body)),
    },
  ];

  clientOf(issuer: string): OidcClient | undefined {
    return this.deps.clients.find((client) => client.issuer.issuer === issuer);
  }

  private async start(request: GatewayRequest): Promise<Reply> {
    const asked = queryOf(request);
    const client = this.clientOf(asked.get("issuer") ?? "");
    if (client === undefined) throw new MnoError("MNO_NOT_FOUND", "There is no such provider to log in with");
    return this.begin(client, returnPath(asked.get("return_to"), this.deps.origins.of(request)), request);
  }

  async begin(client: OidcClient, returnTo: string, request: GatewayRequest, session?: Session): Promise<Reply> {
    if (!mayCarrySecrets(request))
      throw new MnoError("MNO_LOGIN_INSECURE", "Use HTTPS: secrets would be readable on the way");
    const { sealed, origins } = this.deps;
    const again = session && { sessionId: session.id, acrValues: client.issuer.mfaValues.join(" ") };
    const { location, state } = await client.begin(origins.of(request) + CALLBACK, returnTo, again);
    return redirect(location, [setCookie(request, LOGIN_COOKIE, await sealed.seal(state), STATE_SECONDS)]);
  }

  /** What a provider did not vouch for counts with the address's failed identifications. */
  private async counted(request: GatewayRequest, work: () => Promise<Reply>): Promise<Reply> {
    const { failures } = this.deps;
    failures.check(request.address);
    try {
      return await work();
    } catch (error) {
      const { code } = error as Partial<MnoError>;
      if (code === "MNO_LOGIN_REFUSED" || code === "MNO_LOGIN_STATE_INVALID") await failures.count(request.address);
      throw error;
    }
  }

  private async callback(request: GatewayRequest): Promise<Reply> {
    const { sealed, completion, clock } = this.deps;
    const { state, spend } = await sealed.open("oidc", readCookie(request, LOGIN_COOKIE));
    const client = this.clientOf(state.issuer);
    if (client === undefined) throw new MnoError("MNO_LOGIN_STATE_INVALID", "The provider is not configured any more");
    await spend();
    const claims = await client.finish(queryOf(request), state);
    const person = personOf(claims, client.issuer);
    if (person === undefined) {
      throw new MnoError("MNO_LOGIN_REFUSED", `The ID token has no claim ${client.issuer.idClaim} that names a user`);
    }
    const authenticatedAt = typeof claims.auth_time === "number" ? claims.auth_time * 1000 : clock.now();
    if (state.sessionId !== undefined) {
      const session = await completion.present(request);
      if (session?.id !== state.sessionId || session.userId !== person.userId) {
        throw new MnoError(
          "MNO_SESSION_OVER",
          "The session that was to be renewed is not this browser's; log in again",
        );
      }
      return redirect(state.returnTo, await completion.stepUp(session, person.assurance, request, authenticatedAt));
    }
    const risk = await completion.assess(person.userId, request);
    const sid = typeof claims.sid === "string" ? { providerSession: claims.sid } : {};
    const proof = { ...person, ...sid, source: client.issuer.issuer, authenticatedAt };
    return redirect(state.returnTo, await completion.login(proof, request, risk));
  }

  /** OpenID Connect Back-Channel Logout 1.0: the provider tells that a user logged out there. */
  private async backChannelLogout(body: Buffer): Promise<Reply> {
    const token = new URLSearchParams(body.toString("utf8")).get("logout_token") ?? "";
    if (token.length > MOST_TOKEN_CHARACTERS) throw invalidLogout("it is too long");
    const client = this.clientOf(issuerOf(token));
    if (client === undefined) throw invalidLogout("its issuer is not a provider of ours");
    const { jti, sub, sid } = await client.readLogout(token).catch((cause: unknown) => {
      if (cause instanceof MnoError) throw cause;
      throw invalidLogout("it cannot be verified", cause);
    });
    const { issuer, prefix, idClaim } = client.issuer;
    if (await this.deps.once.first(`logout ${JSON.stringify([issuer, jti])}`, 2 * LOGOUT_SECONDS * 1000)) {
      const reason = "logged out at the provider";
      if (sid !== undefined) await this.deps.sessions.end({ source: issuer, providerSession: sid }, reason);
      else if (sub !== undefined && idClaim === "sub") {
        await this.deps.sessions.end({ userId: userIdOf(sub, prefix) }, reason);
      } else throw invalidLogout("it names no session, and users are not known by their sub");
    }
    return { status: 200, headers: { "cache-control": "no-store" }, body: "" };
  }
}

function invalidLogout(why: string, cause?: unknown): MnoError {
  return new MnoError("MNO_LOGIN_STATE_INVALID", `The logout token is not valid: ${why}`, { cause });
}

export function queryOf({ query }: GatewayRequest): URLSearchParams {
  if (query.length > MOST_QUERY_CHARACTERS) throw new MnoError("MNO_REQUEST_MALFORMED", "The query is too long");
  return new URLSearchParams(query);
}

/** As it claims; it is verified with that issuer's keys. */
function issuerOf(token: string): string {
  try {
    const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8")) as {
      iss?: unknown;
    };
    return typeof claims.iss === "string" ? claims.iss : "";
  } catch {
    return "";
  }
}
