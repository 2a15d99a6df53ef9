import type { Lease, LeaseRequest, PoolDefinition } from "./lease";

/** Holders that a decision lists. */
const HOLDERS_LISTED = 16;
/** Slots of each of them: every refusal is kept, and a lease may have thousands. */
const SLOTS_LISTED = 8;

export interface Holder {
  leaseId: string;
  holder: string;
  /** The first of them. */
  slots: readonly string[];
  /** All of them. */
  slotCount: number;
  heldSeconds: number;
  /** RFC 3339, UTC. */
  expiresAt: string;
}

/** Why a request got a lease, or did not. */
export interface Decision {
  id: string;
  /** RFC 3339, UTC. */
  time: string;
  pool: string;
  outcome: "granted" | "refused";
  request: LeaseRequest;
  waitedSeconds: number;
  /** Requests before this one in the queue, at the end of its wait. */
  ahead: number;
  maximum: number;
  /** Free slots when it was decided. */
  free: number;
  /** Who had the rest, longest first. */
  holders: Holder[];
  reasons: string[];
}

export function holdersOf(leases: readonly Lease[], now: number): Holder[] {
  return leases
    .toSorted((a, b) => a.grantedAt - b.grantedAt)
    .slice(0, HOLDERS_LISTED)
    .map((lease) => ({
      leaseId: lease.id,
      holder: lease.holder,
      slots: lease.slots.slice(0, SLOTS_LISTED),
      slotCount: lease.slots.length,
      heldSeconds: (now - lease.grantedAt) / 1000,
      expiresAt: new Date(lease.expiresAt).toISOString(),
    }));
}

export interface Circumstances {
  id: string;
  now: number;
  definition: PoolDefinition;
  request: LeaseRequest;
  askedAt: number;
  ahead: number;
  free: number;
  leases: readonly Lease[];
}

export function granted(circumstances: Circumstances): Decision {
  const { free, request, now, askedAt } = circumstances;
  const waited = now > askedAt ? `, after ${(now - askedAt) / 1000} s in the queue` : ", nobody was before it";
  return decision(circumstances, "granted", [`${free} free, ${request.count} asked for${waited}`]);
}

export function refused(circumstances: Circumstances): Decision {
  const { free, request, ahead, definition, leases } = circumstances;
  const reasons = [`${free} of ${definition.slots.length} free, ${request.count} asked for`];
  if (ahead > 0) reasons.push(`${ahead} came before it and still wait`);
  const next = Math.min(...leases.map(({ expiresAt }) => expiresAt));
  if (next < Infinity) reasons.push(`the next lease ends at ${new Date(next).toISOString()}, unless it is renewed`);
  return decision(circumstances, "refused", reasons);
}

function decision(circumstances: Circumstances, outcome: Decision["outcome"], reasons: string[]): Decision {
  const { id, now, definition, request, askedAt, ahead, free, leases } = circumstances;
  return {
    id,
    time: new Date(now).toISOString(),
    pool: definition.name,
    outcome,
    request,
    waitedSeconds: (now - askedAt) / 1000,
    ahead,
    maximum: definition.slots.length,
    free,
    holders: holdersOf(leases, now),
    reasons,
  };
}
