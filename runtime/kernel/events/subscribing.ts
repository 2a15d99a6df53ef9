import { type FieldFault, MnoError } from "../../exports";
import type { Position, SubscribeOptions } from "./bus";
import { isEventType } from "./codec";

/** Errors: MNO_CONFIG_INVALID with every fault of the options. */
export function checkSubscribeOptions(options: SubscribeOptions): void {
  const faults: FieldFault[] = [];
  if (!/^[a-z0-9-]+$/.test(options.consumer)) {
    faults.push({ field: "/consumer", message: `must match [a-z0-9-]+, is ${JSON.stringify(options.consumer)}` });
  }
  if (options.types.length === 0) faults.push({ field: "/types", message: "must name at least one event type" });
  for (const [index, type] of options.types.entries()) {
    if (!isEventType(type))
      faults.push({ field: `/types/${index}`, message: `${String(type)} is not in the catalogue` });
  }
  for (const field of ["maxInFlight", "maxDeliveries"] as const) {
    const value = options[field];
    if (value !== undefined && !(Number.isInteger(value) && value >= 1)) {
      faults.push({ field: `/${field}`, message: `must be an integer of at least 1, is ${value}` });
    }
  }
  if (typeof options.from === "object") faults.push(...positionFaults(options.from));
  if (faults.length === 0) return;
  const summary = faults.map(({ field, message }) => `${field} ${message}`).join("; ");
  throw new MnoError("MNO_CONFIG_INVALID", `the subscription is not valid: ${summary}`, { faults });
}

/** The sequence number at which a position is in a log. Errors: MNO_CONFIG_INVALID. */
export async function sequenceOfPosition(
  position: Position,
  log: { first: number; next: number; at: (time: number) => Promise<number> },
): Promise<number> {
  if (position === "beginning") return log.first;
  if (position === "end") return log.next;
  checkPosition(position);
  return "sequence" in position ? Math.max(position.sequence, log.first) : log.at(Date.parse(position.time));
}

/** Errors: MNO_CONFIG_INVALID. */
export function checkPosition(position: Position): void {
  const faults = typeof position === "object" ? positionFaults(position) : [];
  if (faults.length === 0) return;
  throw new MnoError("MNO_CONFIG_INVALID", `the position is not valid: ${faults[0]?.message ?? ""}`, { faults });
}

function positionFaults(position: { sequence: number } | { time: string }): FieldFault[] {
  if ("sequence" in position) {
    if (Number.isSafeInteger(position.sequence) && position.sequence >= 0) return [];
    return [{ field: "/from/sequence", message: `must be an integer of at least 0, is ${position.sequence}` }];
  }
  if (!Number.isNaN(Date.parse(position.time))) return [];
  return [{ field: "/from/time", message: `must be an RFC 3339 time, is ${JSON.stringify(position.time)}` }];
}
