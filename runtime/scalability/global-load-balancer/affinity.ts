import { createHmac, timingSafeEqual } from "node:crypto";

const SIGNATURE_BYTES = 16;

/**
 * Cookies that bind a session to an endpoint: `<endpoint>.<expiry>.<signature>`, the signature over upstream, endpoint and expiry, so
 * that a client cannot choose its endpoint. HMAC-SHA-256, cut to 128 bits.
 */
export class SessionAffinity {
  constructor(private readonly secret: string | Buffer) {}

  /** Value of the cookie; `expiresAt` in milliseconds since the epoch. */
  seal(upstream: string, endpoint: string, expiresAt: number): string {
    const payload = `${Buffer.from(endpoint).toString("base64url")}.${Math.floor(expiresAt / 1000).toString(36)}`;
    return `${payload}.${this.sign(upstream, payload).toString("base64url")}`;
  }

  /** The endpoint of a cookie that this balancer sealed and that has not expired. */
  open(upstream: string, value: string, now: number): string | undefined {
    const [endpoint, expiry, signature, ...rest] = value.split(".");
    if (endpoint === undefined || expiry === undefined || signature === undefined || rest.length > 0) return undefined;
    const given = Buffer.from(signature, "base64url");
    const right = this.sign(upstream, `${endpoint}.${expiry}`);
    if (given.length !== right.length || !timingSafeEqual(given, right)) return undefined;
    return parseInt(expiry, 36) * 1000 > now ? Buffer.from(endpoint, "base64url").toString() : undefined;
  }

  private sign(upstream: string, payload: string): Buffer {
    return createHmac("sha256", this.secret).update(`${upstream}\n${payload}`).digest().subarray(0, SIGNATURE_BYTES);
  }
}
