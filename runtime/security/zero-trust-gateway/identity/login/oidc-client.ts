import { createHash, randomBytes } from "node:crypto";
import { type JWTPayload, jwtVerify } from "jose";
import { MnoError } from "../../../../exports";
import type { Clock } from "../../../../kernel/clock";
import { sameSecret } from "../../../../kernel/same-secret";
import { explain, type TrustedIssuer } from "../access-tokens";
import type { Discovery, ProviderMetadata } from "../discovery";
import type { FetchJson } from "../http-json";
import type { LoginState } from "./sealed";

type OidcState = Extract<LoginState, { kind: "oidc" }>;
const LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout";
/** A logout token is not taken later than this after it was issued; so long its id is remembered. */
export const LOGOUT_SECONDS = 600;

export interface OidcClientDependencies {
  readonly trusted: TrustedIssuer & { readonly issuer: { readonly clientId: string } };
  readonly discovery: Discovery;
  readonly fetchJson: FetchJson;
  readonly clock: Clock;
  readonly skewSeconds: number;
}

/** A relying party of one OpenID provider: authorization code with PKCE, state, nonce and issuer (RFC 9700, RFC 9207). */
export class OidcClient {
  constructor(private readonly deps: OidcClientDependencies) {}

  get issuer() {
    return this.deps.trusted.issuer;
  }

  /** Where the browser goes, and what we have to remember of it. With `again`, the user is asked even if logged in there. */
  async begin(
    redirectUri: string,
    returnTo: string,
    again?: { sessionId: string; acrValues: string },
  ): Promise<{ location: string; state: OidcState }> {
    const { authorization_endpoint } = await this.metadata();
    if (authorization_endpoint === undefined) throw this.unavailable("names no authorization_endpoint");
    const secret = (): string => randomBytes(32).toString("base64url");
    const state: OidcState = {
      kind: "oidc",
      issuer: this.issuer.issuer,
      state: secret(),
      nonce: secret(),
      verifier: secret(),
      redirectUri,
      returnTo,
      ...(again && { sessionId: again.sessionId }),
    };
    const location = new URL(authorization_endpoint);
    const parameters = {
      response_type: "code",
      client_id: this.issuer.clientId,
      redirect_uri: redirectUri,
      scope: this.issuer.scope,
      state: state.state,
      nonce: state.nonce,
      code_challenge: createHash("sha256").update(state.verifier).digest("base64url"),
      code_challenge_method: "S256",
      ...(again && { prompt: "login", max_age: "0", acr_values: again.acrValues }),
    };
    for (const [name, value] of Object.entries(parameters)) location.searchParams.set(name, value);
    return { location: location.href, state };
  }

  /** The claims of the ID token that the provider's answer leads to. Errors: MNO_LOGIN_STATE_INVALID, MNO_LOGIN_REFUSED, MNO_IDENTITY_UNAVAILABLE. */
  async finish(answer: URLSearchParams, state: OidcState): Promise<JWTPayload> {
    const invalid = (why: string): MnoError =>
      new MnoError("MNO_LOGIN_STATE_INVALID", `The provider's answer ${why}; begin again`);
    for (const name of ["state", "code", "iss", "error"]) {
      if (answer.getAll(name).length > 1) throw invalid(`has ${name} twice`);
    }
    if (!sameSecret(answer.get("state") ?? "", state.state)) throw invalid("is to another question");
    const metadata = await this.metadata();
    const iss = answer.get("iss");
    // Mix-up: another provider's answer must not be taken to this one's token endpoint (RFC 9207).
    const expected = metadata.authorization_response_iss_parameter_supported === true;
    if ((iss !== null || expected) && iss !== this.issuer.issuer)
      throw invalid("is not of the provider that was asked");
    const error = answer.get("error");
    if (error !== null) {
      throw new MnoError(
        "MNO_LOGIN_REFUSED",
        `The provider refused: ${/^[a-z_]{1,64}$/.test(error) ? error : "error"}`,
      );
    }
    const code = answer.get("code");
    if (code === null || code === "") throw invalid("has no code");
    return this.verify(await this.redeem(metadata, code, state), state);
  }

