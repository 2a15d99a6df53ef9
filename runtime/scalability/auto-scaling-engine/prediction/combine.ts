import { LEAST_HOLD_MS } from "./miss-control";
import type { Forecast } from "./predictor";

/** What the damping of forecasts remembers: plain JSON, kept by the caller between evaluations. */
export interface CombineState {
  /** Replicas that forecasts asked for, and until when they are held, by time; those that a later one exceeds are left out. */
  proposals: readonly { time: number; replicas: number }[];
}

export const NO_PROPOSALS: CombineState = { proposals: [] };

export interface CombineInput {
  /** Milliseconds since the epoch. */
  now: number;
  /** Desired replicas at present. */
  current: number;
  /** What the reactive core concluded, after its own damping. */
  reactive: number;
  /** Whether every metric could be read: without that nothing is scaled down. */
  complete: boolean;
  forecast: Forecast | undefined;
  /** Load that one replica is to carry, in units of the metric; above 0. The `step` that the forecast was made with. */
  targetPerReplica: number;
  state: CombineState;
}

export interface Combined {
  /** To be clamped and rate-limited by the caller. */
  replicas: number;
  source: "forecast" | "reactive";
  state: CombineState;
  reasons: string[];
}

/** Quotients are of rounded numbers: a billionth of a replica more is no reason for a whole one. */
const ROUNDING = 1e-9;

/**
 * Replicas from a forecast, where it is trusted, else from the reactive core. Up at once; down to the most that was asked
 * for moments from now on, or within the last minute: what is removed takes a start-up to come back. Pure: the state returned is to be
 * passed in next time.
 */
export function combine(input: CombineInput): Combined {
  const { now, current, forecast, targetPerReplica } = input;
  const standing = input.state.proposals.filter(({ time }) => time >= now);
  const asked = forecast === undefined ? NaN : Math.ceil(forecast.upper / targetPerReplica - ROUNDING);
  if (forecast === undefined || !Number.isFinite(asked)) {
    return guard(input, { replicas: input.reactive, source: "reactive", state: { proposals: standing }, reasons: [] });
  }
  const until = Math.max(forecast.time, now + LEAST_HOLD_MS);
  const exceeding = standing.filter(({ replicas }) => replicas > asked);
  const state: CombineState = { proposals: [...exceeding, { time: until, replicas: asked }] };

  const reasons = [...forecast.reasons];
  if (!forecast.trusted) return guard(input, { replicas: input.reactive, source: "reactive", state, reasons });
  const [held] = exceeding;
  const replicas = asked >= current ? asked : Math.min(current, held?.replicas ?? asked);
  if (held !== undefined && replicas > asked) {
    const seconds = String(Math.round((held.time - now) / 1000));
    reasons.push(`held at ${String(replicas)}: ${String(held.replicas)} were asked for, for ${seconds} s more`);
  }
  return guard(input, { replicas, source: "forecast", state, reasons });
}

function guard({ complete, current }: CombineInput, combined: Combined): Combined {
  if (complete || combined.replicas >= current) return combined;
  const why = `no scaling down to ${String(combined.replicas)} on missing data`;
  return { ...combined, replicas: current, reasons: [...combined.reasons, why] };
}
