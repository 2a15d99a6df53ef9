import { randomFillSync } from "node:crypto";
import type { TraceCarrier } from "../../../kernel/telemetry/traces";

const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/**
 * The trace that a request belongs to: that of the active span; without tracing the one it came with, or one of its own, so that its
 * decision, events and the upstream's own records have something in common all the same.
 */
export function traceparentOf(active: TraceCarrier, incoming: string | undefined): string {
  if (active.traceparent !== undefined) return active.traceparent;
  if (incoming !== undefined && TRACEPARENT.test(incoming)) return incoming;
  return `00-${newId(16)}-${newId(8)}-00`;
}

/** For the next hop of a request of the trace. */
export function onward(active: TraceCarrier, incoming: string | undefined, traceId: string): string {
  return traceparentOf(active, incoming?.includes(traceId) ? incoming : `00-${traceId}-${newId(8)}-00`);
}

/** W3C Trace Context, version 00. */
export function traceIdOf(traceparent: string): string {
  return traceparent.slice(3, 35);
}

const pool = Buffer.alloc(4096);
let used = pool.length;

/** Random bytes in hexadecimal, out of a pool: asked for one by one they cost more than a request's other headers. */
function newId(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.toString("hex", used - bytes, used);
}
