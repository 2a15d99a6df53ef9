/** Shape and scale of a generalized Pareto distribution. */
export interface Pareto {
  shape: number;
  scale: number;
}

/**
 * Fit by probability-weighted moments (Hosking, Wallis, "Parameter and Quantile Estimation for the Generalized Pareto
 * Distribution", Technometrics 1987), which for the few peaks there are is steadier than maximum likelihood. The shape is
 * bounded to [-0.5, 0.5), where the estimator holds. At least one excess; ascending.
 */
export function fitPareto(excesses: Float64Array): Pareto {
  const count = excesses.length;
  let mean = 0;
  let weighted = 0;
  excesses.forEach((excess, index) => {
    mean += excess / count;
    // Plotting position of the complement.
    weighted += ((1 - (index + 0.65) / count) * excess) / count;
  });
  const gap = mean - 2 * weighted;
  if (!(gap > 0)) return { shape: 0, scale: Math.max(mean, Number.MIN_VALUE) };
  const shape = Math.max(-0.5, Math.min(0.49, 2 - mean / gap));
  return { shape, scale: Math.max(mean * (1 - shape), Number.MIN_VALUE) };
}

/** Excess that is exceeded with probability `tail`, among excesses. */
export function excessAt({ shape, scale }: Pareto, tail: number): number {
  return Math.abs(shape) < 1e-6 ? -scale * Math.log(tail) : (scale / shape) * (tail ** -shape - 1);
}
