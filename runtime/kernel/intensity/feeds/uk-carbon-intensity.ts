import { INTENSITY_FEED_HOSTS } from "../../../exports";
import type { Clock } from "../../clock";
import type { FeedForecast, FeedSeries, IntensityFeed } from "../feed";
import { arrayOf, numberOf, objectOf, timeOf } from "../fields";
import { type Fetch, getJson } from "../http";
import type { IntensityPoint } from "../intensity";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../series";
import { CLOUD_ZONES, lookUp } from "./zones";

export interface UkOptions {
  fetch: Fetch;
  clock: Clock;
  /** Region to zone (`GB`), before the built-in ones. */
  zones: Readonly<Record<string, string>>;
  url?: string;
}

const ZONE = "GB";
const SOURCE = "Carbon Intensity API for Great Britain (NESO), CC BY 4.0";
/** One question may span 14 days. */
const RANGE_MS = 13 * DAY_MS;
/** Half hours that ended longer ago have their actual figure, or none will come. */
const SETTLED_MS = HOUR_MS;

/** Carbon Intensity API of the National Energy System Operator: half hours of Great Britain, no key. */
export class UkCarbonIntensityFeed implements IntensityFeed {
  readonly name = "uk";
  readonly signal = "average";
  readonly method = "generation and imports, emissions of operation only (NESO)";
  readonly zeroIsReal = false;
  readonly refreshMilliseconds = 10 * MINUTE_MS;
  readonly staleMilliseconds = 2 * HOUR_MS;
  private readonly zones: Readonly<Record<string, string>>;

  constructor(private readonly options: UkOptions) {
    this.zones = { ...CLOUD_ZONES, ...options.zones };
  }

  regions(): Promise<readonly string[]> {
    return Promise.resolve([ZONE, ...Object.keys(this.zones).filter((region) => this.zones[region] === ZONE)]);
  }

  knows(region: string): Promise<boolean> {
    return Promise.resolve((lookUp(this.zones, region) ?? region) === ZONE);
  }

  async measured(_region: string, from: number, to: number, signal: AbortSignal): Promise<FeedSeries> {
    const points: IntensityPoint[] = [];
    const settled = this.options.clock.now() - SETTLED_MS;
    for (let start = from; start < to; start += RANGE_MS) {
      const end = Math.min(start + RANGE_MS, to);
      points.push(...parseUk(await this.get(`intensity/${minute(start)}/${minute(end)}`, signal), "actual", settled));
    }
    return { points, source: SOURCE };
  }

  async forecast(_region: string, from: number, _to: number, signal: AbortSignal): Promise<FeedForecast> {
    const now = this.options.clock.now();
    const points = parseUk(await this.get(`intensity/${minute(from)}/fw48h`, signal), "forecast", -Infinity);
    // The API does not say when it made the forecast, which it renews every half hour.
    return { points, source: `${SOURCE}, forecast`, generatedAt: now };
  }

  private get(path: string, signal: AbortSignal): Promise<unknown> {
    const { url = `https://${INTENSITY_FEED_HOSTS.uk.host}`, fetch, clock } = this.options;
    const headers = { accept: "application/json" };
    return getJson(new URL(`${url}/${path}`), { fetch, headers, signal, now: clock.now() });
  }
}

/**
 * `actual` is null until the half hour has closed, which is not zero: the forecast stands in then, as an estimate, but only
 * for what ended after `settled`. What is null for longer is missing. Errors: FeedFault.
 */
export function parseUk(body: unknown, wanted: "actual" | "forecast", settled: number): IntensityPoint[] {
  const points: IntensityPoint[] = [];
  for (const row of arrayOf(objectOf(body, "answer").data, "data").map((value) => objectOf(value, "data"))) {
    const from = timeOf(row.from, "from");
    const to = timeOf(row.to, "to");
    const { actual, forecast } = objectOf(row.intensity, "intensity");
    if (wanted === "actual" && actual !== null && actual !== undefined) {
      points.push({ from, to, gramsPerKwh: numberOf(actual, "intensity.actual"), estimated: false });
    } else if (forecast !== null && forecast !== undefined && to > settled) {
      points.push({ from, to, gramsPerKwh: numberOf(forecast, "intensity.forecast"), estimated: true });
    }
  }
  return points;
}

/** `2026-11-23T12:00Z`, as the API writes times. */
const minute = (time: number): string => `${new Date(time).toISOString().slice(0, 16)}Z`;
