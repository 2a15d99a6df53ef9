import {
  type AuthenticationResponseJSON,
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from "@simplewebauthn/server";
import { Secret, TOTP } from "otpauth";
import { MnoError } from "../../../../exports";
import type { Clock } from "../../../../kernel/clock";
import type { Database } from "../../../../kernel/store/database";
import type { Once } from "../once";

const PERIOD_SECONDS = 30;
/** Codes before and after the present one that are taken: clocks of telephones differ. */
const WINDOW = 1;
const MOST_AUTHENTICATORS = 10;
type Transport = "ble" | "cable" | "hybrid" | "internal" | "nfc" | "smart-card" | "usb";

interface Authenticator {
  id: string;
  public_key: Uint8Array;
  counter: number;
  transports: Transport[];
}

/** Where WebAuthn takes place: the origin that the browser is at, one of the gateway's. */
export interface RelyingParty {
  readonly origin: string;
}

/** TOTP (RFC 6238) and WebAuthn (Level 3) of the built-in users. */
export class SecondFactors {
  constructor(
    private readonly database: Database,
    private readonly once: Once,
    private readonly clock: Clock,
  ) {}

  /** Whether it is the code of now; a code is taken once (RFC 6238, section 5.2). */
  async checkTotp(userId: string, secret: string, code: string): Promise<boolean> {
    const totp = new TOTP({ secret: Secret.fromBase32(secret), period: PERIOD_SECONDS, digits: 6, algorithm: "SHA1" });
    const now = this.clock.now();
    const delta = totp.validate({ token: code, timestamp: now, window: WINDOW });
    if (delta === null) return false;
    const step = Math.floor(now / 1000 / PERIOD_SECONDS) + delta;
    return this.once.first(`totp ${JSON.stringify([userId, step])}`, (2 * WINDOW + 2) * PERIOD_SECONDS * 1000);
  }

  async authenticators(userId: string): Promise<readonly Authenticator[]> {
    return this.database.query<Authenticator>(
      "SELECT id, public_key, counter, transports FROM ztg_authenticators WHERE user_id = $1 ORDER BY added_at, id",
      [userId],
    );
  }

  /** What the browser's `navigator.credentials.get` takes. */
  async authenticationOptions(userId: string, { origin }: RelyingParty) {
    const known = await this.authenticators(userId);
    return generateAuthenticationOptions({
      rpID: new URL(origin).hostname,
      allowCredentials: known.map(({ id, transports }) => ({ id, transports })),
      userVerification: "required",
    });
  }

  /** Whether the answer to `challenge` is of one of the user's authenticators. */
  async checkAuthentication(
    userId: string,
    challenge: string,
    response: unknown,
    { origin }: RelyingParty,
  ): Promise<boolean> {
    const id = (response as { id?: unknown } | null)?.id;
    const known = (await this.authenticators(userId)).find((one) => one.id === id);
    if (known === undefined) return false;
    try {
      const { verified, authenticationInfo } = await verifyAuthenticationResponse({
        response: response as AuthenticationResponseJSON,
        expectedChallenge: challenge,
        expectedOrigin: origin,
        expectedRPID: new URL(origin).hostname,
        credential: { id: known.id, publicKey: new Uint8Array(known.public_key), counter: known.counter },
        requireUserVerification: true,
      });
      return verified && (await this.advance(known, authenticationInfo.newCounter));
    } catch {
      // What is wrong with it, its sender need not know.
      return false;
    }
  }

  /** A counter that does not grow is that of a copy; authenticators without one always say 0. */
  private async advance({ id }: Authenticator, counter: number): Promise<boolean> {
    const rows = await this.database.query(
      "UPDATE ztg_authenticators SET counter = $2 WHERE id = $1 AND (counter < $2 OR ($2 = 0 AND counter = 0)) RETURNING id",
      [id, counter],
    );
    return rows.length === 1;
  }

  /** What the browser's `navigator.credentials.create` takes. */
  async registrationOptions(userId: string, { origin }: RelyingParty) {
    const known = await this.authenticators(userId);
    return generateRegistrationOptions({
      rpName: "Machine Native Ops",
      rpID: new URL(origin).hostname,
      userName: userId,
      attestationType: "none",
      excludeCredentials: known.map(({ id, transports }) => ({ id, transports })),
      authenticatorSelection: { userVerification: "required", residentKey: "discouraged" },
    });
  }

  /** Errors: MNO_LOGIN_REFUSED. */
  async register(userId: string, challenge: string, response: unknown, { origin }: RelyingParty): Promise<void> {
    const refused = (why: string, cause?: unknown): MnoError =>
      new MnoError("MNO_LOGIN_REFUSED", `The authenticator is not taken: ${why}`, { cause });
    const verified = await verifyRegistrationResponse({
      response: response as RegistrationResponseJSON,
      expectedChallenge: challenge,
      expectedOrigin: origin,
      expectedRPID: new URL(origin).hostname,
      requireUserVerification: true,
    }).catch((cause: unknown) => {
      throw refused("its answer is not valid", cause);
    });
    if (!verified.verified) throw refused("its answer is not valid");
    const { id, publicKey, counter, transports = [] } = verified.registrationInfo.credential;
    const rows = await this.database.query(
      `INSERT INTO ztg_authenticators (id, user_id, public_key, counter, transports, added_at)
       SELECT $1, $2, $3, $4, $5, $6 WHERE (SELECT count(*) FROM ztg_authenticators WHERE user_id = $2) < ${MOST_AUTHENTICATORS}
       ON CONFLICT (id) DO NOTHING RETURNING id`,
      [id, userId, publicKey, counter, JSON.stringify(transports), new Date(this.clock.now()).toISOString()],
    );
    if (rows.length === 0) throw refused(`it is known already, or the user has ${MOST_AUTHENTICATORS}`);
  }
}
