/** What the active probes know of one endpoint. */
export interface ProbedHealth {
  /** undefined until the first probe: the endpoint then gets requests, for nothing speaks against it. */
  readonly healthy: boolean | undefined;
  /** Results in a row that contradict `healthy`. */
  readonly against: number;
  /** Why the last probe failed. */
  readonly fault?: string;
}

export const UNPROBED: ProbedHealth = { healthy: undefined, against: 0 };

export interface Thresholds {
  readonly healthyThreshold: number;
  readonly unhealthyThreshold: number;
}

/** The state after one more probe; `fault` says why it failed. The first probe decides at once, later ones by the thresholds. */
export function probed(state: ProbedHealth, fault: string | undefined, thresholds: Thresholds): ProbedHealth {
  const ok = fault === undefined;
  const remembered = ok ? {} : { fault };
  if (state.healthy === undefined || state.healthy === ok) return { healthy: ok, against: 0, ...remembered };
  const against = state.against + 1;
  const needed = ok ? thresholds.healthyThreshold : thresholds.unhealthyThreshold;
  if (against >= needed) return { healthy: ok, against: 0, ...remembered };
  return {
    healthy: state.healthy,
    against,
    ...(ok && state.fault !== undefined ? { fault: state.fault } : remembered),
  };
}
