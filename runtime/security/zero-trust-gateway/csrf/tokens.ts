import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

const NONCE_BYTES = 16;
const FORM = /^([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})$/;

/**
 * Signed double-submit tokens: `nonce.HMAC-SHA256(key, session, nonce)`, so that who plants a cookie from a sibling host still has none
 * that is valid for the session.
 * Source: OWASP, "Cross-Site Request Forgery Prevention Cheat Sheet", signed double-submit cookie.
 */
export class CsrfTokens {
  constructor(
    private readonly key: Buffer,
    private readonly random: (bytes: number) => Buffer = randomBytes,
  ) {}

  issue(session: string): string {
    const nonce = this.random(NONCE_BYTES).toString("base64url");
    return `${nonce}.${this.sign(session, nonce).toString("base64url")}`;
  }

  isValid(token: string | undefined, session: string): boolean {
    const [, nonce, signature] = FORM.exec(token ?? "") ?? [];
    if (nonce === undefined || signature === undefined) return false;
    return timingSafeEqual(Buffer.from(signature, "base64url"), this.sign(session, nonce));
  }

  private sign(session: string, nonce: string): Buffer {
    // The length keeps the two apart, whatever they are.
    return createHmac("sha256", this.key)
      .update(`mno-csrf-1!${String(session.length)}!${session}!${nonce}`)
      .digest();
  }
}
