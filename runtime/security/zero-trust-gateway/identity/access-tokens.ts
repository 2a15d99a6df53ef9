import { decodeJwt, decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from "jose";
import { MnoError } from "../../../exports";
import type { Clock } from "../../../kernel/clock";
import type { Issuer } from "./issuer-schema";
import type { KeySet } from "./key-sets";

/** ML-DSA-87 signatures are 6 KiB in base64url; the claims have the rest. */
const MOST_CHARACTERS = 16_384;
const FORM = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
/** A token brings no key of its own: the issuer's are known. */
const KEYS_BROUGHT_ALONG = ["jwk", "jku", "x5u", "x5c"];
/** Of ID tokens and logout tokens, which are signed by the same key and are no access tokens (RFC 8725, section 3.12). */
const NOT_OF_ACCESS_TOKENS = ["nonce", "at_hash", "c_hash", "events"];

export interface VerifiedToken {
  readonly payload: JWTPayload;
  readonly issuer: Issuer;
}

/** One issuer and its keys. */
export interface TrustedIssuer {
  readonly issuer: Issuer;
  readonly keys: Pick<KeySet, "keyOf">;
}

export function invalidToken(why: string, cause?: unknown): MnoError {
  return new MnoError(
    "MNO_TOKEN_INVALID",
    `The access token is not valid: ${why}`,
    cause === undefined ? {} : { cause },
  );
}

/** Verifies access tokens (RFC 7519, RFC 8725, RFC 9068) of the issuers that are trusted, with their keys and algorithms only. */
export class AccessTokens {
  private readonly issuers: ReadonlyMap<string, TrustedIssuer>;

  constructor(
    issuers: readonly TrustedIssuer[],
    private readonly clock: Clock,
    private readonly skewSeconds: number,
  ) {
    this.issuers = new Map(issuers.map((trusted) => [trusted.issuer.issuer, trusted]));
  }

  /** Errors: MNO_TOKEN_INVALID, MNO_IDENTITY_UNAVAILABLE. */
  async verify(token: string): Promise<VerifiedToken> {
    const { issuer, keys } = this.issuerOf(token);
    try {
      const { payload } = await jwtVerify(token, keys.keyOf, {
        issuer: issuer.issuer,
        audience: issuer.audience,
        algorithms: issuer.algorithms,
        typ: issuer.tokenType,
        clockTolerance: this.skewSeconds,
        currentDate: new Date(this.clock.now()),
        requiredClaims: ["exp", "iat", issuer.idClaim.split(".")[0] as string, ...issuer.requiredClaims],
      });
      const iat = payload.iat as number;
      if (iat > this.clock.now() / 1000 + this.skewSeconds) throw invalidToken("it was issued in the future");
      const stray = NOT_OF_ACCESS_TOKENS.find((claim) => claim in payload);
      if (stray !== undefined) throw invalidToken(`it has the claim ${stray}: it is for something else`);
      return { payload, issuer };
    } catch (error) {
      if (error instanceof MnoError) throw error;
      throw invalidToken(explain(error), error);
    }
  }

  private issuerOf(token: string): TrustedIssuer {
    if (token.length > MOST_CHARACTERS || !FORM.test(token)) throw invalidToken("it is not a signed JWT");
    let iss: unknown;
    let header: Record<string, unknown>;
    try {
      iss = decodeJwt(token).iss;
      header = decodeProtectedHeader(token);
    } catch (error) {
      throw invalidToken("it cannot be decoded", error);
    }
    const brought = KEYS_BROUGHT_ALONG.find((name) => name in header);
    if (brought !== undefined) throw invalidToken(`its header has ${brought}; keys come from the issuer`);
    const trusted = typeof iss === "string" ? this.issuers.get(iss) : undefined;
    if (trusted === undefined) throw invalidToken("its issuer is not one of those that are trusted");
    return trusted;
  }
}

/** What was wrong, without what the token says. */
export function explain(error: unknown): string {
  if (error instanceof errors.JWTExpired) return "it has expired";
  if (error instanceof errors.JWTClaimValidationFailed)
    return `the claim or header ${error.claim} is not as it has to be`;
  if (error instanceof errors.JOSEAlgNotAllowed) return "its algorithm is not allowed";
  if (error instanceof errors.JWKSNoMatchingKey) return "no key of the issuer's fits it";
  if (error instanceof errors.JWKSMultipleMatchingKeys) return "it does not say which key it was signed with";
  if (error instanceof errors.JWSSignatureVerificationFailed) return "its signature is wrong";
  return "it cannot be verified";
}
