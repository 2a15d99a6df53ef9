import { countBelow } from "../detectors/tails";

/** Scores above this share are the tail. */
const TAIL = 0.05;
/** Shape of the Pareto tail beyond it: heavy, so that what is far out is far out, yet no member shouts the others down. */
const SHAPE = 0.5;

/**
 * Scores of events that a model was not made from, against which it judges a new one: split conformal p-values (Papadopoulos,
 * Proedrou, Vovk, Gammerman, "Inductive Confidence Machines for Regression", ECML 2002).
 */
export class Calibration {
  private readonly sorted: Float64Array;
  private readonly tailStart: number;
  /** Mean excess over the start of the tail. */
  private readonly tailMean: number;

  /** At least one score. */
  constructor(scores: Float64Array) {
    const sorted = scores.slice().sort();
    const from = Math.min(sorted.length - 1, Math.floor((1 - TAIL) * sorted.length));
    this.sorted = sorted;
    this.tailStart = sorted[from]!;
    let sum = 0;
    for (let i = from; i < sorted.length; i++) sum += sorted[i]! - this.tailStart;
    const body = this.tailStart - sorted[sorted.length >> 1]!;
    // Where the tail is one value over and over, the body says what is far.
    this.tailMean = Math.max(sum / (sorted.length - from), 0.05 * body, 1e-9 * Math.abs(this.tailStart), 1e-12);
  }

  /** At most `a` with a probability of at most `a`, if the score came as the others came. */
  pValue(score: number): number {
    return (this.sorted.length - countBelow(this.sorted, score, false) + 1) / (this.sorted.length + 1);
  }

  /** The least score that at least this share does not exceed. */
  quantile(share: number): number {
    return this.sorted[Math.min(this.sorted.length - 1, Math.max(0, Math.ceil(share * this.sorted.length) - 1))]!;
  }

  /** Minus the logarithm of the p-value (ties counting half), which goes on along a Pareto tail where the scores end. */
  surprise(score: number): number {
    const { sorted, tailStart, tailMean } = this;
    if (score > tailStart) return -Math.log(TAIL) + Math.log1p((SHAPE * (score - tailStart)) / tailMean) / SHAPE;
    const below = countBelow(sorted, score, false);
    const notAbove = countBelow(sorted, score, true);
    const above = sorted.length - notAbove + (notAbove - below) / 2;
    return Math.min(-Math.log(TAIL), -Math.log((above + 0.5) / (sorted.length + 1)));
  }
}
