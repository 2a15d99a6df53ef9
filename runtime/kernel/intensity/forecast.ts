import { FeedFault } from "./feed";
import { type By, chooseForecast, flat, persistence } from "./forecast-judge";
import type { IntensityPoint } from "./intensity";
import type { Member, MemberSeries } from "./member";

export interface MemberForecast extends MemberSeries {
  generatedAt: number;
  errorShare: number | null;
  by: string;
}

/**
 * What a feed foretells or, where it does not or was worse at it, what its measured figures do. Errors: FeedFault when there
 * is neither.
 */
export async function forecastOf(
  member: Member,
  region: string,
  from: number,
  to: number,
  now: number,
): Promise<MemberForecast> {
  if (member.feed.table) {
    const series = await member.history(region, from, to);
    return { ...series, generatedAt: series.asOf, errorShare: null, by: member.feed.table };
  }
  const measured = await settled(member.recent(region));
  const given = await settled(member.forecast(region, from, to));
  const { points: known, issued } = member.memory(region);
  const made: Partial<Record<By, readonly IntensityPoint[]>> = {
    ...(isFault(given) || !given ? {} : { feed: given.points }),
    ...(isFault(measured) ? {} : { persistence: persistence(known, from, to), flat: flat(known, from, to) }),
  };
  const available = (["feed", "persistence", "flat"] as const).filter((by) => (made[by]?.length ?? 0) > 0);
  if (available.length === 0)
    throw isFault(given) ? given : isFault(measured) ? measured : new FeedFault("has nothing to foretell from");
  const verdict = chooseForecast(issued, known, available);
  const notes = verdict.why === "" ? [] : [verdict.why];
  const points = made[verdict.by]!;
  if (verdict.by === "feed" && !isFault(given) && given) {
    const reach = points.at(-1)!.to < to ? [`the forecast ends at ${new Date(points.at(-1)!.to).toISOString()}`] : [];
    const { source, generatedAt } = given;
    return forecast(
      { points, source, asOf: generatedAt, stale: false, notes: [...given.notes, ...notes, ...reach] },
      generatedAt,
      verdict,
    );
  }
  if (isFault(measured)) throw measured;
  const instead = isFault(given) ? [`no forecast: it ${given.message}`] : [];
  return forecast({ ...measured, points, notes: [...instead, ...notes] }, now, verdict);
}

function forecast(
  series: MemberSeries,
  generatedAt: number,
  { by, errorShare }: { by: By; errorShare: number | null },
): MemberForecast {
  return { ...series, generatedAt, errorShare, by };
}

const settled = <T>(work: Promise<T>): Promise<T | FeedFault> =>
  work.catch((error: unknown) => {
    if (error instanceof FeedFault) return error;
    throw error;
  });

const isFault = (value: unknown): value is FeedFault => value instanceof FeedFault;
