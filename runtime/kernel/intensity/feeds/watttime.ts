import { INTENSITY_FEED_HOSTS } from "../../../exports";
import type { Clock } from "../../clock";
import { type FeedForecast, FeedFault, type FeedSeries, type IntensityFeed } from "../feed";
import { arrayOf, numberOf, objectOf, textOf, timeOf } from "../fields";
import { type Fetch, getJson } from "../http";
import type { IntensityPoint } from "../intensity";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../series";
import { lookUp } from "./zones";

export interface WattTimeOptions {
  user: string;
  password: string;
  fetch: Fetch;
  clock: Clock;
  /** Region to WattTime's own region names, before the built-in ones. */
  zones: Readonly<Record<string, string>>;
  url?: string;
}

/** lb/MWh to g/kWh: 453.59237 g in a pound (by definition), 1000 kWh in a MWh. */
const GRAMS_PER_KWH_OF_POUNDS_PER_MWH = 0.45359237;

/** CAISO_NORTH is the region that every account may read. */
const REGIONS: Readonly<Record<string, string>> = { "us-west-1": "CAISO_NORTH", "US-CAL-CISO": "CAISO_NORTH" };
/** `historical` gives up to 32 days at once. */
const RANGE_MS = 30 * DAY_MS;
/** A token is good for half an hour. */
const TOKEN_MS = 25 * MINUTE_MS;
const HORIZON_HOURS = [24, 48, 72];

/** WattTime API v3: marginal operating emissions rate (co2_moer), every 5 minutes. */
export class WattTimeFeed implements IntensityFeed {
  readonly name = "watttime";
  readonly signal = "marginal";
  readonly method = "marginal operating emissions rate, co2_moer (WattTime)";
  readonly zeroIsReal = true;
  readonly refreshMilliseconds = 5 * MINUTE_MS;
  readonly staleMilliseconds = HOUR_MS;
  private readonly zones: Readonly<Record<string, string>>;
  private token: { text: string; until: number } | undefined;

  constructor(private readonly options: WattTimeOptions) {
    this.zones = { ...REGIONS, ...options.zones };
  }

  regions(): Promise<readonly string[]> {
    return Promise.resolve([...new Set([...Object.keys(this.zones), ...Object.values(this.zones)])]);
  }

  async knows(region: string): Promise<boolean> {
    return (await this.regions()).includes(region);
  }

  async measured(region: string, from: number, to: number, signal: AbortSignal): Promise<FeedSeries> {
    const points: IntensityPoint[] = [];
    let source = "";
    for (let start = from; start < to; start += RANGE_MS) {
      const end = new Date(Math.min(start + RANGE_MS, to)).toISOString();
      const answer = parseWattTime(
        await this.get("v3/historical", region, { start: new Date(start).toISOString(), end }, signal),
      );
      points.push(...answer.points);
      source = sourceOf(answer);
    }
    return { points, source };
  }

  async forecast(region: string, _from: number, to: number, signal: AbortSignal): Promise<FeedForecast> {
    const hours = (to - this.options.clock.now()) / HOUR_MS;
    const horizon = String(HORIZON_HOURS.find((some) => some >= hours) ?? HORIZON_HOURS.at(-1));
    const answer = parseWattTime(await this.get("v3/forecast", region, { horizon_hours: horizon }, signal));
    if (answer.generatedAt === undefined) throw new FeedFault("gave a forecast without generated_at");
    const points = answer.points.map((point) => ({ ...point, estimated: true }));
    return { points, source: `${sourceOf(answer)}, forecast`, generatedAt: answer.generatedAt };
  }

  private async get(path: string, region: string, query: Record<string, string>, signal: AbortSignal) {
    const zone = lookUp(this.zones, region) ?? region;
    const target = this.target(path, { region: zone, signal_type: "co2_moer", ...query });
    const held = this.token;
    try {
      return await this.ask(target, signal);
    } catch (error) {
      // A token that ended early is no wrong password: one that was just given out is asked about no more.
      if (!(error instanceof FeedFault) || error.status !== 401 || held === undefined) throw error;
      this.token = undefined;
      return await this.ask(target, signal);
    }
  }

  private async ask(target: URL, signal: AbortSignal): Promise<unknown> {
    const { fetch, clock } = this.options;
    const headers = { authorization: `Bearer ${await this.login(signal)}` };
    return await getJson(target, { fetch, headers, signal, now: clock.now() });
  }

  private async login(signal: AbortSignal): Promise<string> {
    const { user, password, fetch, clock } = this.options;
    const now = clock.now();
    if (this.token && now < this.token.until) return this.token.text;
    const credentials = Buffer.from(`${user}:${password}`).toString("base64");
    const request = { fetch, headers: { authorization: `Basic ${credentials}` }, signal, now };
    const text = textOf(objectOf(await getJson(this.target("login", {}), request), "answer").token, "token");
    this.token = { text, until: now + TOKEN_MS };
    return text;
  }

  private target(path: string, query: Record<string, string>): URL {
    const { url = `https://${INTENSITY_FEED_HOSTS.watttime.host}` } = this.options;
    return new URL(`${url}/${path}?${new URLSearchParams(query).toString()}`);
  }
}

interface WattTimeAnswer {
  points: IntensityPoint[];
  region: string;
  model: string;
  generatedAt?: number;
}

/** Errors: FeedFault, above all where the unit or the signal is another than asked for. */
export function parseWattTime(body: unknown): WattTimeAnswer {
  const answer = objectOf(body, "answer");
  const meta = objectOf(answer.meta, "meta");
  const units = textOf(meta.units, "meta.units");
  if (units !== "lbs_co2_per_mwh") throw new FeedFault(`answered in another unit than lbs_co2_per_mwh: ${units}`);
  if (meta.signal_type !== "co2_moer") throw new FeedFault("answered with another signal than co2_moer");
  const step = numberOf(meta.data_point_period_seconds, "meta.data_point_period_seconds") * 1000;
  if (!(step > 0)) throw new FeedFault("answered with points that last no time: meta.data_point_period_seconds");
  const points = arrayOf(answer.data, "data")
    .map((row) => objectOf(row, "data"))
    .filter(({ value }) => value !== null)
    .map((row) => {
      const from = timeOf(row.point_time, "point_time");
      const gramsPerKwh = numberOf(row.value, "value") * GRAMS_PER_KWH_OF_POUNDS_PER_MWH;
      return { from, to: from + step, gramsPerKwh, estimated: row.imputed_data_used === true };
    });
  return {
    points,
    region: textOf(meta.region, "meta.region"),
    model: textOf(objectOf(meta.model, "meta.model").date, "meta.model.date"),
    ...(meta.generated_at === undefined ? {} : { generatedAt: timeOf(meta.generated_at, "meta.generated_at") }),
  };
}

const sourceOf = ({ region, model }: WattTimeAnswer): string => `WattTime API v3, region ${region}, model of ${model}`;
