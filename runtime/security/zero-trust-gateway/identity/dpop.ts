import { calculateJwkThumbprint, EmbeddedJWK, errors, type JWK, type JWTPayload, jwtVerify } from "jose";
import { createHash, createHmac } from "node:crypto";
import { MnoError } from "../../../exports";
import type { Clock } from "../../../kernel/clock";
import { sameSecret } from "../../../kernel/same-secret";
import type { GatewayRequest } from "../contracts";
import type { Once } from "./once";

const MOST_CHARACTERS = 16_384;
const MOST_ID_CHARACTERS = 256;
const NONCE_SECONDS = 120;
export const DPOP_ALGORITHMS = [
  "ES256",
  "ES384",
  "ES512",
  "PS256",
  "RS256",
  "EdDSA",
  "Ed25519",
  "ML-DSA-44",
  "ML-DSA-65",
];

export interface DpopOptions {
  readonly clock: Clock;
  readonly once: Pick<Once, "first">;
  readonly windowSeconds: number;
  readonly skewSeconds: number;
  /** Origins that the gateway is reached at: a proof for another host is not for us, whatever the Host header says. */
  readonly origins: ReadonlySet<string>;
  /** Key of the nonces, where proofs must have one. */
  readonly nonceKey?: Buffer;
}

function invalidProof(why: string, cause?: unknown): MnoError {
  return new MnoError("MNO_DPOP_INVALID", `The DPoP proof is not valid: ${why}`, cause === undefined ? {} : { cause });
}

/** Checks proofs of possession (RFC 9449, section 4.3). */
export class DpopProofs {
  constructor(private readonly options: DpopOptions) {}

  /**
   * That the request's one proof is for this request and this token, by the key with the thumbprint `jkt`, and was not seen
   * before. Errors: MNO_DPOP_INVALID, MNO_DPOP_NONCE_REQUIRED, MNO_TOKEN_BINDING_REFUSED.
   */
  async check(request: GatewayRequest, token: string, jkt: string): Promise<void> {
    const { clock, once, windowSeconds, skewSeconds } = this.options;
    const [proof, ...more] = request.headers.dpop ?? [];
    if (proof === undefined) throw invalidProof("there is none");
    if (more.length > 0) throw invalidProof("there is more than one");
    const { payload, jwk } = await this.verify(proof);
    if (payload.htm !== request.method) throw invalidProof("htm is another method");
    const htu = typeof payload.htu === "string" ? targetOf(payload.htu) : undefined;
    const origin = originOf(request);
    if (!this.options.origins.has(origin)) throw invalidProof(`the gateway is not reached at ${origin}`);
    if (htu === undefined || htu !== targetOf(origin + request.target)) throw invalidProof("htu is another URL");
    const iat = payload.iat as number;
    const age = clock.now() / 1000 - iat;
    if (!(age <= windowSeconds && age >= -skewSeconds)) throw invalidProof("iat is too far from now");
    if (payload.ath !== createHash("sha256").update(token).digest("base64url"))
      throw invalidProof("ath is of another token");
    const { jti } = payload;
    if (typeof jti !== "string" || jti === "" || jti.length > MOST_ID_CHARACTERS)
      throw invalidProof("jti is missing or too long");
    // A signature verifies under a key whose members decode all the same; its thumbprint is of the members as they are written.
    const thumbprint = await calculateJwkThumbprint(jwk).catch(() => {
      throw invalidProof("jwk is not written in base64url");
    });
    if (thumbprint !== jkt) {
      throw new MnoError("MNO_TOKEN_BINDING_REFUSED", "The access token is bound to another key than the DPoP proof's");
    }
    this.checkNonce(payload);
    const key = createHash("sha256")
      .update(JSON.stringify([jkt, jti]))
      .digest("base64url");
    if (!(await once.first(`dpop ${key}`, (windowSeconds + skewSeconds + 1) * 1000)))
      throw invalidProof("it was used before");
  }

  /** To be sent as DPoP-Nonce; good for two minutes, on every replica. */
  nonce(): string | undefined {
    const { nonceKey, clock } = this.options;
    return nonceKey && nonceAt(nonceKey, Math.floor(clock.now() / 1000 / NONCE_SECONDS));
  }

  private async verify(proof: string): Promise<{ payload: JWTPayload; jwk: JWK }> {
    if (proof.length > MOST_CHARACTERS) throw invalidProof("it is too long");
    try {
      const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, {
        typ: "dpop+jwt",
        algorithms: DPOP_ALGORITHMS,
        requiredClaims: ["iat", "jti", "htm", "htu", "ath"],
        // `iat` has a window of its own; what else has a time must fit ours.
        currentDate: new Date(this.options.clock.now()),
        clockTolerance: this.options.skewSeconds,
      });
      return { payload, jwk: protectedHeader.jwk as JWK };
    } catch (error) {
      const why =
        error instanceof errors.JWTClaimValidationFailed
          ? `${error.claim} is missing or wrong`
          : "it cannot be verified";
      throw invalidProof(why, error);
    }
  }

  private checkNonce({ nonce }: JWTPayload): void {
    const { nonceKey, clock } = this.options;
    if (nonceKey === undefined) return;
    const period = Math.floor(clock.now() / 1000 / NONCE_SECONDS);
    const good = [period, period - 1].some(
      (at) => typeof nonce === "string" && sameSecret(nonce, nonceAt(nonceKey, at)),
    );
    if (!good)
      throw new MnoError("MNO_DPOP_NONCE_REQUIRED", "The DPoP proof must have the nonce of the header DPoP-Nonce");
  }
}

function nonceAt(key: Buffer, period: number): string {
  return createHmac("sha256", key).update(`dpop-nonce ${period}`).digest("base64url");
}

export function originOf({ scheme, authority }: Pick<GatewayRequest, "scheme" | "authority">): string {
  const url = `${scheme}://${authority}`;
  return URL.canParse(url) ? new URL(url).origin : url;
}

/** Without query and fragment, normalised by scheme, host and percent-encoding (RFC 9449, section 4.3; RFC 3986, section 6.2). */
function targetOf(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { origin, pathname, username, password } = new URL(url);
  if (origin === "null" || username !== "" || password !== "") return undefined;
  const path = pathname.replace(/%([0-9A-Fa-f]{2})/g, (whole, digits: string) => {
    const character = String.fromCharCode(Number.parseInt(digits, 16));
    return /[A-Za-z0-9._~-]/.test(character) ? character : whole.toUpperCase();
  });
  return origin + path;
}
