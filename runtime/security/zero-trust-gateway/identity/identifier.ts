import { errors, type JWTPayload } from "jose";
import { MnoError } from "../../../exports";
import type { Clock } from "../../../kernel/clock";
import type { GatewayRequest, Identifier, Principal } from "../contracts";
import type { FailedIdentifications } from "../limits/failures";
import { readSecret, SESSION_COOKIE } from "../sessions/cookie";
import { factsOf } from "../sessions/session";
import { type Sessions, UNKNOWN_SESSION } from "../sessions/sessions";
import { type AccessTokens, invalidToken } from "./access-tokens";
import { personOf } from "./claims";
import type { DpopProofs } from "./dpop";
import { checkTrustDomain } from "./spiffe";
import type { Subjects } from "./subjects";
import { VerifiedTokens } from "./verified-tokens";

const AUTHORIZATION = /^(bearer|dpop) +([A-Za-z0-9._~+/=-]+)$/i;
const NOBODY: Principal = { type: "Anonymous", id: "anonymous", method: "anonymous", attributes: {}, parents: [] };

/** Demands a proof that the sender of `token` has the key with the thumbprint `jkt`. */
type Prove = (token: string, jkt: string) => Promise<void>;

export interface IdentifierDependencies {
  readonly tokens: AccessTokens;
  readonly proofs: DpopProofs;
  readonly sessions: Sessions;
  readonly subjects: Subjects;
  readonly trustDomains: readonly string[];
  readonly failures: FailedIdentifications;
  readonly clock: Clock;
}

/**
 * Who sends a request: by its access token, else by its session, else by the workload's certificate, else nobody. What proves
 * nothing is refused, never passed over: a request with a token that is not valid is not anonymous.
 */
export class GatewayIdentifier implements Identifier {
  private readonly verified: VerifiedTokens;

  constructor(private readonly deps: IdentifierDependencies) {
    this.verified = new VerifiedTokens(deps.tokens, deps.clock);
  }

  /**
   * Errors: MNO_TOKEN_INVALID, MNO_TOKEN_BINDING_REFUSED, MNO_DPOP_INVALID, MNO_DPOP_NONCE_REQUIRED, MNO_SESSION_OVER,
   * MNO_SESSION_STOPPED, MNO_IDENTITY_UNTRUSTED (401), MNO_ACCOUNT_DISABLED (403), MNO_CREDENTIALS_AMBIGUOUS (400),
   * MNO_RATE_LIMITED (429) for an address that failed too often, MNO_IDENTITY_UNAVAILABLE (503).
   */
  async identify(request: GatewayRequest): Promise<Principal> {
    const { failures, proofs } = this.deps;
    const { address } = request;
    // Many may share an address: who was known before goes on, whatever the others do.
    if (failures.mustWait(address) && !this.isKnown(request)) failures.check(address);
    try {
      return await this.find(request, (token, jkt) => proofs.check(request, token, jkt));
    } catch (error) {
      if (isGuess(error)) await failures.count(address);
      throw error;
    }
  }

  /** As `identify`, but for one-time proofs, which `identify` spent. Errors: the same, and MNO_SESSION_OVER if it is somebody else now. */
  async renew(principal: Principal, request: GatewayRequest): Promise<Principal> {
    const now = await this.find(request, () => Promise.resolve());
    if (now.type === principal.type && now.id === principal.id && now.method === principal.method) return now;
    throw new MnoError("MNO_SESSION_OVER", "The request is of somebody else now");
  }

  /** Whether it shows nothing that is to be verified, or what was right when it was seen last. */
  private isKnown(request: GatewayRequest): boolean {
    const { authorization } = request.headers;
    if (authorization !== undefined) {
      const token = AUTHORIZATION.exec(authorization[0] ?? "")?.[2];
      return token !== undefined && this.verified.remembers(token);
    }
    const secret = readSecret(request, SESSION_COOKIE);
    return secret === undefined || this.deps.sessions.remembers(secret);
  }

  private async find(request: GatewayRequest, prove: Prove): Promise<Principal> {
    const { spiffeId } = request;
    if (spiffeId !== undefined) checkTrustDomain(spiffeId, this.deps.trustDomains);
    const authorization = request.headers.authorization;
    if (authorization !== undefined) return this.byToken(request, authorization, prove);
    const secret = readSecret(request, SESSION_COOKIE);
    if (secret !== undefined) return this.bySession(request, secret);
    if (spiffeId === undefined) return NOBODY;
    return { type: "Workload", id: spiffeId, method: "mtls", attributes: { spiffeId }, parents: [] };
  }

