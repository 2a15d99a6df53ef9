/**
 * Equal error rate of scores that are high for impostors: where the share of genuine samples refused equals that of impostors
 * accepted, between two thresholds by linear interpolation; and that threshold.
 */
export function equalError(
  genuine: readonly number[],
  impostors: readonly number[],
): { rate: number; threshold: number } {
  const own = Float64Array.from(genuine).sort();
  const others = Float64Array.from(impostors).sort();
  const thresholds = [...new Set([...own, ...others])].sort((a, b) => a - b);
  let before = { refused: 1, accepted: 0 };
  let [i, j] = [0, 0];
  for (const threshold of thresholds) {
    while (i < own.length && own[i]! <= threshold) i++;
    while (j < others.length && others[j]! <= threshold) j++;
    const now = { refused: 1 - i / own.length, accepted: j / others.length };
    if (now.accepted >= now.refused) {
      const gap = before.refused - before.accepted;
      const share = gap / (gap + now.accepted - now.refused || 1);
      return { rate: before.refused + share * (now.refused - before.refused), threshold };
    }
    before = now;
  }
  return { rate: 1, threshold: Infinity };
}
