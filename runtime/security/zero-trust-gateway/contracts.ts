import type { Excluded, Finding, Inspection as Found } from "../../kernel/http-inspection/inspection";
import type { RouteRules } from "./inspection/route-rules";

/**
 * What the parts of the gateway tell each other. Each part is one folder behind one of these interfaces; `enforcement/` asks
 * them in order: inspect, identify, guard against forgery, limit, assess, decide, validate, forward.
 */

/** Lower-case name -> values, in the order in which they came. */
export type Headers = Readonly<Record<string, readonly string[]>>;

/** A request as the gateway understood it; what cannot be understood in one way only never becomes one. */
export interface GatewayRequest {
  /** Unique; the id of the decision on it, and `x-request-id` upstream. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly method: string;
  readonly scheme: "http" | "https";
  /** Host and port that the client asked for, lower-case. */
  readonly authority: string;
  /** Absolute path, percent-decoded where that is unambiguous, dot segments resolved (RFC 3986, section 6.2.2). */
  readonly path: string;
  /** Path and query as they came. */
  readonly target: string;
  /** Without "?". */
  readonly query: string;
  readonly headers: Headers;
  /** Address of the client, behind trusted proxies if there are any. */
  readonly address: string;
  /** SHA-256 thumbprint (base64url) of the client's certificate, where it showed one. */
  readonly certificateThumbprint?: string;
  /** SPIFFE id out of the client's certificate or, from a trusted mesh proxy, `x-forwarded-client-cert`. */
  readonly spiffeId?: string;
  /** W3C trace id. */
  readonly traceId?: string;
}

export type AuthenticationMethod = "session" | "bearer" | "mtls" | "anonymous";

/** Who asks. */
export interface Principal {
  /** Cedar entity type: User, Workload or Anonymous. */
  readonly type: string;
  readonly id: string;
  readonly method: AuthenticationMethod;
  /** Cedar attributes: plain JSON. */
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Cedar parents: groups and roles. */
  readonly parents: readonly EntityRef[];
  readonly session?: SessionFacts;
}

export interface SessionFacts {
  /** Digest of the session's secret. */
  readonly id: string;
  readonly establishedAt: number;
  /** When the user last proved who they are. */
  readonly authenticatedAt: number;
  /** Authentication context class: "password", "mfa", "phishing-resistant". */
  readonly assurance: string;
}

export interface EntityRef {
  readonly type: string;
  readonly id: string;
}

/** What is thought of the principal at the moment. */
export interface Risk {
  readonly level: "low" | "medium" | "high";
  /** Probability in [0, 1]. */
  readonly probability: number;
  readonly reasons: readonly string[];
  /** When it was assessed. */
  readonly time: number;
}

export interface AccessQuestion {
  readonly principal: EntityRef;
  readonly action: EntityRef;
  readonly resource: EntityRef;
  readonly context: Readonly<Record<string, unknown>>;
  /** Entities that the question brings along, over those that are stored. */
  readonly entities?: readonly EntityRecord[];
}

export interface EntityRecord extends EntityRef {
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly parents: readonly EntityRef[];
  /** Cedar tags, by name. */
  readonly tags?: Readonly<Record<string, unknown>>;
}

export interface AccessDecision {
  readonly allowed: boolean;
  /** Ids of the policies that determined it: permits if allowed, forbids if one forbade, none where nothing permits. */
  readonly policies: readonly string[];
  /** Digest of the policy set and schema it was made by. */
  readonly version: string;
  /** Faults of policies that were left out of account, as Cedar does. */
  readonly errors: readonly string[];
  /** Advice of the determining policies, such as `step_up`: the annotations `@advice("...")`. */
  readonly advice: readonly string[];
}

/** policy/ : pure, synchronous, in process. Throws MNO_POLICY_UNAVAILABLE while no policy set is loaded. */
export interface PolicyDecisionPoint {
  decide(question: AccessQuestion): AccessDecision;
}

/** identity/ : who sends the request. Throws MnoError with status 401 or 403; nobody at all is Anonymous. */
export interface Identifier {
  identify(request: GatewayRequest): Promise<Principal>;
  /**
   * Asked again and again while an answer, a stream or a tunnel lasts that `principal` was let into by `request`: whether its session or
   * token holds still. One-time proofs (DPoP) were spent by `identify` and are not asked for again. Throws as `identify` does.
   */
  renew(principal: Principal, request: GatewayRequest): Promise<Principal>;
}

/** identity/ : risk as known now, from assessments and signals. Throws MNO_RISK_UNAVAILABLE. */
export interface RiskSource {
  riskOf(principal: Principal, request: GatewayRequest): Promise<Risk>;
}

/** limits/ : throws MNO_RATE_LIMITED with `retryAfterSeconds`; resolves to what is left, for the RateLimit headers. */
export interface RateLimiter {
  take(principal: Principal, request: GatewayRequest): Promise<readonly LimitState[]>;
}

/** One quota as it stands after a request (draft-ietf-httpapi-ratelimit-headers). */
export interface LimitState {
  readonly name: string;
  readonly quota: number;
  readonly windowSeconds: number;
  readonly remaining: number;
  readonly resetSeconds: number;
}

/** A route that the gateway answers itself, below `/.mno/`. `path` is exact; the body was read whole, up to 64 KiB. */
export interface ReservedRoute {
  readonly method: "GET" | "POST";
  readonly path: string;
  /** Throws MnoError. */
  handle(request: GatewayRequest, body: Buffer): Promise<Reply>;
}

export interface Reply {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: string;
}

export type { Excluded, Finding };

export interface Inspection extends Found {
  /** It would be refused, if the route did not only monitor. */
  readonly monitored?: boolean;
  /** What was found and does not count, as the route says. */
  readonly excluded?: readonly Excluded[];
}

/** inspection/ : attack rules and learned grammar over the request, and its body where that was read. */
export interface Inspector {
  inspect(request: GatewayRequest, body?: Buffer, rules?: RouteRules): Inspection;
}
