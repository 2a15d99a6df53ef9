import { INTENSITY_FEED_HOSTS } from "../../../exports";
import type { Clock } from "../../clock";
import { type FeedForecast, FeedFault, type FeedSeries, type IntensityFeed } from "../feed";
import { arrayOf, numberOf, objectOf, timeOf } from "../fields";
import { type Fetch, getJson } from "../http";
import { DAY_MS, HOUR_MS, MINUTE_MS, stretches } from "../series";
import { CLOUD_ZONES, lookUp } from "./zones";

export interface ElectricityMapsOptions {
  token: string;
  fetch: Fetch;
  clock: Clock;
  /** Region to zone, before the built-in ones. */
  zones: Readonly<Record<string, string>>;
  url?: string;
}

/** `past-range` gives so much of hourly data at once. */
const RANGE_MS = 10 * DAY_MS;
const HORIZON_HOURS = [6, 24, 48, 72];
const ZONE = /^[A-Z]{2}(-[A-Z0-9]+)*$/;

/** Electricity Maps API v3: average intensity of consumption, life-cycle factors, imports traced; hourly. */
export class ElectricityMapsFeed implements IntensityFeed {
  readonly name = "electricity-maps";
  readonly signal = "average";
  readonly method = "flow-traced consumption, life-cycle emission factors (Electricity Maps)";
  readonly zeroIsReal = false;
  readonly refreshMilliseconds = 5 * MINUTE_MS;
  readonly staleMilliseconds = 3 * HOUR_MS;
  private readonly zones: Readonly<Record<string, string>>;

  constructor(private readonly options: ElectricityMapsOptions) {
    this.zones = { ...CLOUD_ZONES, ...options.zones };
  }

  regions(): Promise<readonly string[]> {
    return Promise.resolve([...new Set([...Object.keys(this.zones), ...Object.values(this.zones)])]);
  }

  /** Any name that looks like a zone may be one: there are hundreds, and the API says when one is not. */
  knows(region: string): Promise<boolean> {
    return Promise.resolve(ZONE.test(this.zoneOf(region)));
  }

  async measured(region: string, from: number, to: number, signal: AbortSignal): Promise<FeedSeries> {
    const zone = this.zoneOf(region);
    const now = this.options.clock.now();
    const source = `Electricity Maps API v3, zone ${zone}`;
    // The last day is on every plan, an older range is not.
    if (from >= now - DAY_MS) {
      const body = await this.get("history", { zone }, signal);
      return { source, points: parseElectricityMaps(body, "history") };
    }
    const points = [];
    for (let start = from; start < to; start += RANGE_MS) {
      const end = new Date(Math.min(start + RANGE_MS, to)).toISOString();
      const body = await this.get("past-range", { zone, start: new Date(start).toISOString(), end }, signal);
      points.push(...parseElectricityMaps(body, "data"));
    }
    return { source, points };
  }

  async forecast(region: string, _from: number, to: number, signal: AbortSignal): Promise<FeedForecast> {
    const zone = this.zoneOf(region);
    const hours = (to - this.options.clock.now()) / HOUR_MS;
    const horizonHours = String(HORIZON_HOURS.find((horizon) => horizon >= hours) ?? HORIZON_HOURS.at(-1));
    const body = await this.get("forecast", { zone, horizonHours }, signal);
    const generatedAt = timeOf(objectOf(body, "answer").updatedAt, "updatedAt");
    const points = parseElectricityMaps(body, "forecast").map((point) => ({ ...point, estimated: true }));
    return { source: `Electricity Maps API v3 forecast, zone ${zone}`, points, generatedAt };
  }

  private zoneOf(region: string): string {
    return lookUp(this.zones, region) ?? region;
  }

  private async get(path: string, query: Record<string, string>, signal: AbortSignal): Promise<unknown> {
    const { url = `https://${INTENSITY_FEED_HOSTS["electricity-maps"].host}/v3`, token, fetch, clock } = this.options;
    const target = new URL(`${url}/carbon-intensity/${path}?${new URLSearchParams(query).toString()}`);
    const body = await getJson(target, { fetch, headers: { "auth-token": token }, signal, now: clock.now() });
    const zone = objectOf(body, "answer").zone;
    if (zone !== query.zone) throw new FeedFault(`answered for another zone than ${query.zone!}`);
    return body;
  }
}

/** The points below `key`; an hour whose figure is null is not there. Errors: FeedFault. */
export function parseElectricityMaps(body: unknown, key: "history" | "data" | "forecast") {
  const rows = arrayOf(objectOf(body, "answer")[key], key).map((row) => objectOf(row, key));
  const values = rows
    .filter(({ carbonIntensity }) => carbonIntensity !== null)
    .map((row) => ({
      at: timeOf(row.datetime, "datetime"),
      gramsPerKwh: numberOf(row.carbonIntensity, "carbonIntensity"),
      estimated: row.isEstimated === true,
    }));
  return stretches(values, HOUR_MS);
}
