/** Least dispersion of the logarithm of genuine distances: a template's own samples agree more than tomorrow's will. */
const LEAST_DEVIATION = 0.1;
/** No behaviour says more than e^6 to 1. */
const MOST = 6;

/**
 * The p-value of a distance among the genuine ones: probability that the user's own next sample lies as far out or farther.
 * Z-norm on the logarithm of the leave-one-out distances, with Student's t for their small number.
 */
export function genuinePValue(value: number, genuine: readonly number[]): number {
  const logs = genuine.map((one) => Math.log(Math.max(one, 1e-9)));
  const n = logs.length;
  const mean = logs.reduce((total, one) => total + one, 0) / n;
  const variance = logs.reduce((total, one) => total + (one - mean) ** 2, 0) / Math.max(n - 1, 1);
  const deviation = Math.max(Math.sqrt(variance), LEAST_DEVIATION) * Math.sqrt(1 + 1 / n);
  return studentUpperTail((Math.log(Math.max(value, 1e-9)) - mean) / deviation, Math.max(n - 1, 1));
}

/**
 * Natural logarithm of the e-value of a p-value: evidence that the sample is not the user's, by the calibrator
 * (1 - p + p ln p) / (p ln² p), which is valid whatever the impostor does (Vovk and Wang 2021, "E-values: Calibration,
 * combination and applications"). At best it halves the odds, for impostors who resemble the user exist.
 */
export function logEvidence(p: number): number {
  if (p >= 1 - 1e-6) return Math.log(0.5);
  const bounded = Math.max(p, 1e-12);
  const log = Math.log(bounded);
  return Math.min(Math.log((1 - bounded + bounded * log) / (bounded * log * log)), MOST);
}

/**
 * CUSUM of log-evidence over a session (an e-detector: Shin, Ramdas and Rinaldo 2022): the mean time to a false alarm at
 * threshold ln(1/α) is at least 1/α assessments.
 */
export function nextDrift(drift: number, evidence: number): number {
  return Math.max(0, drift + evidence);
}

/** P(T > t) of Student's t with `degrees` degrees of freedom. */
export function studentUpperTail(t: number, degrees: number): number {
  const half = 0.5 * incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5);
  return t >= 0 ? half : 1 - half;
}

/** Regularised incomplete beta function I_x(a, b), by its continued fraction (Lentz; DLMF 8.17.22). */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The fraction converges fast below the mean; the symmetry I_x(a, b) = 1 - I_(1-x)(b, a) serves above it.
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x)) / a;
  const tiny = 1e-300;
  const away = (value: number): number => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m <= 200; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    fraction *= d * c;
    if (Math.abs(d * c - 1) < 1e-12) break;
  }
  return front * fraction;
}

/** ln Γ(x) for x > 0: Stirling's series after the recurrence (DLMF 5.11.1). */
function logGamma(x: number): number {
  let shift = 0;
  let y = x;
  for (; y < 10; y++) shift += Math.log(y);
  const inverse = 1 / (y * y);
  const series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse / 1680))) / y;
  return (y - 0.5) * Math.log(y) - y + 0.5 * Math.log(2 * Math.PI) + series - shift;
}
