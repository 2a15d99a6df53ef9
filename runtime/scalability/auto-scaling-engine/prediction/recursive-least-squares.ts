/** State of one regression, plain numbers for JSON. */
export interface RegressionState {
  weights: number[];
  /** Inverse of the discounted correlation matrix, row by row. */
  covariance: number[];
}

/** Variance of a weight before anything was learnt: small, so that the first few samples do not swing the forecast. */
const PRIOR = 0.3;
/** Without excitation forgetting would let the covariance grow without bound ("wind-up"); its trace is kept below this per weight. */
const MAX_VARIANCE = 1e5;

export function newRegression(size: number): RegressionState {
  const covariance = new Array<number>(size * size).fill(0);
  for (let i = 0; i < size; i++) covariance[i * size + i] = PRIOR;
  return { weights: new Array<number>(size).fill(0), covariance };
}

export function predict({ weights }: RegressionState, features: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < weights.length; i++) sum += weights[i]! * features[i]!;
  return sum;
}

/**
 * Recursive least squares with exponential forgetting (Haykin, Adaptive Filter Theory, ch. 10), O(size²). `memory` in (0, 1]
 * is what the past weighs after this sample; `error` is outcome less prediction, which the caller has clipped.
 */
export function learn(state: RegressionState, features: readonly number[], error: number, memory: number): void {
  const { weights, covariance } = state;
  const size = weights.length;
  const gain = new Array<number>(size).fill(0);
  let denominator = memory;
  for (let i = 0; i < size; i++) {
    let sum = 0;
    for (let j = 0; j < size; j++) sum += covariance[i * size + j]! * features[j]!;
    gain[i] = sum;
    denominator += features[i]! * sum;
  }
  if (!(denominator > 0)) return reset(state);
  let trace = 0;
  for (let i = 0; i < size; i++) {
    weights[i]! += (gain[i]! * error) / denominator;
    // Only the upper half is computed and mirrored: rounding must not make the matrix lopsided.
    for (let j = i; j < size; j++) {
      const value = (covariance[i * size + j]! - (gain[i]! * gain[j]!) / denominator) / memory;
      covariance[i * size + j] = value;
      covariance[j * size + i] = value;
    }
    trace += covariance[i * size + i]!;
  }
  if (!Number.isFinite(trace) || !weights.every(Number.isFinite)) return reset(state);
  if (trace > MAX_VARIANCE * size) for (let i = 0; i < covariance.length; i++) covariance[i]! *= 0.5;
}

/** Rounding has made nonsense of it: nothing learnt is better than that. */
function reset(state: RegressionState): void {
  Object.assign(state, newRegression(state.weights.length));
}
