import { type DayProfile, growthYesterday, newDayProfile, record } from "./day-profile";
import { blend, type Experts, learnOutcome, newExperts } from "./experts";
import { append, demandAt, type History, newest, newHistory } from "./history";
import { judge, LEAST_HOLD_MS, type MissControl, newMissControl, provide, tail } from "./miss-control";
import { addResidual, exceededWith, newResiduals, type Residuals } from "./residuals";
import { judgeForecast, newTrust, type Trust, verdict } from "./trust";
import { deviation, learnError, learnLevel, newVolatility, type Volatility } from "./volatility";

/** What was observed of a workload's metric. */
export interface Sample {
  /** When it was true (not when it arrived): milliseconds since the epoch. */
  time: number;
  /** Total load over all replicas, in units of the metric. */
  demand: number;
}

/** What to expect at one moment. */
export interface Forecast {
  /** The moment: milliseconds since the epoch. */
  time: number;
  /** Expected total load, in units of the metric. */
  demand: number;
  /** What to provision for: `demand` and a margin learnt from the errors made so far. */
  upper: number;
  /** Whether the forecast has proven itself; where it has not, the reactive recommendation is to be followed. */
  trusted: boolean;
  /** Why, in words. */
  reasons: string[];
}

/**
 * Learns one workload's load online. Call `observe` with each new sample, then `forecast` once per evaluation for the
 * moment at which a replica asked for now is ready: now + its start-up. What it forecast it compares with what is observed
 * later, at that very horizon, whatever it is. About 45 kB of state as JSON, whatever the number of samples.
 */
export interface Predictor {
  /** A sample no newer than the newest one, or not a number from 0 to 1e100, changes nothing and returns false. */
  observe(sample: Sample): boolean;
  /**
   * undefined before the first sample, or for a moment that is not after the newest one. `step` is the load that one
   * replica carries (capacity comes in whole steps of it): with it, what is held to `missRate` is the share of time in
   * which whole replicas are too few; without, that in which `upper` is exceeded.
   */
  forecast(time: number, step?: number): Forecast | undefined;
  /** Everything learnt, as JSON. */
  snapshot(): PredictorSnapshot;
}

export interface PredictorOptions {
  /** The one knob: the share of time in which what is provisioned may be too little; in (0, 0.3]. */
  missRate: number;
}

export const DEFAULT_PREDICTOR_OPTIONS: PredictorOptions = { missRate: 0.004 };

/** Opaque: only `restorePredictor` reads it. */
export interface PredictorSnapshot {
  version: 1;
  /** Absent before the first sample. */
  state?: object;
}

interface Pending {
  /** The moment forecast, and that of the newest sample when it was. */
  time: number;
  made: number;
  /** The demand it was forecast at, and the deviation expected then. */
  demand: number;
  deviation: number;
  features: number[];
  /** Each expert's growth in deviations, and the blend of them. */
  growths: number[];
  growth: number;
}

/** Plain numbers, arrays and objects: what a snapshot holds. */
interface State {
  history: History;
  day: DayProfile;
  volatility: Volatility;
  experts: Experts;
  residuals: Residuals;
  misses: MissControl;
  trust: Trust;
  pending: Pending[];
}

/** Of the time between sample and moment forecast; the rest is the age of the sample. */
const START_UP_SHARE = 2 / 3;
/** How far back the demand's changes are looked at. */
const LAGS_SECONDS = [15, 30, 45, 60, 90, 120, 180, 300, 600];
/** A change beyond so many deviations says no more than that. */
const MOST_DEVIATIONS = 50;
/** A forecast lies between these multiples of the newest demand. */
const [LEAST_GROWTH, MOST_GROWTH] = [0.3, 3];
/** What lies between samples further apart is not known. */
const GAP_MS = 300_000;
const MOST_PENDING = 80;
const RESIDUAL_HALF_LIFE_SECONDS = 3 * 86_400;
/** More is no load of anything; squares of it are still finite. */
const MOST_DEMAND = 1e100;
/** How far ahead a forecast may be, from the newest sample. */
const MOST_HORIZON_MS = 600_000;

export function createPredictor(options: PredictorOptions = DEFAULT_PREDICTOR_OPTIONS): Predictor {
  return predictorOf(undefined, options);
}

/** A predictor that goes on where the snapshot was taken. One of another version cannot be read: learning starts anew. */
export function restorePredictor(
  snapshot: PredictorSnapshot,
  options: PredictorOptions = DEFAULT_PREDICTOR_OPTIONS,
): Predictor {
  return predictorOf(
    snapshot.version === 1 ? (structuredClone(snapshot.state) as State | undefined) : undefined,
    options,
  );
}

