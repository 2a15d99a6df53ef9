import { attributesOf } from "../identity/claims";
import type { Assurance } from "../sessions/session";
import type { SignalSubject } from "./subject-identifiers";
import type { RiskKind } from "./risk-store";
import type { Risk } from "../contracts";

const CAEP = "https://schemas.openid.net/secevent/caep/event-type/";
const RISC = "https://schemas.openid.net/secevent/risc/event-type/";
const SSF = "https://schemas.openid.net/secevent/ssf/event-type/";
/** For that long does a level hold that a transmitter told, unless it tells another. */
const RISK_MILLISECONDS = 86_400_000;
/** A level has no probability; these lie inside the levels' ranges. */
const PROBABILITIES = { low: 0.01, medium: 0.3, high: 0.9 } as const;

/** What a signal changes here. */
export type Effect =
  | { readonly kind: "end sessions"; readonly reason: string }
  | { readonly kind: "revoke tokens"; readonly before: number }
  | { readonly kind: "disable"; readonly disabled: boolean }
  | { readonly kind: "set attributes"; readonly attributes: Readonly<Record<string, unknown>> }
  | { readonly kind: "assure"; readonly assurance: Assurance }
  | {
      readonly kind: "set risk";
      readonly of: RiskKind;
      readonly level: Risk["level"];
      readonly probability: number;
      readonly reasons: readonly string[];
      readonly expiresAt: number;
    };

type Json = Readonly<Record<string, unknown>>;

/** Short name for metrics and reasons: the last part of a type that is known, else "other". */
export function eventName(type: string): string {
  const known = [CAEP, RISC, SSF].find((prefix) => type.startsWith(prefix));
  const name = known === undefined ? undefined : type.slice(known.length);
  return name !== undefined && NAMES.has(name) ? name : "other";
}

/**
 * What follows from an event of CAEP 1.0 or RISC 1.0 about a subject; nothing from what is not known, as the specifications
 * want it. `time` is when it was told, ms since 1970.
 */
export function effectsOf(type: string, event: Json, subject: SignalSubject, time: number): readonly Effect[] {
  const happened = timeOf(event.event_timestamp) ?? time;
  if (type.startsWith(CAEP)) return caep(type.slice(CAEP.length), event, subject, Math.min(happened, time));
  if (type.startsWith(RISC)) return risc(type.slice(RISC.length), Math.min(happened, time));
  return [];
}

function caep(name: string, event: Json, subject: SignalSubject, time: number): readonly Effect[] {
  const { issuer, userId, device, sessions } = subject;
  const reason = `signal ${name}`;
  switch (name) {
    case "session-revoked":
      // Of one session that is named, the user's others and their tokens stay.
      if (sessions !== undefined && "providerSession" in sessions) return [{ kind: "end sessions", reason }];
      return [
        { kind: "end sessions", reason },
        { kind: "revoke tokens", before: time },
      ];
    case "credential-change":
      // A credential that was added takes nothing from sessions that others began.
      if (event.change_type === "create") return [];
      return [
        { kind: "end sessions", reason },
        { kind: "revoke tokens", before: time },
      ];
    case "token-claims-change": {
      const claims = typeof event.claims === "object" && event.claims !== null ? (event.claims as Json) : {};
      if (issuer === undefined) return [{ kind: "end sessions", reason }];
      const attributes = attributesOf(claims, issuer);
      const groups = Object.values(issuer.parents).some((claim) =>
        Object.hasOwn(claims, claim.split(".")[0] as string),
      );
      // Membership of groups is not an attribute: the user gets it anew with the next token.
      if (groups) {
        return [
          { kind: "end sessions", reason },
          { kind: "revoke tokens", before: time },
          { kind: "set attributes", attributes },
        ];
      }
      return Object.keys(attributes).length === 0 ? [] : [{ kind: "set attributes", attributes }];
    }
    case "assurance-level-change":
      return event.change_direction === "increase" ? [] : [{ kind: "assure", assurance: "reduced" }];
    case "device-compliance-change": {
      const compliant = event.current_status === "compliant";
      const attributes: Effect = { kind: "set attributes", attributes: { deviceCompliant: compliant } };
      const level = compliant ? "low" : "high";
      const of =
        device === undefined
          ? []
          : [riskEffect("device", level, `the device is ${compliant ? "" : "not "}compliant`, time)];
      return userId === undefined ? of : [attributes, ...of];
    }
    case "risk-level-change": {
      const level = typeof event.current_level === "string" ? event.current_level.toLowerCase() : "";
      if (level !== "low" && level !== "medium" && level !== "high") return [];
      const of = event.principal === "DEVICE" && device !== undefined ? "device" : "user";
      return [riskEffect(of, level, "a signal told this level of risk", time)];
    }
    default:
      return [];
  }
}

function risc(name: string, time: number): readonly Effect[] {
  const reason = `signal ${name}`;
  const revoke: Effect[] = [
    { kind: "end sessions", reason },
    { kind: "revoke tokens", before: time },
  ];
  switch (name) {
    case "account-disabled":
    case "account-purged":
      return [{ kind: "disable", disabled: true }, ...revoke];
    case "account-enabled":
      return [{ kind: "disable", disabled: false }];
    case "account-credential-change-required":
    case "credential-compromise":
    case "identifier-changed":
    case "identifier-recycled":
    case "sessions-revoked":
      return revoke;
    default:
      return [];
  }
}

const NAMES: ReadonlySet<string> = new Set([
  "session-revoked",
  "credential-change",
  "token-claims-change",
  "assurance-level-change",
  "device-compliance-change",
  "risk-level-change",
  "session-established",
  "session-presented",
  "account-disabled",
  "account-purged",
  "account-enabled",
  "account-credential-change-required",
  "credential-compromise",
  "identifier-changed",
  "identifier-recycled",
  "sessions-revoked",
  "verification",
  "stream-updated",
]);

function riskEffect(of: RiskKind, level: Risk["level"], reason: string, time: number): Effect {
  return {
    kind: "set risk",
    of,
    level,
    probability: PROBABILITIES[level],
    reasons: [reason],
    expiresAt: time + RISK_MILLISECONDS,
  };
}

/** CAEP has seconds; drafts had milliseconds. */
function timeOf(value: unknown): number | undefined {
  if (typeof value !== "number" || !Number.isFinite(value) || value <= 0) return undefined;
  return value > 1e11 ? value : value * 1000;
}
