import type { Memory } from "./memory";
import type { ScalerSpec } from "./spec";

/** Why the last replica stays, or undefined where it has been idle for long enough. */
export function lastReplica(
  { cooldownSeconds }: NonNullable<ScalerSpec["idle"]>,
  { activeAt = 0 }: Memory,
  now: number,
): string | undefined {
  const idle = (now - activeAt) / 1000;
  if (idle >= cooldownSeconds) return undefined;
  return `the last replica stays until ${String(cooldownSeconds)} s have passed without demand; so far ${String(Math.round(idle))} s`;
}
