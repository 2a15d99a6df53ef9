import { MnoError } from "../../exports";
import type { Intensity, IntensityNow, IntensityPoint } from "../../kernel/intensity/intensity";

/** Mean over the time that the points cover within [from, to); undefined where they cover nothing. */
export function meanOver(points: readonly IntensityPoint[], from: number, to: number): number | undefined {
  let covered = 0;
  let weighted = 0;
  for (const point of points) {
    const span = Math.min(point.to, to) - Math.max(point.from, from);
    if (span <= 0) continue;
    covered += span;
    weighted += span * point.gramsPerKwh;
  }
  return covered > 0 ? weighted / covered : undefined;
}

/**
 * The intensity of a stretch that has just ended: the present one, and of a long one (something had to wait) the mean over
 * its time, where the feed knows it and in the same signal. Errors: as Intensity's.
 */
async function intensityOfRegion(
  intensity: Intensity,
  region: string,
  { from, to }: { from: number; to: number },
  longMilliseconds: number,
): Promise<IntensityNow> {
  const now = await intensity.now(region);
  if (to - from <= longMilliseconds) return now;
  const { points, ...origin } = await intensity.history(region, from, to);
  const gramsPerKwh = meanOver(points, from, to);
  if (gramsPerKwh === undefined || origin.signal !== now.signal) return now;
  const estimated = points.some((point) => point.estimated);
  return { ...origin, method: `${origin.method}, mean over the stretch`, point: { from, to, gramsPerKwh, estimated } };
}

/**
 * The same for a node's region or, where no feed knows that, for the one that stands in for it; the figure then says so, and is
 * an estimate. Errors: as Intensity's.
 */
export async function intensityOver(
  intensity: Intensity,
  { region, standInRegion }: { region: string; standInRegion: string | undefined },
  stretch: { from: number; to: number },
  longMilliseconds: number,
): Promise<IntensityNow> {
  try {
    return await intensityOfRegion(intensity, region, stretch, longMilliseconds);
  } catch (error) {
    const isUnknown = error instanceof MnoError && error.code === "MNO_INTENSITY_UNKNOWN_REGION";
    if (!isUnknown || standInRegion === undefined || standInRegion === region) throw error;
    const figure = await intensityOfRegion(intensity, standInRegion, stretch, longMilliseconds);
    const why = `no feed knows the node's region ${region}, so MNO_CARBON_REGION, ${standInRegion}, stands for it`;
    const point = { ...figure.point, estimated: true };
    return { ...figure, point, why: figure.why === "" ? why : `${why}; ${figure.why}` };
  }
}
