/** Candidate widths of the kernel (standard deviation, in steps). */
const WIDTHS = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.5, 3, 4];

/** Weights of a Gaussian, the centre first, normalised over both sides. */
function kernelOf(width: number): Float64Array {
  const kernel = new Float64Array(Math.ceil(4 * width) + 1);
  let sum = 0;
  for (let k = 0; k < kernel.length; k++) {
    kernel[k] = Math.exp(-((k / width) ** 2) / 2);
    sum += k === 0 ? kernel[k]! : 2 * kernel[k]!;
  }
  return kernel.map((weight) => weight / sum);
}

/** The series as its neighbourhood sees it; at the ends the weights that are left are scaled up. */
function convolve(values: Float64Array, kernel: Float64Array): Float64Array {
  const out = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    let sum = kernel[0]! * values[i]!;
    let weight = kernel[0]!;
    for (let k = 1; k < kernel.length; k++) {
      if (i >= k) {
        sum += kernel[k]! * values[i - k]!;
        weight += kernel[k]!;
      }
      if (i + k < values.length) {
        sum += kernel[k]! * values[i + k]!;
        weight += kernel[k]!;
      }
    }
    out[i] = sum / weight;
  }
  return out;
}

/**
 * The most independent noise that the series can hold: of white noise, second differences have six times the variance, and the
 * signal only adds to it. A forecast whose errors are smooth passes nearly unchanged therefore: smoothing cannot help there.
 */
function roughness(values: Float64Array): number {
  let sum = 0;
  for (let i = 1; i + 1 < values.length; i++) sum += (values[i - 1]! - 2 * values[i]! + values[i + 1]!) ** 2;
  return values.length < 3 ? 0 : sum / (6 * (values.length - 2));
}

/**
 * A forecast with its independent errors smoothed away, as far as its noise is known: choosing the minimum of a noisy forecast
 * chooses its luckiest error (optimiser's curse). A Gaussian kernel whose width minimises Stein's unbiased estimate of the
 * squared error, |y - Sy|^2/n + 2 s^2 tr(S)/n - s^2 (Stein 1981), so that the noise level and the forecast itself set
 * the width and no figure is tuned. `errorShare` is the error's standard deviation by the mean intensity; null or 0 returns the
 * values.
 */
export function denoise(values: Float64Array, errorShare: number | null): Float64Array {
  if (!errorShare || values.length < 3) return values;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = Math.min((errorShare * mean) ** 2, roughness(values));
  let best = values;
  let bestRisk = variance;
  for (const width of WIDTHS) {
    const kernel = kernelOf(width);
    const smooth = convolve(values, kernel);
    let misfit = 0;
    for (let i = 0; i < values.length; i++) misfit += (values[i]! - smooth[i]!) ** 2;
    const risk = misfit / values.length + 2 * variance * kernel[0]! - variance;
    if (risk >= bestRisk) continue;
    bestRisk = risk;
    best = smooth;
  }
  return best;
}
