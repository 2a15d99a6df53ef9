import { finish } from "../detectors/detector";
import { Committee, type Family, type Rows } from "./committee";
import { Reservoir } from "./reservoir";
import type { TrainingSet } from "./training";
import type { Shape } from "./transformation";

export interface StreamingSettings {
  /** Rows to learn from. */
  learning: number;
  /** Rows to be calibrated on. */
  heldOut: number;
  /** Mean age of a row to learn from, in rows. */
  learningHorizon: number;
  /** Mean age of a row to be calibrated on: long, so that a burst cannot make itself ordinary. */
  heldOutHorizon: number;
  /** Events between two committees once the reservoirs are full. */
  refresh: number;
  /** Interquartile ranges above the upper quartile of strangeness beyond which an event is hardly learned from (Tukey). */
  fence: number;
  /** What such an event counts for. */
  outsideWeight: number;
  /** Events of which more than half must lie outside before the fence gives way: what lasts so long is the new usual. */
  regime: number;
}

export const STREAMING: StreamingSettings = {
  learning: 1024,
  heldOut: 512,
  learningHorizon: 8192,
  heldOutHorizon: 65_536,
  refresh: 4096,
  fence: 2,
  outsideWeight: 1 / 32,
  regime: 4096,
};

/** Events before the first committee. */
const FIRST = 32;
/** Events after which strangeness hardly depends on how many there were. */
const MATURE = 512;
/** Slices of the next committee's making that are done with each event. */
const SLICES = 4;
/** What an event is taken for while nothing is known: as strange as one expects of an ordinary one. */
const UNKNOWN = 1;

/** Ordinary events over which a shift is looked for. */
const SHIFT_WINDOW = 512;
/** Events to learn from at once after a shift, as a share of those that are kept; it doubles while one follows another. */
const LEAST_HASTE = 0.25;
/** Events within which one shift follows on another. */
const DRIFT = 1024;
/** A mean p-value that is so far off is a shift, if it is so many standard deviations off as well. */
const LEAST_SHIFT = 0.15;
const SHIFT = 6;

/** Scores each event, then learns from it: bounded memory, no labels, and no event that pays for a whole refit. */
export class StreamingEnsemble {
  private readonly learning: Reservoir;
  private readonly heldOut: Reservoir;
  private readonly outside: Uint8Array;
  private outsideCount = 0;
  private events = 0;
  private next = FIRST;
  private making: Generator<void, Committee> | null = null;
  private fence = Infinity;
  private expectedP = 0.5;
  private meanP = 0.5;
  private isShifting = false;
  private haste = LEAST_HASTE;
  private lastShift = -Infinity;
  /** How often what is usual was found to have shifted. */
  shifts = 0;
  committee: Committee | null = null;

  constructor(
    private readonly shape: Shape,
    private readonly families: readonly Family[],
    private readonly random: () => number,
    private readonly settings: StreamingSettings = STREAMING,
  ) {
    const stride = shape.numeric + shape.categorical;
    this.learning = new Reservoir(stride, settings.learning, settings.learningHorizon);
    this.heldOut = new Reservoir(stride, settings.heldOut, settings.heldOutHorizon);
    this.outside = new Uint8Array(settings.regime);
  }

  /** Strangeness of the row that begins at `from` of `raw`; that of an ordinary row is about 1. */
  score(raw: Float64Array, from = 0): number {
    return this.committee === null ? UNKNOWN : this.committee.score(raw, from);
  }

  /** Whether its scores are about what they will be. */
  get isMature(): boolean {
    return this.committee !== null && this.events >= MATURE;
  }

