/**
 * Evidence that the mean of the differences is not zero, as a factor: 1 says nothing, 20 is worth a p value of 0.05 and may
 * be looked at after each difference without spoiling it. It is the anytime-valid t test: the Bayes factor with a standard
 * normal prior on the effect size and an unknown variance (Lai 1976; Wang and Ramdas, "Anytime-valid t-tests and confidence
 * sequences", 2023): `sqrt(1 / (n + 1)) x (1 - S^2 / ((n + 1) V))^(-n/2)` with S the sum and V the sum of squares. Under no
 * difference the chance that it ever reaches x is at most 1 / x.
 */
export function evidence(differences: readonly number[]): number {
  const count = differences.length;
  const sum = differences.reduce((total, one) => total + one, 0);
  const squares = differences.reduce((total, one) => total + one * one, 0);
  if (count === 0 || squares === 0) return 1;
  return Math.sqrt(1 / (count + 1)) * (1 - (sum * sum) / ((count + 1) * squares)) ** (-count / 2);
}
