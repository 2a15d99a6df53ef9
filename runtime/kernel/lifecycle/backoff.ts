/** Exponential back-off with a cap and full jitter over the upper half, so that restarts neither hammer nor march in step. */
export interface Backoff {
  firstMilliseconds: number;
  capMilliseconds: number;
}

export const RESTART_BACKOFF: Backoff = { firstMilliseconds: 1000, capMilliseconds: 30_000 };

/** Delay before attempt `n` (1-based). `random` is uniform in [0, 1). Result in [half, whole] of the capped exponential. */
export function backoffMilliseconds(attempt: number, backoff: Backoff, random: () => number): number {
  const whole = Math.min(backoff.capMilliseconds, backoff.firstMilliseconds * 2 ** Math.min(attempt - 1, 30));
  return whole / 2 + (whole / 2) * random();
}
