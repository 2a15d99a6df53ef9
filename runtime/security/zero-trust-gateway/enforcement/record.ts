import type { EntityRef, Excluded, Finding, Risk } from "../contracts";

/** How a request came to be asked about. */
export type Via = "proxy" | "ext-authz-http" | "ext-authz-grpc";

/** What the gateway does with a request, in this order. */
export const STAGES = [
  "understand",
  "route",
  "inspect",
  "identify",
  "forgery",
  "limit",
  "risk",
  "policy",
  "content",
  "upstream",
  "renew",
] as const;
export type Stage = (typeof STAGES)[number];

/** `allowed`; `refused` by a rule; `unavailable`: refused because a part that has to be asked gave no answer. */
export type Outcome = "allowed" | "refused" | "unavailable";

/** Why one request was let through or not: all that it rested on, and no secret. */
export interface DecisionRecord {
  readonly id: string;
  /** RFC 3339 UTC. */
  readonly time: string;
  readonly via: Via;
  readonly outcome: Outcome;
  /** The stage that refused; the last one where nothing did. */
  readonly stage: Stage;
  /** Error code and sentence of the refusal. */
  readonly code: string | null;
  readonly reason: string | null;
  readonly traceId: string | null;
  readonly request: {
    readonly method: string;
    readonly authority: string;
    /** Decoded. */
    readonly path: string;
    /** Names, and of values, which may be secrets, kind and length. */
    readonly query: string;
    readonly address: string;
    readonly userAgent: string | null;
  };
  readonly route: string | null;
  readonly principal: (EntityRef & { readonly method: string; readonly session: string | null }) | null;
  readonly action: EntityRef | null;
  readonly resource: EntityRef | null;
  /** Policies that determined the decision, and the version of the set. */
  readonly policies: readonly string[];
  readonly policyVersion: string | null;
  readonly policyErrors: readonly string[];
  readonly advice: readonly string[];
  readonly risk: Risk | null;
  readonly findings: readonly Finding[];
  readonly score: number;
  /** What was found and does not count, as the route says. */
  readonly excluded: readonly Excluded[];
  /** Headers that the client may not say, and that were taken away. */
  readonly stripped: readonly string[];
  /** Declared exceptions that were made use of: `risk-unavailable`, `content-unread`, `attack-monitored`. */
  readonly exceptions: readonly string[];
  /** Milliseconds of each stage. */
  readonly timings: Readonly<Partial<Record<Stage, number>>>;
  /** Status of the upstream's answer, once it came. */
  readonly status: number | null;
  /** The decision that this one took back, for an answer or tunnel that lasted. */
  readonly takesBack: string | null;
}

/** The record in sentences, for a reader who asks why. */
export function explain(record: DecisionRecord): string[] {
  const { principal, action, resource, route, risk, policies, findings, request } = record;
  const who = principal ? `${principal.type}::"${principal.id}" (${principal.method})` : "Nobody identified";
  const what =
    action && resource ? `${action.id} on ${resource.type}::"${resource.id}"` : `${request.method} ${request.path}`;
  const sentences = [`${who} asked for ${what}${route === null ? "" : `, by route ${route}`}.`];
  if (record.stripped.length > 0) sentences.push(`Headers taken away: ${record.stripped.join(", ")}.`);
  for (const { rule, where, what: found } of findings) sentences.push(`Inspection: ${rule} at ${where}: ${found}.`);
  for (const { rule, where, reason } of record.excluded)
    sentences.push(`Inspection: ${rule} at ${where} does not count on this route: ${reason}.`);
  if (record.exceptions.includes("attack-monitored"))
    sentences.push("Inspection would have refused it; the route only monitors.");
  if (risk) {
    const reasons = risk.reasons.length === 0 ? "" : `: ${risk.reasons.join("; ")}`;
    sentences.push(`Risk ${risk.level}, probability ${risk.probability.toFixed(3)}${reasons}.`);
  }
  if (record.exceptions.includes("risk-unavailable"))
    sentences.push("Risk could not be had; the route lets policies decide without.");
  if (record.exceptions.includes("content-unread"))
    sentences.push("The content was passed on unread, as the route declares.");
  if (policies.length > 0)
    sentences.push(`Determined by ${policies.join(", ")} of policy set ${record.policyVersion ?? "?"}.`);
  for (const error of record.policyErrors) sentences.push(`A policy was left out of account: ${error}.`);
  if (record.outcome === "allowed") sentences.push("Allowed.");
  else sentences.push(`Refused at ${record.stage}: ${record.reason ?? ""} (${record.code ?? ""}).`);
  if (record.takesBack !== null) sentences.push(`It takes back decision ${record.takesBack}; what lasted was cut.`);
  return sentences;
}
