import { EncryptJWT, jwtDecrypt } from "jose";
import { randomBytes, randomUUID } from "node:crypto";
import { MnoError } from "../../../../exports";
import type { Clock } from "../../../../kernel/clock";
import type { Database } from "../../../../kernel/store/database";
import type { Once } from "../once";

/** A login has to be finished within ten minutes. */
export const STATE_SECONDS = 600;

/** What the browser keeps for us while a login goes on, so that who begins a thousand of them costs us nothing. */
export type LoginState =
  | {
      readonly kind: "oidc";
      readonly issuer: string;
      readonly state: string;
      readonly nonce: string;
      readonly verifier: string;
      readonly redirectUri: string;
      readonly returnTo: string;
      /** The session whose user is to prove again who they are. */
      readonly sessionId?: string;
    }
  | {
      /** The first factor is proved, or a session's user is to prove again. */
      readonly kind: "pending";
      readonly userId: string;
      readonly returnTo: string;
      readonly sessionId?: string;
      readonly assessmentId?: string;
      readonly challenge?: string;
    }
  | { readonly kind: "registration"; readonly sessionId: string; readonly challenge: string };

/** Encrypts and authenticates login state (JWE, dir, A256GCM): the browser can neither read nor change it. */
export class SealedState {
  constructor(
    private readonly key: Buffer,
    private readonly once: Once,
    private readonly clock: Clock,
  ) {}

  seal(state: LoginState): Promise<string> {
    const now = this.clock.now();
    return new EncryptJWT({ state })
      .setProtectedHeader({ alg: "dir", enc: "A256GCM" })
      .setJti(randomUUID())
      .setExpirationTime(new Date(now + STATE_SECONDS * 1000))
      .encrypt(this.key);
  }

  /** Errors: MNO_LOGIN_STATE_INVALID, for what was not sealed here, is too old, or of another kind. */
  async open<K extends LoginState["kind"]>(
    kind: K,
    sealed: string | undefined,
  ): Promise<{ state: Extract<LoginState, { kind: K }>; spend: () => Promise<void> }> {
    if (sealed === undefined) throw invalidState();
    try {
      const { payload } = await jwtDecrypt(sealed, this.key, {
        keyManagementAlgorithms: ["dir"],
        contentEncryptionAlgorithms: ["A256GCM"],
        currentDate: new Date(this.clock.now()),
        requiredClaims: ["exp", "jti"],
      });
      const state = payload.state as LoginState;
      if (state.kind !== kind) throw invalidState();
      return { state: state as Extract<LoginState, { kind: K }>, spend: () => this.spend(payload.jti as string) };
    } catch (cause) {
      throw cause instanceof MnoError ? cause : invalidState(cause);
    }
  }

  /** What it asked for was answered: the same answer is not taken again. */
  private async spend(jti: string): Promise<void> {
    if (!(await this.once.first(`login ${jti}`, STATE_SECONDS * 1000))) throw invalidState();
  }
}

function invalidState(cause?: unknown): MnoError {
  return new MnoError("MNO_LOGIN_STATE_INVALID", "Begin the login again: this one was not begun here, or is over", {
    cause,
  });
}

/** A key that all replicas share: made once, by whichever comes first. */
export async function sharedKey(database: Database, name: string): Promise<Buffer> {
  await database.query("INSERT INTO ztg_keys (name, key) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", [
    name,
    randomBytes(32),
  ]);
  const [row] = await database.query<{ key: Uint8Array }>("SELECT key FROM ztg_keys WHERE name = $1", [name]);
  return Buffer.from((row as { key: Uint8Array }).key);
}