function predictorOf(restored: State | undefined, { missRate }: PredictorOptions): Predictor {
  let state = restored;
  return {
    observe(sample) {
      if (!Number.isFinite(sample.time) || !(sample.demand >= 0 && sample.demand <= MOST_DEMAND)) return false;
      state ??= newState(sample.demand, missRate);
      const before = newest(state.history);
      if (before !== undefined && sample.time <= before.time) return false;
      takeIn(state, sample, before, missRate);
      return true;
    },
    forecast: (time, step) => (state === undefined ? undefined : forecastAt(state, time, step)),
    snapshot: () => (state === undefined ? { version: 1 } : { version: 1, state: structuredClone(state) }),
  };
}

const newState = (demand: number, missRate: number): State => ({
  history: newHistory(),
  day: newDayProfile(),
  volatility: newVolatility(demand),
  experts: newExperts(LAGS_SECONDS.length + 1),
  residuals: newResiduals(),
  misses: newMissControl(missRate),
  trust: newTrust(),
  pending: [],
});

function takeIn(state: State, sample: Sample, before: Sample | undefined, missRate: number): void {
  const gap = before === undefined ? 0 : sample.time - before.time;
  if (gap > GAP_MS) {
    state.history = newHistory();
    state.pending = [];
  }
  append(state.history, sample);
  const due = state.pending.filter(({ time }) => time <= sample.time);
  state.pending = state.pending.filter(({ time }) => time > sample.time);
  for (const pending of due) {
    settle(state, pending, demandAt(state.history, pending.time), gap / 1000 / due.length, missRate);
  }
  learnLevel(state.volatility, sample.demand, gap / 1000);
  record(state.day, sample.time, sample.demand);
}

/** Learns from what came of a forecast. `seconds`: what it stands for in the course of time. */
function settle(state: State, pending: Pending, demand: number, seconds: number, missRate: number): void {
  const outcome = (demand - pending.demand) / pending.deviation;
  const error = outcome - pending.growth;
  learnOutcome(state.experts, pending, outcome, seconds);
  judgeForecast(state.trust, error, outcome, seconds);
  learnError(state.volatility, error * pending.deviation, pending.demand, pending.deviation, seconds);
  addResidual(state.residuals, error, 0.5 ** (seconds / RESIDUAL_HALF_LIFE_SECONDS));
  const holdMs = Math.max(LEAST_HOLD_MS, START_UP_SHARE * (pending.time - pending.made));
  judge(state.misses, pending.time, demand, holdMs, missRate);
}

function forecastAt(state: State, time: number, step: number | undefined): Forecast | undefined {
  const now = newest(state.history);
  if (now === undefined || !(time > now.time)) return undefined;
  const { demand } = now;
  const expected = deviation(state.volatility, demand);
  const limit = (deviations: number): number => Math.min(Math.max(deviations, -MOST_DEVIATIONS), MOST_DEVIATIONS);
  const changes = LAGS_SECONDS.map((lag) => demand - demandAt(state.history, now.time - lag * 1000));
  const seasonal = demand * (growthYesterday(state.day, now.time, time) - 1);
  const features = [...changes, seasonal].map((change) => limit(change / expected));
  const { growths, growth } = blend(state.experts, features);
  const mean = Math.min(
    Math.max(demand + growth * expected, LEAST_GROWTH * demand, 0),
    MOST_GROWTH * (demand + expected),
  );
  const probability = tail(state.misses);
  const quiet = state.history.demands.every((known) => known === 0);
  const upper = quiet ? 0 : Math.max(mean + exceededWith(state.residuals, probability) * expected, 0);

  const pending: Pending = {
    time,
    made: now.time,
    demand,
    deviation: expected,
    features,
    growths,
    growth: (mean - demand) / expected,
  };
  state.pending = [...state.pending.filter((known) => known.time < time), pending].slice(-MOST_PENDING);
  provide(state.misses, time, step === undefined ? upper : Math.ceil(upper / step) * step);

  const ahead = time - now.time;
  const { trusted, reasons } =
    ahead > MOST_HORIZON_MS
      ? {
          trusted: false,
          reasons: [`the newest sample is ${String(Math.round(ahead / 1000))} s before the moment forecast`],
        }
      : verdict(state.trust);
  const margin = `exceeded with probability ${(100 * probability).toPrecision(2)} %`;
  const seconds = String(Math.round(ahead / 1000));
  return {
    time,
    demand: mean,
    upper,
    trusted,
    reasons: [
      `forecast ${mean.toPrecision(4)} in ${seconds} s from ${demand.toPrecision(4)}, upper bound ${upper.toPrecision(4)} (${margin})`,
      ...reasons,
    ],
  };
}
