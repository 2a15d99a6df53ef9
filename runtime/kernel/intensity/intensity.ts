/**
 * Average: emissions of all generation over all consumption. Marginal: emissions of the plant that answers to one more kWh.
 * They rank regions in reverse (eu-north-1 in 2024: 24.71 average, 791.26 marginal g/kWh), so they never meet in one figure.
 */
export type Signal = "average" | "marginal";

/** A stretch of time with one intensity. */
export interface IntensityPoint {
  /** ms since epoch, inclusive. */
  from: number;
  /** ms since epoch, exclusive. */
  to: number;
  /** gCO2e per kWh. */
  gramsPerKwh: number;
  /** By the feed's own word, or because it is of a model, a profile or a yearly table. */
  estimated: boolean;
}

/** Where a figure comes from; goes with every figure. */
export interface IntensityOrigin {
  signal: Signal;
  /** Feed and data, with licence where one asks for it. */
  source: string;
  /** ms since epoch: the date the data are of. */
  asOf: number;
  method: string;
  /** Older than the feed's data should be. */
  stale: boolean;
  /** Of the chain: which feeds were passed over and why; empty when the first answered. */
  why: string;
}

export interface IntensityNow extends IntensityOrigin {
  region: string;
  point: IntensityPoint;
}

export interface IntensitySeries extends IntensityOrigin {
  region: string;
  /** In order of time, never overlapping; gaps stay gaps. */
  points: readonly IntensityPoint[];
}

export interface IntensityForecast extends IntensitySeries {
  /** ms since epoch. */
  generatedAt: number;
  /**
   * Standard deviation of the error, as a share of the mean intensity, measured on this source's own past forecasts;
   * null until there are enough.
   */
  errorShare: number | null;
  /** "feed", or what stands in: "persistence" (yesterday's hours), "profile" (typical day), "flat". */
  by: string;
}

/**
 * The intensity of the grid, one signal for the whole process. Regions are cloud regions (`eu-west-1`) or zones of the grid
 * (`ES`, `US-CAL-CISO`).
 * Errors: MNO_INTENSITY_UNKNOWN_REGION when no feed knows the region, MNO_INTENSITY_UNAVAILABLE when those that know it have
 * no figure that can be believed.
 */
export interface Intensity {
  regions(): Promise<readonly string[]>;
  now(region: string): Promise<IntensityNow>;
  history(region: string, from: number, to: number): Promise<IntensitySeries>;
  forecast(region: string, from: number, to: number): Promise<IntensityForecast>;
}
