import { MnoError } from "../../exports";
import type { Allocation } from "./allocation";
import type { IdempotencyKey } from "./store";

export function notFound(id: string): MnoError {
  return new MnoError("MNO_ALLOCATION_NOT_FOUND", `There is no allocation ${id}`);
}

export function notActive(id: string, former: Allocation | undefined): MnoError {
  if (!former || former.releasedAt === null) return notFound(id);
  const when = new Date(former.releasedAt).toISOString();
  return new MnoError(
    "MNO_ALLOCATION_NOT_FOUND",
    `Allocation ${id} is no longer active: ${former.releaseReason} at ${when}; ask for a new one`,
  );
}

export function keyReused(key: IdempotencyKey): MnoError {
  return new MnoError(
    "MNO_IDEMPOTENCY_KEY_REUSED",
    `Idempotency-Key "${key.value}" came with another request before; use a new key for a new request`,
  );
}
