/** Times are milliseconds since the Unix epoch. */

export interface PoolDefinition {
  name: string;
  /** Names of what can be leased: those of the members, or "1" to the number of counted slots. */
  slots: readonly string[];
  kind: "slots" | "members";
  /** Of leases that name no other length. */
  leaseSeconds: number;
  /** A lease renewed for longer than this is reported as a leak; null: never. */
  leakAfterSeconds: number | null;
}

export type EndReason = "released" | "expired";

export interface Lease {
  id: string;
  pool: string;
  slots: readonly string[];
  holder: string;
  /** Where in the holder's code it was acquired. */
  site: string | null;
  /** Larger than that of every earlier lease of the pool: what the resource itself can tell a late holder by. */
  fencingToken: number;
  grantedAt: number;
  expiresAt: number;
  endedAt: number | null;
  endReason: EndReason | null;
}

/** A place in the queue. It is the pool's, not a replica's: all replicas serve one queue. */
export interface Ticket {
  id: string;
  /** Order of arrival. */
  position: number;
  count: number;
  holder: string;
  key: string | null;
  /** Of the request that the key came with. */
  requestHash: string | null;
  askedAt: number;
  /** Until then somebody is known to be listening for the grant; others are passed over, and keep their place. */
  presentUntil: number;
  /** When the place is lost. */
  keptUntil: number;
}

export interface LeaseRequest {
  holder: string;
  count: number;
  /** null: as the pool has it. */
  leaseSeconds: number | null;
  site: string | null;
}
