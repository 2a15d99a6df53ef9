import { decodeJwt, decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from "jose";
import { MnoError } from "../../../exports";
import type { Clock } from "../../../kernel/clock";
import { sameSecret } from "../../../kernel/same-secret";
import { explain } from "../identity/access-tokens";
import type { KeySet } from "../identity/key-sets";
import type { Transmitter } from "./transmitter-schema";

const MOST_CHARACTERS = 65_536;
const FORM = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
const MOST_ID_CHARACTERS = 256;
const MOST_EVENTS = 16;
/** A transmitter delivers late after an outage; older ones were delivered before, and are refused so that ids need not be kept for ever. */
export const OLDEST_MILLISECONDS = 86_400_000;

export interface TrustedTransmitter {
  readonly transmitter: Transmitter;
  readonly keys: Pick<KeySet, "keyOf">;
}

/** Error codes of RFC 8935, section 2.4. */
export type SetFault =
  "invalid_request" | "invalid_key" | "invalid_issuer" | "invalid_audience" | "authentication_failed";

export interface VerifiedSet {
  readonly transmitter: Transmitter;
  readonly jti: string;
  /** Milliseconds since 1970. */
  readonly issuedAt: number;
  readonly subject: unknown;
  /** Event type URI -> payload. */
  readonly events: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export function invalidSet(err: SetFault, why: string, cause?: unknown): MnoError {
  return new MnoError("MNO_SIGNAL_INVALID", why, { extensions: { err }, ...(cause !== undefined && { cause }) });
}

/** Verifies security event tokens (RFC 8417) as OpenID SSF profiles them: typ, no sub, no exp, one sub_id. */
export class SecurityEventTokens {
  private readonly transmitters: ReadonlyMap<string, TrustedTransmitter>;

  constructor(
    transmitters: readonly TrustedTransmitter[],
    private readonly clock: Clock,
    private readonly skewSeconds: number,
  ) {
    this.transmitters = new Map(transmitters.map((trusted) => [trusted.transmitter.issuer, trusted]));
  }

  /** Errors: MNO_SIGNAL_INVALID with `err`, MNO_IDENTITY_UNAVAILABLE. `authorization` is what came with it. */
  async verify(token: string, authorization: string | undefined): Promise<VerifiedSet> {
    const { transmitter, keys } = this.transmitterOf(token);
    if (transmitter.token !== undefined && !sameSecret(authorization ?? "", `Bearer ${transmitter.token}`)) {
      throw invalidSet("authentication_failed", "The header Authorization is not what was agreed");
    }
    let payload: JWTPayload;
    try {
      ({ payload } = await jwtVerify(token, keys.keyOf, {
        issuer: transmitter.issuer,
        audience: transmitter.audience,
        algorithms: transmitter.algorithms,
        typ: "secevent+jwt",
        clockTolerance: this.skewSeconds,
        currentDate: new Date(this.clock.now()),
        requiredClaims: ["iat", "jti", "events"],
      }));
    } catch (error) {
      if (error instanceof MnoError) throw error;
      throw invalidSet(faultOf(error), `The security event token is not valid: ${explain(error)}`, error);
    }
    return this.read(payload, transmitter);
  }

  private transmitterOf(token: string): TrustedTransmitter {
    if (token.length > MOST_CHARACTERS || !FORM.test(token)) {
      throw invalidSet("invalid_request", "The body is not a signed JWT");
    }
    try {
      decodeProtectedHeader(token);
      const { iss } = decodeJwt(token);
      const trusted = typeof iss === "string" ? this.transmitters.get(iss) : undefined;
      if (trusted !== undefined) return trusted;
    } catch (error) {
      throw invalidSet("invalid_request", "The security event token cannot be decoded", error);
    }
    throw invalidSet("invalid_issuer", "The issuer is not a transmitter that is trusted");
  }

  private read(payload: JWTPayload, transmitter: Transmitter): VerifiedSet {
    const { jti, iat = 0, exp, sub, events, sub_id } = payload as JWTPayload & { events?: unknown; sub_id?: unknown };
    const issuedAt = iat * 1000;
    const age = this.clock.now() - issuedAt;
    if (age < -this.skewSeconds * 1000) throw invalidSet("invalid_request", "iat is in the future");
    if (age > OLDEST_MILLISECONDS) throw invalidSet("invalid_request", "iat is more than a day ago");
    // With them, a token of another kind that was signed with the same key could pass for a signal (RFC 8417, section 4).
    if (exp !== undefined || sub !== undefined) throw invalidSet("invalid_request", "exp and sub do not belong here");
    if (typeof jti !== "string" || jti === "" || jti.length > MOST_ID_CHARACTERS) {
      throw invalidSet("invalid_request", "jti must be a text of 1 to 256 characters");
    }
    const entries = typeof events === "object" && events !== null ? Object.entries(events) : [];
    const objects = entries.every(([, event]) => typeof event === "object" && event !== null && !Array.isArray(event));
    if (entries.length === 0 || entries.length > MOST_EVENTS || !objects) {
      throw invalidSet("invalid_request", `events must have 1 to ${MOST_EVENTS} objects`);
    }
    const read = new Map(entries) as Map<string, Record<string, unknown>>;
    // Before SSF 1.0 the subject was in the event.
    const subject = sub_id ?? [...read.values()][0]?.subject;
    return { transmitter, jti, issuedAt, subject, events: Object.fromEntries(read) };
  }
}

function faultOf(error: unknown): SetFault {
  if (error instanceof errors.JWTClaimValidationFailed)
    return error.claim === "aud" ? "invalid_audience" : "invalid_request";
  return "invalid_key";
}
