import { hash } from "node:crypto";
import type { Incident } from "../incidents/incident";
import type { Entity, EntityKind } from "../ingest/entities";

export const ACTIONS = ["revoke-session", "raise-risk", "tighten-policy", "isolate-workload", "rotate-key"] as const;
export type Action = (typeof ACTIONS)[number];

export const RESPONSE_STATUSES = ["proposed", "approved", "executed", "failed", "rejected", "undone"] as const;
export type ResponseStatus = (typeof RESPONSE_STATUSES)[number];

/** Something done, or to be done, about an incident. */
export interface Response {
  /** Of incident, action and target: the same response is proposed once. */
  readonly id: string;
  readonly incident: string;
  readonly action: Action;
  readonly target: Entity;
  readonly status: ResponseStatus;
  readonly automatic: boolean;
  readonly reason: string;
  readonly createdAt: number;
  readonly changedAt: number;
  readonly attempts: number;
  /** When what was executed is taken back by itself; null where it is not. Absent in what was kept by an earlier release. */
  readonly expiresAt?: number | null;
  /** Who did what when, and what came of it. */
  readonly history: readonly { time: number; by: string; what: string }[];
}

/** What is to be done about incidents; the operator's declaration. */
export interface ResponsePolicy {
  readonly action: Action;
  /** 0 to 1. */
  readonly minConfidence: number;
  /** Only incidents with one of these ATT&CK tactics; any where empty. */
  readonly tactics: readonly string[];
  readonly mode: "automatic" | "approval";
}

/** What an action can be done to. */
const TARGETS: Readonly<Record<Action, readonly EntityKind[]>> = {
  "revoke-session": ["session"],
  "raise-risk": ["user", "session", "workload"],
  "tighten-policy": ["user", "workload"],
  "isolate-workload": ["workload"],
  "rotate-key": ["key"],
};

export const MAX_ATTEMPTS = 5;

/** Responses to an incident by the policies, for what it concerns. */
export function proposals(incident: Incident, policies: readonly ResponsePolicy[], now: number): Response[] {
  if (incident.status === "watching") return [];
  const found = new Map<string, Response>();
  const hasSession = incident.entities.some(({ kind }) => kind === "session");
  for (const { action, minConfidence, tactics, mode } of policies) {
    if (incident.confidence < minConfidence) continue;
    if (tactics.length > 0 && !tactics.some((tactic) => incident.tactics.includes(tactic))) continue;
    for (const target of incident.entities) {
      if (!TARGETS[action].includes(target.kind)) continue;
      // Where a session is known, it is what was stolen: its user logs in again, and is not to be kept out.
      if (action === "raise-risk" && target.kind === "user" && hasSession) continue;
      const reason = `incident "${incident.title}" at confidence ${incident.confidence.toFixed(2)}`;
      const response = propose(incident.id, action, target, {
        automatic: mode === "automatic",
        reason,
        by: "policy",
        now,
      });
      // Of two policies for the same the one that needs nobody's approval holds.
      if (response.automatic || !found.has(response.id)) found.set(response.id, response);
    }
  }
  return [...found.values()];
}

export function propose(
  incident: string,
  action: Action,
  target: Entity,
  { automatic, reason, by, now }: { automatic: boolean; reason: string; by: string; now: number },
): Response {
  const digest = hash("sha256", [incident, action, target.kind, target.id].join("\n"), "hex");
  return {
    id: `rsp_${digest.slice(0, 26)}`,
    incident,
    action,
    target,
    status: automatic ? "approved" : "proposed",
    automatic,
    reason,
    createdAt: now,
    changedAt: now,
    attempts: 0,
    history: [{ time: now, by, what: automatic ? "approved by policy" : "proposed" }],
  };
}

export function canTarget(action: Action, { kind }: Entity): boolean {
  return TARGETS[action].includes(kind);
}

const NEXT: Readonly<Record<ResponseStatus, readonly ResponseStatus[]>> = {
  proposed: ["approved", "rejected"],
  approved: ["executed", "failed", "rejected"],
  executed: ["undone"],
  failed: ["approved", "rejected"],
  rejected: ["approved"],
  undone: ["approved"],
};

export function mayBecome(from: ResponseStatus, to: ResponseStatus): boolean {
  return NEXT[from].includes(to);
}

export function changed(response: Response, status: ResponseStatus, by: string, what: string, now: number): Response {
  return {
    ...response,
    status,
    changedAt: now,
    history: [...response.history, { time: now, by, what: what.slice(0, 1000) }].slice(-64),
  };
}
