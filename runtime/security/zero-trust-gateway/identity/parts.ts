import type { AgentContext } from "../../../kernel/lifecycle/agent";
import type {
  GatewayRequest,
  Identifier,
  LimitState,
  Principal,
  RateLimiter,
  ReservedRoute,
  RiskSource,
} from "../contracts";
import type { MnoError } from "../../../exports";
import type { IdentityConfiguration } from "./configuration";

/** What identity takes of the agent's context. */
export type IdentityContext = Pick<
  AgentContext<IdentityConfiguration>,
  | "config"
  | "log"
  | "clock"
  | "http"
  | "metrics"
  | "tracer"
  | "bus"
  | "outbox"
  | "database"
  | "every"
  | "onStop"
  | "readyWhen"
>;

export interface IdentityOptions {
  /** Origins (`https://host:port`) that clients reach the gateway at, the canonical one first; MNO_ZTG_PUBLIC_URLS goes before. */
  origins: readonly string[];
  /** Whether the gateway listens on loopback only: the built-in directory of users is for that. */
  loopback: boolean;
}

/** What identity, sessions, signals and limits are to the enforcement point. */
export interface GatewayIdentity {
  readonly identifier: Identifier;
  readonly risk: RiskSource;
  readonly limiter: RateLimiter;
  /** To be answered by the gateway's listener itself, before routing: login, logout, step-up, back-channel logout, signals. */
  readonly routes: readonly ReservedRoute[];
  /** The error to throw where a decision advises that the principal prove itself (advice `step_up`), or undefined if it just did. */
  stepUp(principal: Principal, request: GatewayRequest): MnoError | undefined;
  /**
   * Headers that go with a refusal: WWW-Authenticate (RFC 6750, 9449, 9470), DPoP-Nonce, Set-Cookie that clears a dead session,
   * Retry-After and RateLimit. For a browser's navigation (GET, Accept text/html) `location` says where to log in or step up:
   * answer 303 then.
   */
  headersOf(error: MnoError, request: GatewayRequest): Record<string, string | string[]>;
  /** RateLimit and RateLimit-Policy for an answer that was let through. */
  limitHeaders(states: readonly LimitState[]): Record<string, string>;
  /** Called whenever what was known about a subject is no longer right: cached decisions about it must go. */
  onChange(listener: (change: SubjectChange) => void): void;
}

/** Subject "*": everything. */
export interface SubjectChange {
  readonly kind: "session" | "user" | "workload" | "device";
  readonly subject: string;
}
