import { excessAt, fitPareto } from "./pareto";

export interface SpotSettings {
  /** Scores before the first threshold. */
  calibration: number;
  /** Share of scores beyond which a score is a peak. */
  peaks: number;
  /** Peaks that are kept, the latest. */
  capacity: number;
  /** DSPOT: scores whose moving average is taken off, for a level that drifts; 0: SPOT. */
  depth: number;
}

export const SPOT: SpotSettings = { calibration: 1000, peaks: 0.02, capacity: 512, depth: 0 };

export interface SpotState {
  seen: number;
  initial: number;
  peakCount: number;
  ordinaryCount: number;
  alarms: number;
  excesses: number[];
  warmUp: number[];
  recent: number[];
}

/** Times the share asked for beyond which alarms are a flood. */
const FLOOD = 4;
/** An alarm counts as a peak no farther out than so many times the threshold is. */
const FARTHEST = 2;
/** Scores between two looks at whether the initial threshold still parts off that share. */
const RECHECK = 4096;

/**
 * Threshold of a stream of scores that a given share exceeds: peaks over threshold (Siffer, Fouque, Termier, Largouet,
 * "Anomaly Detection in Streams with Extreme Value Theory", KDD 2017), SPOT, or DSPOT with a `depth`. The paper leaves
 * out of the fit what exceeds the threshold, which makes alarms two to four times as frequent as asked for; here alarms count
 * too, bounded, unless they are a flood.
 */
export class Spot {
  private state: SpotState;
  private threshold = Infinity;
  private fittedFor = Number.NaN;
  private sum = 0;

  constructor(
    private readonly settings: SpotSettings = SPOT,
    state?: SpotState,
  ) {
    this.state =
      state === undefined
        ? {
            seen: 0,
            initial: Infinity,
            peakCount: 0,
            ordinaryCount: 0,
            alarms: 0,
            excesses: [],
            warmUp: [],
            recent: [],
          }
        : // JSON has no infinity: one that was not calibrated yet comes back as null.
          { ...structuredClone(state), initial: Number.isFinite(state.initial) ? state.initial : Infinity };
    this.sum = this.state.recent.reduce((total, value) => total + value, 0);
  }

  /** Whether the score is among the most extreme share `risk`, and learns from it. False until it is calibrated. */
  isExtreme(score: number, risk: number): boolean {
    const { settings, state } = this;
    const level = state.recent.length > 0 ? this.sum / state.recent.length : 0;
    const value = settings.depth > 0 ? score - level : score;
    state.seen++;
    if (state.warmUp.length < settings.calibration && state.initial === Infinity) {
      state.warmUp.push(value);
      if (state.warmUp.length === settings.calibration) this.calibrate(state.warmUp.splice(0));
      this.follow(score);
      return false;
    }
    this.refit(risk);
    const isAlarm = value > this.threshold;
    if (isAlarm) {
      state.alarms++;
      // More alarms than were asked for are no stationary stream's, and must not raise the threshold.
      if (state.alarms > FLOOD * risk * (state.peakCount + state.ordinaryCount) + FLOOD) return true;
    }
    if (value > state.initial) {
      state.peakCount++;
      state.excesses.push(Math.min(value, FARTHEST * (this.threshold - state.initial) + state.initial) - state.initial);
      if (state.excesses.length > settings.capacity) state.excesses.shift();
      this.fittedFor = Number.NaN;
    } else state.ordinaryCount++;
    if ((state.peakCount + state.ordinaryCount) % RECHECK === 0) this.halve();
    if (!isAlarm) this.follow(score);
    return isAlarm;
  }

  get isCalibrated(): boolean {
    return this.state.initial < Infinity;
  }

  /** Score above which one is extreme. */
  thresholdAt(risk: number): number {
    if (!this.isCalibrated) return Infinity;
    this.refit(risk);
    const level = this.settings.depth > 0 && this.state.recent.length > 0 ? this.sum / this.state.recent.length : 0;
    return this.threshold + level;
  }

  save(): SpotState {
    return structuredClone(this.state);
  }

  private calibrate(values: number[]): void {
    const sorted = Float64Array.from(values).sort();
    const { state, settings } = this;
    state.initial = sorted[Math.min(sorted.length - 1, Math.floor((1 - settings.peaks) * sorted.length))]!;
    for (const value of values) {
      if (value > state.initial) {
        state.peakCount++;
        state.excesses.push(value - state.initial);
      } else state.ordinaryCount++;
    }
  }

  /** The rate of events, and the risk with it, always moves a little. */
  private refit(risk: number): void {
    if (!(Math.abs(risk / this.fittedFor - 1) < 0.05)) this.fit(risk);
  }

  private fit(risk: number): void {
    const { state } = this;
    const share = state.peakCount / Math.max(1, state.peakCount + state.ordinaryCount);
    this.fittedFor = risk;
    if (state.excesses.length === 0 || share <= risk) {
      this.threshold = state.initial;
      return;
    }
    const sorted = Float64Array.from(state.excesses).sort();
    this.threshold = state.initial + excessAt(fitPareto(sorted), risk / share);
  }

  /** Counts fade, so that a share of long ago does not outweigh the present one. */
  private halve(): void {
    const { state } = this;
    if (state.peakCount + state.ordinaryCount < 16 * RECHECK) return;
    state.peakCount /= 2;
    state.ordinaryCount /= 2;
    state.alarms /= 2;
    this.fittedFor = Number.NaN;
  }

  private follow(score: number): void {
    const { state, settings } = this;
    if (settings.depth === 0) return;
    state.recent.push(score);
    this.sum += score;
    if (state.recent.length > settings.depth) this.sum -= state.recent.shift()!;
  }
}