  private async byToken(request: GatewayRequest, authorization: readonly string[], prove: Prove): Promise<Principal> {
    if (authorization.length > 1) {
      throw new MnoError("MNO_CREDENTIALS_AMBIGUOUS", "The header Authorization comes more than once");
    }
    const [, scheme, token] = AUTHORIZATION.exec(authorization[0] as string) ?? [];
    if (scheme === undefined || token === undefined) {
      throw invalidToken("the header Authorization must be Bearer or DPoP and a token");
    }
    const { payload, issuer } = await this.verified.verify(token);
    await checkBinding(request, scheme.toLowerCase(), payload, (jkt) => prove(token, jkt));
    const person = personOf(payload, issuer);
    if (person === undefined) throw invalidToken(`the claim ${issuer.idClaim} is not a user's id`);
    const issuedAt = (payload.iat as number) * 1000;
    const attributes = await this.deps.subjects.current(person.userId, person.attributes, issuedAt, true);
    return {
      type: "User",
      id: person.userId,
      method: "bearer",
      attributes: {
        ...attributes,
        ...inherent(payload, person.assurance),
        ...(request.spiffeId !== undefined && { workload: request.spiffeId }),
      },
      parents: person.parents,
    };
  }

  private async bySession(request: GatewayRequest, secret: string): Promise<Principal> {
    const session = await this.deps.sessions.resolve(secret, request);
    const { userId, attributes, parents, authenticatedAt } = session;
    return {
      type: "User",
      id: userId,
      method: "session",
      attributes: {
        ...(await this.deps.subjects.current(userId, attributes, authenticatedAt, false)),
        assurance: session.assurance,
        ...(request.spiffeId !== undefined && { workload: request.spiffeId }),
      },
      parents,
      session: factsOf(session),
    };
  }
}

/** RFC 9449, section 7, and RFC 8705, section 3: a token that is bound to a key is good with that key only. */
async function checkBinding(
  request: GatewayRequest,
  scheme: string,
  { cnf }: JWTPayload,
  prove: (jkt: string) => Promise<void>,
): Promise<void> {
  const bound = (typeof cnf === "object" && cnf !== null ? cnf : {}) as Record<string, unknown>;
  const { jkt, "x5t#S256": thumbprint, ...unknown } = bound;
  if ((cnf !== undefined && Object.keys(bound).length === 0) || Object.keys(unknown).length > 0) {
    throw new MnoError("MNO_TOKEN_BINDING_REFUSED", "The access token is bound in a way that is not known here");
  }
  if (thumbprint !== undefined && (typeof thumbprint !== "string" || thumbprint !== request.certificateThumbprint)) {
    throw new MnoError("MNO_TOKEN_BINDING_REFUSED", "The access token is bound to another client certificate");
  }
  if (jkt === undefined) {
    if (scheme === "dpop")
      throw new MnoError("MNO_TOKEN_BINDING_REFUSED", "The access token is not bound to a DPoP key");
    return;
  }
  if (scheme !== "dpop") {
    throw new MnoError(
      "MNO_TOKEN_BINDING_REFUSED",
      "The access token is bound to a key: send it as DPoP, with a proof",
    );
  }
  if (typeof jkt !== "string") throw invalidToken("cnf.jkt is not a thumbprint");
  await prove(jkt);
}

/** Attributes that no claim mapping can set. `clientId` tells apart what a user's programs do. */
function inherent(payload: JWTPayload, assurance: string): Record<string, unknown> {
  const { client_id, azp, scope, auth_time, cnf } = payload;
  const client = [client_id, azp].find((value) => typeof value === "string");
  const jkt = (cnf as { jkt?: unknown } | undefined)?.jkt;
  return {
    assurance,
    ...(client !== undefined && { clientId: client }),
    ...(typeof scope === "string" && {
      scopes: scope
        .split(" ")
        .filter((one) => one !== "")
        .slice(0, 100),
    }),
    ...(typeof auth_time === "number" && { authenticatedAt: auth_time * 1000 }),
    ...(typeof jkt === "string" && { keyThumbprint: jkt }),
  };
}

const GUESSES: ReadonlySet<MnoError["code"]> = new Set([
  "MNO_TOKEN_INVALID",
  "MNO_TOKEN_BINDING_REFUSED",
  "MNO_DPOP_INVALID",
  "MNO_SESSION_OVER",
]);

/** Whether it may have been a guess: what was right once, and is over, is shown by honest clients too. */
function isGuess(error: unknown): boolean {
  if (!(error instanceof MnoError) || !GUESSES.has(error.code)) return false;
  if (error.code === "MNO_SESSION_OVER") return error.extensions.reason === UNKNOWN_SESSION;
  // Signatures are verified before times are.
  return !(error.cause instanceof errors.JWTExpired);
}
