/**
 * The seam between the balancing policies and the data plane. A policy decides only: time and randomness are passed in, and
 * it does no I/O. There is one policy per pool of interchangeable endpoints (a priority level of a route).
 */

/** One backend as the policies see it. The data plane owns it and keeps `inFlight` current. */
export interface Endpoint {
  readonly id: string;
  /** Relative capacity, above 0. */
  readonly weight: number;
  /** Requests that this balancer has under way to it, until the end of their responses. */
  readonly inFlight: number;
}

export interface PickContext {
  /** Milliseconds, monotonic. */
  readonly now: number;
  /** What the consistent policies hash; without it they hash a random key. The others ignore it. */
  readonly key?: string;
  /** Ids that were tried already: none of these, unless there is no other. */
  readonly exclude?: ReadonlySet<string>;
}

/** One try of one request on one endpoint. The data plane makes the object; policies know it by identity. */
export interface Attempt {
  readonly id: Endpoint["id"];
  /** Milliseconds, monotonic: when it was sent, or put in the endpoint's queue for a connection. */
  readonly startedAt: number;
}

/** What a server says of itself, in a response header or in the answer to a probe. */
export interface ServerLoad {
  /** Requests it has under way, from whomever. */
  readonly inFlight: number;
  /** Median of its recent latencies at about this number in flight, milliseconds. */
  readonly latencyMs?: number;
}

export interface Outcome {
  /** Milliseconds, monotonic: when the response's head had come, or the attempt ended without one. */
  readonly now: number;
  /** `abandoned`: nobody waits for it any more (client gone, another hedge won); it says nothing of the endpoint's health. */
  readonly result: "success" | "failure" | "abandoned";
  readonly serverLoad?: ServerLoad;
}

/** Why the last pick was what it was. */
export interface Explanation {
  readonly policy: PolicyName;
  readonly picked: Endpoint["id"];
  /** One sentence. */
  readonly reason: string;
  /** Those compared, as the policy judged them at that moment; the lowest cost wins. Empty where nothing was compared. */
  readonly candidates: readonly { readonly id: Endpoint["id"]; readonly cost: number }[];
}

export const POLICY_NAMES = [
  "expected-wait",
  "round-robin",
  "random",
  "least-request",
  "least-request-p2c",
  "peak-ewma",
  "prequal",
  "rendezvous",
  "maglev",
  "bounded-load",
] as const;

export type PolicyName = (typeof POLICY_NAMES)[number];

export interface Policy {
  readonly name: PolicyName;
  /**
   * The endpoints to choose from: call it at first, and whenever one came, went or got another weight. Of those that went
   * nothing is remembered. Throws MNO_BALANCER_POLICY_INVALID for two with one id, or a weight that is not above 0.
   */
  update(endpoints: readonly Endpoint[], now: number): void;
  /** Id of the endpoint to use; undefined only when there is none at all. */
  pick(context: PickContext): Endpoint["id"] | undefined;
  /** Just before an attempt is sent (every one: retries and hedges too). Absent: it goes by `inFlight` alone. */
  started?(attempt: Attempt): void;
  /** Once for each attempt started: its response's head has come, or it ended without one. Absent: it learns nothing. */
  answered?(attempt: Attempt, outcome: Outcome): void;
  /** Ids to probe now: called once for each request, probes are sent without waiting for them. Absent: it never probes. */
  probeTargets?(now: number): readonly Endpoint["id"][];
  /** A probe's answer. A probe that fails or is late is dropped. */
  probed?(id: Endpoint["id"], load: ServerLoad, now: number): void;
  /** Explains the last pick; undefined before the first. */
  why(): Explanation | undefined;
}

/** Uniform in [0, 1). */
export type Random = () => number;