  /** Learns from the row, given the strangeness that `score` found. */
  learn(raw: Float64Array, from: number, strangeness: number): void {
    const { random, settings } = this;
    const weight = this.weightOf(strangeness);
    // They take turns while they fill, and while what is usual shifts and all goes in; else each has its own pace.
    const isForCalibration = this.events % 2 === 1;
    const haste = this.isShifting && weight === 1;
    if (isForCalibration || (this.heldOut.isFull && !haste)) this.heldOut.offer(raw, from, random, 1, haste);
    if (!isForCalibration || (this.learning.isFull && !haste)) this.learning.offer(raw, from, random, weight, haste);
    this.events++;
    if (this.making === null && this.events >= this.next) {
      this.making = this.make(this.learning.rows(), this.heldOut.rows());
      this.next = this.events < settings.refresh ? this.events * 2 : this.events + settings.refresh;
    }
    this.advance();
  }

  /** Whatever its strangeness, the row is to be learned from at once: somebody who knows said that it is ordinary. */
  accept(raw: Float64Array): void {
    this.learning.offer(raw, 0, this.random, 1, true);
    this.heldOut.offer(raw, 0, this.random, 1, true);
    this.next = Math.min(this.next, this.events + 1);
  }

  rows(): TrainingSet {
    return { learning: this.learning.rows(), heldOut: this.heldOut.rows() };
  }

  /** Goes on from a committee and the rows that it was made of. */
  restore(committee: Committee, learning: Rows, heldOut: Rows): void {
    this.learning.restore(learning);
    this.heldOut.restore(heldOut);
    this.events = learning.count + heldOut.count;
    this.next = this.events + this.settings.refresh;
    this.install(committee);
  }

  /** Bytes of what has to be kept: both reservoirs; models are made of them. */
  get stateBytes(): number {
    return this.learning.bytes + this.heldOut.bytes;
  }

  private make(learning: Rows, heldOut: Rows): Generator<void, Committee> {
    return Committee.assemble(this.shape, this.families, learning, heldOut, this.random);
  }

  private advance(): void {
    if (this.making === null) return;
    if (this.committee === null) {
      this.install(finish(this.making));
      return;
    }
    for (let slice = 0; slice < SLICES; slice++) {
      const { done, value } = this.making.next();
      if (done === true) {
        this.install(value);
        return;
      }
    }
  }

  private install(committee: Committee): void {
    this.committee = committee;
    this.making = null;
    const { calibration } = committee;
    const lower = calibration.quantile(0.25);
    const upper = calibration.quantile(0.75);
    this.fence = upper + this.settings.fence * (upper - lower);
    this.expectedP = (1 + calibration.pValue(this.fence)) / 2;
    this.meanP = this.expectedP;
    this.isShifting = false;
  }

  private weightOf(strangeness: number): number {
    if (this.committee === null) return 1;
    const { settings, outside, events } = this;
    const isOutside = strangeness > this.fence ? 1 : 0;
    this.outsideCount += isOutside - outside[events % settings.regime]!;
    outside[events % settings.regime] = isOutside;
    if (isOutside === 0) this.watchShift(this.committee.calibration.pValue(strangeness));
    return isOutside === 1 && 2 * this.outsideCount <= settings.regime ? settings.outsideWeight : 1;
  }

  /**
   * What is usual has shifted when ordinary events' p-values no longer have the mean that they have by construction. Events
   * outside the fence are left out: a burst of attacks is not a new usual.
   */
  private watchShift(p: number): void {
    this.meanP += (p - this.meanP) / SHIFT_WINDOW;
    // Variance of an exponentially weighted mean of uniform values.
    const deviation = Math.sqrt(1 / 12 / (2 * SHIFT_WINDOW) + 1 / 12 / this.heldOut.size);
    if (this.isShifting || Math.abs(this.meanP - this.expectedP) < Math.max(LEAST_SHIFT, SHIFT * deviation)) return;
    this.isShifting = true;
    this.shifts++;
    // A shift that follows on another is a drift: what is old must go faster each time.
    this.haste = this.events - this.lastShift < DRIFT ? Math.min(1, 2 * this.haste) : LEAST_HASTE;
    this.next = Math.min(this.next, this.events + this.haste * this.settings.learning);
    this.lastShift = this.next;
  }
}
