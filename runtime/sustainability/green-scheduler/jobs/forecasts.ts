import { type Clock, within } from "../../../kernel/clock";
import type { Intensity, IntensityForecast, IntensityPoint } from "../../../kernel/intensity/intensity";
import { type Grid, resample } from "../engine";
import { distrust, jumpOf, type Remembered, TRUST } from "./trust";

/** What a decision says of the intensity it rests on. */
export interface Grounds {
  region: string;
  trusted: boolean;
  /** Why it is not trusted, or which feeds were passed over. */
  why: string;
  /** The rest is null where there was no answer. */
  signal: "average" | "marginal" | null;
  source: string | null;
  asOf: number | null;
  generatedAt: number | null;
  method: string | null;
  by: string | null;
  stale: boolean | null;
  errorShare: number | null;
}

export interface RegionForecast {
  grounds: Grounds;
  /** Mean intensity of each step, gCO2e/kWh; undefined where there is none that could be trusted. */
  values: Float64Array | undefined;
  /** As the feed gave it. */
  points: readonly IntensityPoint[];
  /** Changes when the feed has something new. */
  version: string;
}

const STAND_IN_MILLISECONDS = 5 * 60_000;

interface Trusted extends Remembered {
  /** Since when the feed says something else, without a break; undefined while it does not. */
  jumpedAt?: number;
}

interface ForecastsOptions {
  intensity: Pick<Intensity, "forecast">;
  clock: Clock;
  /** An answer later than this is none. */
  timeoutMilliseconds: number;
}

/** Forecasts of regions, each judged before it is planned by. Feeds that lie, stop, jump or are late come out as not trusted. */
export class Forecasts {
  private readonly last = new Map<string, Trusted>();

  constructor(private readonly options: ForecastsOptions) {}

  /** One of each region, in their order; asked at once, so that one late feed delays by its own time limit only. */
  read(regions: readonly string[], grid: Grid): Promise<RegionForecast[]> {
    return Promise.all(regions.map((region) => this.readOne(region, grid)));
  }

  private async readOne(region: string, grid: Grid): Promise<RegionForecast> {
    const { intensity, clock, timeoutMilliseconds } = this.options;
    const to = grid.from + grid.steps * grid.stepMs;
    try {
      const late = (): Error => new Error(`it did not answer within ${String(timeoutMilliseconds)} ms`);
      const asked = () => intensity.forecast(region, grid.from, to);
      const forecast = await within(clock, timeoutMilliseconds, asked, late);
      return this.judge(region, forecast, grid);
    } catch (error) {
      return { grounds: unanswered(region, error), values: undefined, points: [], version: "none" };
    }
  }

  private judge(region: string, forecast: IntensityForecast, grid: Grid): RegionForecast {
    const values = resample(forecast.points, grid);
    const fault = distrust(forecast, { grid, values }) ?? this.jump(region, { grid, values });
    const { signal, source, asOf, generatedAt, method, by, stale, errorShare } = forecast;
    const why = fault === undefined ? forecast.why : `the forecast of ${region} is not trusted: ${fault}`;
    const told = { signal, source, asOf, generatedAt, method, by, stale, errorShare };
    const grounds = { region, trusted: fault === undefined, why, ...told };
    // What stands in for a feed is made anew with each question.
    const made = by === "feed" ? generatedAt : Math.floor(generatedAt / STAND_IN_MILLISECONDS);
    const version = `${String(grounds.trusted)} ${source} ${by} ${String(made)}`;
    return { grounds, values: fault === undefined ? values : undefined, points: forecast.points, version };
  }

  /** What is wrong with how it changed; remembers it where nothing is. */
  private jump(region: string, next: Remembered): string | undefined {
    const now = this.options.clock.now();
    const before = this.last.get(region);
    const jump = before ? jumpOf(before, next) : 0;
    if (before && jump > TRUST.mostJump) {
      before.jumpedAt ??= now;
      if (now - before.jumpedAt < TRUST.jumpMilliseconds) {
        return `it jumped by ${(jump * 100).toFixed(0)} % of its mean against the one before, and has not stood by it yet`;
      }
    }
    this.last.set(region, { ...next });
    return undefined;
  }
}

function unanswered(region: string, error: unknown): Grounds {
  const detail = error instanceof Error ? error.message : String(error);
  const why = `there is no forecast of ${region}: ${detail}`;
  const none = { signal: null, source: null, asOf: null, generatedAt: null, method: null, by: null, stale: null };
  return { region, trusted: false, why, ...none, errorShare: null };
}
