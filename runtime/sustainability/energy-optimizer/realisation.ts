/** What a judged plan of one kind had promised before anything was learned, and what came of it. */
export interface Judged {
  expectedKwh: number;
  savedKwh: number;
}

/**
 * What plans of a kind come to, as a share of what they promise: all that was saved / all that was expected, with one more
 * plan of the mean size that came to just what it promised, so that a single plan is not believed at once. 1 without any,
 * and never negative.
 */
export function realisation(judged: readonly Judged[]): number {
  const known = judged.filter(({ expectedKwh }) => expectedKwh > 0);
  if (known.length === 0) return 1;
  const expected = known.reduce((sum, { expectedKwh }) => sum + expectedKwh, 0);
  const saved = known.reduce((sum, { savedKwh }) => sum + savedKwh, 0);
  const prior = expected / known.length;
  return Math.max(0, (saved + prior) / (expected + prior));
}
