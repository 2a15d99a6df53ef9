import { hash } from "node:crypto";
import { MnoError } from "../../exports";
import { decisionIdOf } from "./ids";
import type { Lease, LeaseRequest, PoolDefinition } from "./lease";
import type * as wire from "./schemas";
import type { PoolState } from "./store";

/** Between the wire forms and the engine's own. */

const DEFAULT_LEASE_SECONDS = 60;

/** Errors: MNO_POOL_INVALID. */
export function definitionFrom(name: string, body: wire.PoolRequest): PoolDefinition {
  const { slots, members, leaseSeconds = DEFAULT_LEASE_SECONDS, leakAfterSeconds = null } = body;
  const rest = { name, leaseSeconds, leakAfterSeconds };
  if (slots !== undefined && members === undefined) {
    return { ...rest, kind: "slots", slots: Array.from({ length: slots }, (_, index) => String(index + 1)) };
  }
  if (members !== undefined && slots === undefined) return { ...rest, kind: "members", slots: members };
  throw new MnoError("MNO_POOL_INVALID", "A pool has either slots (a number) or members (names): give exactly one", {
    faults: [{ field: slots === undefined ? "/slots" : "/members", message: "give exactly one of slots and members" }],
  });
}

export function requestFrom({ holder, count = 1, leaseSeconds, site }: wire.AcquireRequest): LeaseRequest {
  return { holder, count, leaseSeconds: leaseSeconds ?? null, site: site ?? null };
}

/** Of what is asked for; for how long the caller waits for it is its own affair. */
export function hashOf({ holder, count, leaseSeconds, site }: LeaseRequest): string {
  return hash("sha256", JSON.stringify([holder, count, leaseSeconds, site]), "base64url");
}

export function poolFrom({ definition, leased, leases, free, waiting, exhaustedSince }: PoolState): wire.PoolAnswer {
  const { name, kind, slots, leaseSeconds, leakAfterSeconds } = definition;
  return {
    name,
    kind,
    maximum: slots.length,
    members: kind === "members" ? [...slots] : null,
    leaseSeconds,
    leakAfterSeconds,
    leased,
    leases,
    free,
    waiting,
    exhaustedSince: exhaustedSince === null ? null : new Date(exhaustedSince).toISOString(),
  };
}

export function leaseFrom(lease: Lease, now: number): wire.LeaseAnswer {
  const { id, pool, slots, holder, site, fencingToken, grantedAt, expiresAt, endedAt, endReason } = lease;
  return {
    id,
    pool,
    state: endReason ?? (expiresAt <= now ? "expired" : "active"),
    slots: [...slots],
    holder,
    site,
    fencingToken,
    decisionId: decisionIdOf(id),
    // `now` may be a hair behind the time by which another replica granted it.
    heldSeconds: Math.max(0, (endedAt ?? now) - grantedAt) / 1000,
    grantedAt: new Date(grantedAt).toISOString(),
    expiresAt: new Date(expiresAt).toISOString(),
    endedAt: endedAt === null ? null : new Date(endedAt).toISOString(),
  };
}
