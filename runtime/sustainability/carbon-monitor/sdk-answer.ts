import type { FastifyReply } from "fastify";
import { MnoError } from "../../exports";
import type { Intensity, IntensityOrigin } from "../../kernel/intensity/intensity";

const SECOND = 1000;
const DAY = 86_400_000;
export const MOST_HISTORY_DAYS = 366;

/** Now, at a time, or over a stretch. */
export async function seriesOf(intensity: Intensity, location: string, time?: string, toTime?: string) {
  if (time === undefined && toTime === undefined) {
    const now = await intensity.now(location);
    return { ...now, points: [now.point] };
  }
  if (time === undefined) throw invalid("time", "is required where toTime is given");
  const from = Date.parse(time);
  const to = toTime === undefined ? from + SECOND : Date.parse(toTime);
  assertSpan("time", "toTime", from, to, MOST_HISTORY_DAYS);
  return intensity.history(location, from, to);
}

/** Errors: MNO_REQUEST_INVALID where the time is empty, or longer than anybody needs at once. */
export function assertSpan(first: string, second: string, from: number, to: number, mostDays: number): void {
  if (from >= to) throw invalid(first, `must be before ${second}`);
  if (to - from > mostDays * DAY) throw invalid(second, `must be at most ${String(mostDays)} days after ${first}`);
}

function invalid(field: string, message: string): MnoError {
  return new MnoError("MNO_REQUEST_INVALID", `${field} ${message}`, { faults: [{ field, message }] });
}

/** Sends the data and, in headers, where they come from. */
export async function answer(
  reply: FastifyReply,
  origins: readonly IntensityOrigin[],
  data: unknown,
): Promise<FastifyReply> {
  const each = (value: (origin: IntensityOrigin) => string): string =>
    [...new Set(origins.map(value))].join("; ").replace(/[^\x20-\x7e]/g, "?");
  reply.headers({
    "mno-carbon-signal": each(({ signal }) => signal),
    "mno-carbon-source": each(({ source }) => source),
    "mno-carbon-as-of": each(({ asOf }) => iso(asOf)),
    "mno-carbon-method": each(({ method }) => method),
    "mno-carbon-stale": each(({ stale }) => String(stale)),
  });
  const isEmpty = data === undefined || (Array.isArray(data) && data.length === 0);
  return isEmpty ? reply.code(204).send() : reply.send(data);
}

export const iso = (milliseconds: number): string => new Date(milliseconds).toISOString();

/** A .NET TimeSpan: [d.]hh:mm:ss. */
export function timeSpan(milliseconds: number): string {
  const seconds = Math.round(milliseconds / SECOND);
  const two = (value: number): string => String(value).padStart(2, "0");
  const days = Math.floor(seconds / 86_400);
  const clock = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60].map(two).join(":");
  return days > 0 ? `${String(days)}.${clock}` : clock;
}
