import type { MnoError } from "../../exports";
import type { Decision } from "./decision";
import type { Lease, LeaseRequest } from "./lease";

export interface IdempotencyKey {
  value: string;
  /** Of the request that came with it; another request under the same key is refused. */
  requestHash: string;
}

export interface Acquire {
  kind: "acquire";
  /** Names the request as long as it waits. */
  ticket: string;
  /** Of its lease and its decision, should it come to one now. */
  leaseId: string;
  request: LeaseRequest;
  key: IdempotencyKey | null;
  askedAt: number;
  /** The caller waits no longer: if not now, then not. */
  isLast: boolean;
}

/** What may be asked of a pool; several of them share one transaction. */
export type Operation =
  | Acquire
  | { kind: "release"; leaseId: string }
  | { kind: "renew"; leaseId: string; leaseSeconds: number | null }
  /** The caller has gone, and a place without a key with it. */
  | { kind: "leave"; ticket: string }
  /** Ends what is due. */
  | { kind: "expire" };

export type Outcome =
  | { kind: "granted"; lease: Lease; created: boolean; decision: Decision | null }
  | { kind: "waiting"; ahead: number }
  | { kind: "refused"; decision: Decision; placeKept: boolean }
  | { kind: "renewed"; lease: Lease }
  | { kind: "done" }
  | { kind: "failed"; error: MnoError };
