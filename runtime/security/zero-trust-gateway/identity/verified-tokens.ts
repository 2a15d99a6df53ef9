import { createHash } from "node:crypto";
import type { Clock } from "../../../kernel/clock";
import type { AccessTokens, VerifiedToken } from "./access-tokens";

const REMEMBERED = 10_000;
/** So long does a key that its issuer withdrew go on to serve for a token that was verified before. */
const REMEMBERED_MILLISECONDS = 60_000;

/**
 * Tokens that were verified a moment ago, by their digest: signatures cost, and clients send a token many times. Revocations
 * and bindings are checked for every request all the same. Bounded: the oldest goes first.
 */
export class VerifiedTokens {
  private readonly known = new Map<string, { verified: VerifiedToken; until: number }>();

  constructor(
    private readonly tokens: AccessTokens,
    private readonly clock: Clock,
  ) {}

  /** Whether it was valid when it was seen last; not whether it still is. */
  remembers(token: string): boolean {
    return this.known.has(digestOf(token));
  }

  /** Errors: those of AccessTokens. */
  async verify(token: string): Promise<VerifiedToken> {
    const key = digestOf(token);
    const now = this.clock.now();
    const known = this.known.get(key);
    if (known !== undefined && now < known.until) return known.verified;
    this.known.delete(key);
    const verified = await this.tokens.verify(token);
    const until = Math.min(now + REMEMBERED_MILLISECONDS, (verified.payload.exp as number) * 1000);
    this.known.set(key, { verified, until });
    if (this.known.size > REMEMBERED) this.known.delete(this.known.keys().next().value as string);
    return verified;
  }
}

function digestOf(token: string): string {
  return createHash("sha256").update(token).digest("base64");
}
