/** Which regions there are to go to, for advice: cleaner than where one is, and within what residency allows. */
import { providerOfRegion } from "./factors";
import { intensityOf, publishedRegions, type GivenIntensity, type Signal } from "./intensity";

/** Is the region among the listed ones? An entry may end in "*": `europe-*`. */
export function isListed(region: string, list: readonly string[]): boolean {
  return list.some((entry) => (entry.endsWith("*") ? region.startsWith(entry.slice(0, -1)) : region === entry));
}

export interface RankedRegion {
  region: string;
  gramsPerKwh: number;
}

/**
 * The regions of the same provider within the residency that have a figure of the signal, cleanest first. Figures of the
 * other signal never take part: they would turn the order round.
 */
export function regionsWithin(
  residency: readonly string[],
  beside: string,
  signal: Signal,
  given: Readonly<Record<string, GivenIntensity>>,
): RankedRegion[] {
  const provider = providerOfRegion(beside);
  const names = new Set([...publishedRegions(), ...Object.keys(given)]);
  return [...names]
    .filter((region) => providerOfRegion(region) === provider && isListed(region, residency))
    .flatMap((region) => {
      const intensity = intensityOf(region, given);
      return intensity?.signal === signal ? [{ region, gramsPerKwh: intensity.gramsPerKwh }] : [];
    })
    .sort((a, b) => a.gramsPerKwh - b.gramsPerKwh);
}
