import type { Memory } from "./memory";
import type { PanicSpec } from "./beyond";

/**
 * Panic mode, after Knative's autoscaler (https://knative.dev/docs/serving/autoscaling/kpa-specific/): when the short window
 * asks for a multiple of the replicas that are ready, damping on the way up would cost requests. Then the demand is followed
 * at once, past the scale-up window and policies, and nothing is scaled down until a whole stable window has passed without
 * such a demand. After that the scale-down window goes on as ever: it has heard every recommendation made meanwhile.
 */
export interface Alarm {
  /** The surge that lasts; undefined where there is none. */
  panic: Memory["panic"];
  reasons: string[];
}

export function watchForSurge(
  spec: PanicSpec | undefined,
  { panic }: Memory,
  recent: readonly { time: number; replicas: number }[],
  desired: number,
  ready: number,
  now: number,
): Alarm {
  if (!spec) return { panic: undefined, reasons: [] };
  const since = now - spec.windowSeconds * 1000;
  const short = [desired, ...recent.filter(({ time }) => time > since && time < now).map(({ replicas }) => replicas)];
  const wanted = Math.ceil(short.reduce((sum, replicas) => sum + replicas, 0) / short.length);
  const seconds = `${String(spec.windowSeconds)} s`;
  // Without a ready replica anything is infinitely more; a start from zero is no surge.
  if (ready > 0 && wanted >= (ready * spec.thresholdPercent) / 100 && wanted > ready) {
    const replicas = Math.max(wanted, panic?.replicas ?? 0);
    const why = `panic: the last ${seconds} ask for ${String(wanted)}, at least ${String(spec.thresholdPercent)} % of the ${String(ready)} ready`;
    return { panic: { until: now + spec.stableWindowSeconds * 1000, replicas }, reasons: [why] };
  }
  if (!panic || now >= panic.until) {
    return { panic: undefined, reasons: panic ? ["panic is over: a stable window has passed without a surge"] : [] };
  }
  const replicas = Math.max(wanted, panic.replicas);
  const left = String(Math.ceil((panic.until - now) / 1000));
  return {
    panic: { until: panic.until, replicas },
    reasons: [`panic holds ${String(replicas)} for ${left} s more: nothing is scaled down until then`],
  };
}
