import { createHash, randomBytes } from "node:crypto";
import type { EntityRef, SessionFacts } from "../contracts";

export type Assurance = "password" | "mfa" | "phishing-resistant" | "reduced";

/** How a client looked when it last proved whose it is. */
export interface ClientView {
  readonly address: string;
  /** Browser, system and kind of device, without versions: they change under an honest user's hands. */
  readonly agent: string;
}

export interface Session {
  /** SHA-256 of the secret, base64url. */
  readonly id: string;
  readonly userId: string;
  /** The issuer that vouched for the user, or DIRECTORY. */
  readonly source: string;
  /** The issuer's own session (OpenID Connect `sid`). */
  readonly providerSession: string | null;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly parents: readonly EntityRef[];
  readonly assurance: Assurance;
  /** Milliseconds since 1970, as all times here. */
  readonly establishedAt: number;
  readonly authenticatedAt: number;
  readonly seenAt: number;
  readonly expiresAt: number;
  readonly client: ClientView;
  /** Thumbprint of the client certificate that it was established with, and must always come with. */
  readonly certificate: string | null;
  /** Digest of the device's secret. */
  readonly device: string | null;
  readonly endedAt: number | null;
  readonly endReason: string | null;
}

/** Source of users that the gateway knows by itself. */
export const DIRECTORY = "directory";

/** 256 bits, base64url. */
export function newSecret(): string {
  return randomBytes(32).toString("base64url");
}

export function digestOf(secret: string): string {
  return createHash("sha256").update(secret).digest("base64url");
}

export function factsOf(session: Session): SessionFacts {
  const { id, establishedAt, authenticatedAt, assurance } = session;
  return { id, establishedAt, authenticatedAt, assurance };
}

/** Why it may not be used at `now`, or undefined. */
export function overReason(session: Session, now: number, idleMilliseconds: number): string | undefined {
  if (session.endedAt !== null) return session.endReason ?? "ended";
  if (now >= session.expiresAt) return "expired";
  if (now - session.seenAt >= idleMilliseconds) return "idle";
  return undefined;
}
