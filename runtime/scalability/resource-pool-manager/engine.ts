import type { Decision } from "./decision";
import type { EndReason, Lease, PoolDefinition, Ticket } from "./lease";
import type { Acquire, Operation, Outcome } from "./operations";
import { Turn } from "./turn";

/** A pool as it is in the store, under its lock. */
export interface Situation {
  definition: PoolDefinition;
  /** Fencing token of its latest lease; 0 before the first. */
  fence: number;
  /** Since when somebody has had to wait; null where the pool has recovered. */
  exhaustedSince: number | null;
  active: readonly Lease[];
  /** By position. */
  tickets: readonly Ticket[];
  /** Of any ticket; 0 where there is none. */
  lastPosition: number;
  /** What was granted before under keys that the operations name. */
  byKey: ReadonlyMap<string, { lease: Lease; requestHash: string }>;
  /** Leases that operations name and that are over. */
  over: ReadonlyMap<string, EndReason>;
}

export interface Timing {
  /** How long a waiting request counts as listened for after each look at it. */
  presenceMilliseconds: number;
  /** How long the place of a request with a key is kept after its caller left. */
  placeMilliseconds: number;
}

/** What is to be written. */
export interface Changes {
  ended: { lease: Lease; reason: EndReason }[];
  renewed: Lease[];
  granted: { lease: Lease; decision: Decision; key: Acquire["key"] }[];
  refused: Decision[];
  ticketsKept: Ticket[];
  ticketsDropped: string[];
  fence: number;
  exhaustedSince: number | null;
  /** The pool became exhausted now. */
  exhausted: { waiting: number; leased: number } | null;
}

/**
 * One turn of a pool: ends what is due, then releases and renewals, then serves the queue, first come, first served: a
 * request that does not fit holds up those behind it, so that a large one is not starved by small ones. Pure.
 */
export function takeTurn(
  situation: Situation,
  operations: readonly Operation[],
  now: number,
  timing: Timing,
): { outcomes: Outcome[]; changes: Changes } {
  const turn = new Turn(situation, now, timing);
  turn.expire();
  const outcomes = operations.map((operation) => turn.begin(operation));
  turn.serve();
  return {
    outcomes: operations.map((operation, index) =>
      operation.kind === "acquire" ? turn.outcomeOf(operation, outcomes[index]) : (outcomes[index] ?? { kind: "done" }),
    ),
    changes: turn.finish(),
  };
}
