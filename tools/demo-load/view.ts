import type { FabricState } from "./fabric";
import type { SecondOfLoad } from "./tally";

/** One second of the run, as it is shown. */
export interface Sample extends SecondOfLoad {
  /** Seconds since the replay began. */
  atSeconds: number;
  inFlight: number;
  /** Undefined while the auto-scaling engine does not answer. */
  ready?: number;
  desired?: number;
}

/** The whole run so far. */
export interface Totals {
  offered: number;
  ok: number;
  failed: number;
  shed: number;
  /** Answered, but later than the objective. */
  late: number;
  p50Ms?: number;
  p99Ms?: number;
}

export interface View {
  url: string;
  samples: readonly Sample[];
  /** Length of the replay, seconds. */
  replaySeconds: number;
  totals: Totals;
  sloMs: number;
  fabric: FabricState;
  /** What the run is doing. */
  phase: string;
  /** What it had and lost, such as its lease. */
  losses: readonly string[];
}

/** Of all requests, those that were answered late or not at all; 0 before any. */
export function missedFraction({ offered, failed, shed, late }: Totals): number {
  return offered === 0 ? 0 : (failed + shed + late) / offered;
}
