/** What became of a score: an attempt of the user (false), or a confirmed fraud (true). */
export interface Label {
  score: number;
  fraud: boolean;
}

/** p = 1 / (1 + exp(-(slope · score + intercept))). */
export interface Calibration {
  slope: number;
  intercept: number;
  /** Labels that it rests on, beside the prior. */
  labels: number;
}

/** Before any label: the factors are not independent of each other, so their sum counts less than its face value. */
const PRIOR_SLOPE = 0.7;
/** Standard deviations of the prior: what labels have to overcome. */
const SLOPE_DEVIATION = 0.2;
const INTERCEPT_DEVIATION = 1.5;
const MIN_SLOPE = 0.05;
const ITERATIONS = 50;

export function priorCalibration(attackProbability: number): Calibration {
  return { slope: PRIOR_SLOPE, intercept: Math.log(attackProbability / (1 - attackProbability)), labels: 0 };
}

/**
 * Platt's sigmoid by maximum a posteriori, with the prior calibration as the mean of a Gaussian: no labels leave the prior,
 * and each moves it a little. `shares` undoes that frauds are kept longer than ordinary attempts: how many attempts one kept
 * label of its kind stands for.
 */
export function calibrate(
  labels: readonly Label[],
  prior: Calibration,
  shares: { fraud: number; genuine: number } = { fraud: 1, genuine: 1 },
): Calibration {
  let { slope, intercept } = prior;
  const objective = (a: number, b: number): number =>
    labels.reduce((sum, { score, fraud }) => {
      const z = (fraud ? 1 : -1) * (a * score + b);
      return sum + (fraud ? shares.fraud : shares.genuine) * softplus(-z);
    }, 0) +
    ((a - prior.slope) / SLOPE_DEVIATION) ** 2 / 2 +
    ((b - prior.intercept) / INTERCEPT_DEVIATION) ** 2 / 2;
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    // Newton's step; the prior makes the Hessian positive definite.
    let [ga, gb] = [
      (slope - prior.slope) / SLOPE_DEVIATION ** 2,
      (intercept - prior.intercept) / INTERCEPT_DEVIATION ** 2,
    ];
    let [haa, hab, hbb] = [1 / SLOPE_DEVIATION ** 2, 0, 1 / INTERCEPT_DEVIATION ** 2];
    for (const { score, fraud } of labels) {
      const share = fraud ? shares.fraud : shares.genuine;
      const p = sigmoid(slope * score + intercept);
      const gradient = share * (p - (fraud ? 1 : 0));
      const curvature = share * p * (1 - p);
      ga += gradient * score;
      gb += gradient;
      haa += curvature * score * score;
      hab += curvature * score;
      hbb += curvature;
    }
    const determinant = haa * hbb - hab * hab;
    const da = (hbb * ga - hab * gb) / determinant;
    const db = (haa * gb - hab * ga) / determinant;
    let step = 1;
    const before = objective(slope, intercept);
    while (step > 1e-6 && objective(slope - step * da, intercept - step * db) > before) step /= 2;
    slope -= step * da;
    intercept -= step * db;
    if (Math.abs(step * da) + Math.abs(step * db) < 1e-9) break;
  }
  // A score that does not rise with risk would turn every threshold round.
  return { slope: Math.max(slope, MIN_SLOPE), intercept, labels: labels.length };
}

export const probabilityOf = (score: number, { slope, intercept }: Calibration): number =>
  sigmoid(slope * score + intercept);

/** The score that has this probability. */
export const scoreAt = (probability: number, { slope, intercept }: Calibration): number =>
  (Math.log(probability / (1 - probability)) - intercept) / slope;

export interface ReliabilityBin {
  count: number;
  meanProbability: number;
  fraudShare: number;
}

/** Reliability diagram in `bins` of equal numbers, and the expected calibration error over them. */
export function reliability(
  labels: readonly { probability: number; fraud: boolean }[],
  bins = 10,
): { error: number; bins: ReliabilityBin[] } {
  const sorted = labels.toSorted((a, b) => a.probability - b.probability);
  const result: ReliabilityBin[] = [];
  for (let bin = 0; bin < bins; bin++) {
    const part = sorted.slice(Math.floor((bin * sorted.length) / bins), Math.floor(((bin + 1) * sorted.length) / bins));
    if (part.length === 0) continue;
    result.push({
      count: part.length,
      meanProbability: part.reduce((sum, { probability }) => sum + probability, 0) / part.length,
      fraudShare: part.filter(({ fraud }) => fraud).length / part.length,
    });
  }
  const error = result.reduce(
    (sum, { count, meanProbability, fraudShare }) =>
      sum + (count / sorted.length) * Math.abs(meanProbability - fraudShare),
    0,
  );
  return { error, bins: result };
}

const softplus = (x: number): number => (x > 30 ? x : Math.log1p(Math.exp(x)));
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
