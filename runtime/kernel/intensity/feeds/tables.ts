import { AWS_REGION_GRID, GCP_GRAMS_PER_KWH } from "../../../../factors/grid-intensity";
import { type FactorTable, INTENSITY_TABLE, TYPICAL_DAY_TABLE } from "../../../../factors/tables";
import { TYPICAL_DAY_GRAMS_PER_KWH } from "../../../../factors/typical-day";
import { FeedFault, type FeedSeries, type IntensityFeed } from "../feed";
import type { IntensityPoint } from "../intensity";
import { DAY_MS, HOUR_MS } from "../series";
import { lookUp } from "./zones";

/** As CB-005 of the carbon pack has it. */
const TABLE_STALE_MS = 730 * DAY_MS;
/** Hours that a profile is written out for at once: 10 years. */
const MOST_HOURS = 87_660;

const asOf = (table: FactorTable): number => Date.parse(`${table.asOf}T23:59:59Z`);

const TABLE = {
  signal: "average",
  zeroIsReal: false,
  refreshMilliseconds: HOUR_MS,
  staleMilliseconds: TABLE_STALE_MS,
} as const;

/** One figure a year by cloud region. */
export function staticFeed(zones: Readonly<Record<string, string>>): IntensityFeed {
  const gridOf = (region: string): string => {
    const zone = lookUp(zones, region) ?? region;
    return lookUp(AWS_REGION_GRID, zone) ?? zone;
  };
  return {
    ...TABLE,
    name: "static",
    method: "yearly mean of the grid, published by the cloud provider",
    table: "flat",
    regions: () =>
      Promise.resolve([...Object.keys(GCP_GRAMS_PER_KWH), ...Object.keys(AWS_REGION_GRID), ...Object.keys(zones)]),
    knows: (region) => Promise.resolve(lookUp(GCP_GRAMS_PER_KWH, gridOf(region)) !== undefined),
    measured: (region, from, to): Promise<FeedSeries> => {
      const grid = gridOf(region);
      const gramsPerKwh = lookUp(GCP_GRAMS_PER_KWH, grid)!;
      const mapped = grid === region ? "" : `, grid area of ${grid}`;
      const points = [{ from, to, gramsPerKwh, estimated: true }];
      return Promise.resolve({
        points,
        source: `${INTENSITY_TABLE.source} (Apache-2.0)${mapped}`,
        asOf: asOf(INTENSITY_TABLE),
      });
    },
  };
}

/** The typical day of the month by zone. */
export function profileFeed(zones: Readonly<Record<string, string>>): IntensityFeed {
  const profileOf = (region: string) => lookUp(TYPICAL_DAY_GRAMS_PER_KWH, lookUp(zones, region) ?? region);
  return {
    ...TABLE,
    name: "profile",
    method: "mean by month and hour of the day, flow-traced consumption, life-cycle emission factors",
    table: "profile",
    regions: () => Promise.resolve([...Object.keys(TYPICAL_DAY_GRAMS_PER_KWH), ...Object.keys(zones)]),
    knows: (region) => Promise.resolve(profileOf(region) !== undefined),
    measured: async (region, from, to): Promise<FeedSeries> => {
      if (to - from > MOST_HOURS * HOUR_MS) throw new FeedFault("is not written out for more than 10 years at once");
      const profile = profileOf(region)!;
      const points: IntensityPoint[] = [];
      for (let at = Math.floor(from / HOUR_MS) * HOUR_MS; at < to; at += HOUR_MS) {
        const date = new Date(at);
        const gramsPerKwh = profile[date.getUTCMonth()]![date.getUTCHours()]!;
        points.push({ from: at, to: at + HOUR_MS, gramsPerKwh, estimated: true });
      }
      return { points, source: TYPICAL_DAY_TABLE.source, asOf: asOf(TYPICAL_DAY_TABLE) };
    },
  };
}