  private async redeem({ token_endpoint }: ProviderMetadata, code: string, state: OidcState): Promise<string> {
    if (token_endpoint === undefined) throw this.unavailable("names no token_endpoint");
    const { clientId, clientSecret } = this.issuer;
    const basic =
      clientSecret === undefined
        ? undefined
        : Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`).toString("base64");
    const answer = await this.deps
      .fetchJson(token_endpoint, {
        fields: {
          grant_type: "authorization_code",
          code,
          redirect_uri: state.redirectUri,
          code_verifier: state.verifier,
          ...(basic === undefined && { client_id: clientId }),
        },
        ...(basic !== undefined && { authorization: `Basic ${basic}` }),
      })
      .catch((cause: unknown) => {
        throw new MnoError("MNO_LOGIN_REFUSED", "The provider gave no token for the code; begin again", { cause });
      });
    const token = (answer as { id_token?: unknown } | null)?.id_token;
    if (typeof token !== "string") throw new MnoError("MNO_LOGIN_REFUSED", "The provider gave no ID token");
    return token;
  }

  private async verify(token: string, { nonce, sessionId }: OidcState): Promise<JWTPayload> {
    const refused = (why: string, cause?: unknown): MnoError =>
      new MnoError("MNO_LOGIN_REFUSED", `The provider's ID token is not valid: ${why}`, { cause });
    const payload = await this.signed(token, ["exp", "iat", "sub", "nonce"]).catch((cause: unknown) => {
      if (cause instanceof MnoError) throw cause;
      throw refused(explain(cause), cause);
    });
    if (typeof payload.nonce !== "string" || !sameSecret(payload.nonce, nonce)) throw refused("its nonce is another");
    const several = Array.isArray(payload.aud) && payload.aud.length > 1;
    if ((several || payload.azp !== undefined) && payload.azp !== this.issuer.clientId)
      throw refused("azp is another client");
    if (sessionId === undefined) return payload;
    const { clock, skewSeconds } = this.deps;
    const fresh = typeof payload.auth_time === "number" && clock.now() / 1000 - payload.auth_time <= 60 + skewSeconds;
    if (!fresh) throw refused("the user was not asked again");
    return payload;
  }

  /** Claims of a logout token (OpenID Connect Back-Channel Logout 1.0, section 2.6). Errors: those of jose, TypeError. */
  async readLogout(token: string): Promise<{ jti: string; sub?: string; sid?: string }> {
    const { jti, sub, sid, nonce, events } = await this.signed(token, ["iat", "jti", "events"], {
      types: ["logout+jwt", "JWT"],
      maxTokenAge: LOGOUT_SECONDS,
    });
    const event = (events as Record<string, unknown> | null)?.[LOGOUT_EVENT];
    if (typeof event !== "object" || event === null || nonce !== undefined)
      throw new TypeError("it is no logout token");
    if (typeof jti !== "string" || jti.length > 256) throw new TypeError("jti is too long");
    if (typeof sid !== "string" && typeof sub !== "string")
      throw new TypeError("it names neither a user nor a session");
    return { jti, ...(typeof sub === "string" && { sub }), ...(typeof sid === "string" && { sid }) };
  }

  /** Where to end the provider's own session as well, if it has such a place. */
  async logoutLocation(backTo: string): Promise<string | undefined> {
    const { end_session_endpoint } = await this.metadata();
    if (end_session_endpoint === undefined) return undefined;
    const location = new URL(end_session_endpoint);
    location.searchParams.set("client_id", this.issuer.clientId);
    location.searchParams.set("post_logout_redirect_uri", backTo);
    return location.href;
  }

  private async signed(
    token: string,
    requiredClaims: string[],
    { types = ["JWT"], ...more }: { types?: readonly string[]; maxTokenAge?: number } = {},
  ): Promise<JWTPayload> {
    const { trusted, clock, skewSeconds } = this.deps;
    const { payload, protectedHeader } = await jwtVerify(token, trusted.keys.keyOf, {
      issuer: this.issuer.issuer,
      audience: this.issuer.clientId,
      algorithms: this.issuer.algorithms,
      currentDate: new Date(clock.now()),
      clockTolerance: skewSeconds,
      requiredClaims,
      ...more,
    });
    const typ = protectedHeader.typ?.replace(/^application\//i, "");
    if (typ !== undefined && !types.some((type) => type.toLowerCase() === typ.toLowerCase())) {
      throw new TypeError("it is a token of another type");
    }
    return payload;
  }

  private metadata(): Promise<ProviderMetadata> {
    return this.deps.discovery.metadata(this.issuer.issuer, "openid-configuration");
  }

  private unavailable(why: string): MnoError {
    return new MnoError("MNO_IDENTITY_UNAVAILABLE", `The metadata of ${this.issuer.issuer} ${why}`);
  }
}
