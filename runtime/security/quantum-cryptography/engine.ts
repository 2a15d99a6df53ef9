import { MnoError } from "../../exports";
import type { Key, KeyOperation, KeyPurpose } from "./key";
import { type CryptoPolicy, defaultSuite, mayProtect, type PolicyDecision } from "./policy";

/** What protects something new; the rest opens what there is. */
const PROTECTS: ReadonlySet<KeyOperation> = new Set(["generate-data-key", "encrypt", "rewrap", "sign", "mac", "seal"]);

const PURPOSE_OF: Record<Exclude<KeyOperation, "manage">, KeyPurpose> = {
  "generate-data-key": "encrypt",
  encrypt: "encrypt",
  decrypt: "encrypt",
  rewrap: "encrypt",
  sign: "sign",
  verify: "sign",
  mac: "mac",
  "verify-mac": "mac",
  seal: "seal",
  open: "seal",
};

/** Why an operation was refused: the error to answer with, and every reason. */
export interface Refusal {
  code: "MNO_KEY_ACCESS_DENIED" | "MNO_KEY_UNUSABLE" | "MNO_CRYPTO_POLICY_REFUSED";
  reasons: string[];
}

/**
 * Whether the caller may do this with the key now. The order is that of what a refusal gives away: first whether the caller
 * may at all, then the key's state and purpose, then the policy.
 */
export function decide(
  key: Key,
  operation: KeyOperation,
  caller: string,
  policy: CryptoPolicy,
  now: number,
): { reasons: string[]; refusal?: Refusal } {
  const granted = grantOf(key, operation, caller);
  if (!granted.allowed) return refused("MNO_KEY_ACCESS_DENIED", granted.reasons);
  if (operation === "manage") return { reasons: granted.reasons };
  const needed = PURPOSE_OF[operation];
  if (key.purpose !== needed) {
    return refused("MNO_KEY_UNUSABLE", [`${operation} needs a key of purpose ${needed}; this one's is ${key.purpose}`]);
  }
  if (key.state !== "enabled") return refused("MNO_KEY_UNUSABLE", [`the key is ${key.state.replace("-", " ")}`]);
  const reasons = [...granted.reasons, `the key is enabled, for ${key.purpose}`];
  if (!PROTECTS.has(operation)) return { reasons };
  const policed = mayProtect(policy, key.suite, now);
  if (!policed.allowed) return refused("MNO_CRYPTO_POLICY_REFUSED", policed.reasons);
  return { reasons: [...reasons, ...policed.reasons] };
}

function refused(code: Refusal["code"], reasons: string[]): { reasons: string[]; refusal: Refusal } {
  return { reasons, refusal: { code, reasons } };
}

function grantOf(key: Key, operation: KeyOperation, caller: string): PolicyDecision {
  if (key.grants.length === 0) return { allowed: true, reasons: ["the key is open to every caller with the token"] };
  const found = key.grants.some((grant) => grant.caller === caller && grant.operations.includes(operation));
  return found
    ? { allowed: true, reasons: [`${caller} is granted ${operation}`] }
    : {
        allowed: false,
        reasons: [`${caller === "" ? "a caller without a name" : caller} has no grant for ${operation}`],
      };
}

const DAY = 86_400_000;

/** What the key should be rotated to by itself, and why; undefined where nothing is due. */
export function dueRotation(
  key: Key,
  policy: CryptoPolicy,
  now: number,
): { suite: string; reason: string } | undefined {
  if (key.state !== "enabled") return undefined;
  const current = mayProtect(policy, key.suite, now);
  if (!current.allowed) {
    const suite = defaultSuite(policy, key.purpose);
    // Where the policy allows no successor there is nothing to rotate to; operations say so.
    if (suite === key.suite || !mayProtect(policy, suite, now).allowed) return undefined;
    return { suite, reason: current.reasons[0]! };
  }
  if (key.rotationDays !== null && now - key.rotatedAt >= key.rotationDays * DAY) {
    return { suite: key.suite, reason: `rotated every ${key.rotationDays} days` };
  }
  return undefined;
}

export type StateChange = "enable" | "disable" | "cancel-destruction";

/** The key as the change makes it. Errors: MNO_KEY_CONFLICT. */
export function changed(key: Key, change: StateChange): Key {
  const from = { enable: "disabled", disable: "enabled", "cancel-destruction": "destruction-scheduled" }[change];
  if (key.state !== from) throw conflict(key, `${change} needs it ${from}`);
  // As in other key services: what was nearly destroyed does not serve again unasked.
  return { ...key, state: change === "enable" ? "enabled" : "disabled", destroyAt: null };
}

/** The key on its way to destruction. Errors: MNO_KEY_CONFLICT, MNO_REQUEST_INVALID. */
export function scheduledForDestruction(key: Key, days: number, leastDays: number, now: number): Key {
  if (key.state === "destroyed" || key.state === "destruction-scheduled")
    throw conflict(key, "it cannot be scheduled again");
  if (days < leastDays) {
    throw new MnoError("MNO_REQUEST_INVALID", `Destruction waits ${leastDays} days at least, not ${days}`);
  }
  return { ...key, state: "destruction-scheduled", destroyAt: now + days * DAY };
}

export function conflict(key: Key, why: string): MnoError {
  return new MnoError("MNO_KEY_CONFLICT", `Key ${key.id} is ${key.state.replace("-", " ")}: ${why}`);
}
