import { MnoError } from "../../exports";
import type { PoolDefinition } from "./lease";
import type { Outcome } from "./operations";

/** What a turn refuses for good. */

export const failed = (error: MnoError): Outcome => ({ kind: "failed", error });

export function leaseOver(id: string): MnoError {
  return new MnoError("MNO_LEASE_OVER", `The lease ${id} has ended; what it covered may be another's by now`);
}

export function keyReused(key: string, pool: string): MnoError {
  return new MnoError("MNO_IDEMPOTENCY_KEY_REUSED", `The key ${key} was used for another request of pool ${pool}`);
}

export function queueFull(pool: string, waiting: number): MnoError {
  return new MnoError(
    "MNO_POOL_QUEUE_FULL",
    `${waiting} requests have a place in the queue of pool ${pool}; ask again later`,
  );
}

export function tooMany(count: number, { name, slots }: PoolDefinition): MnoError {
  const detail = `Pool ${name} has ${slots.length} slots, so count must be at most that, not ${count}`;
  return new MnoError("MNO_REQUEST_INVALID", detail, { faults: [{ field: "/count", message: detail }] });
}
