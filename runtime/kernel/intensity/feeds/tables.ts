import { AWS_REGION_GRID, AZURE_REGION_GRID, GCP_GRAMS_PER_KWH } from "../../../../factors/grid-intensity";
import { type FactorTable, INTENSITY_TABLE, STALE_AFTER_DAYS, TYPICAL_DAY_TABLE } from "../../../../factors/tables";
import { TYPICAL_DAY_GRAMS_PER_KWH } from "../../../../factors/typical-day";
import { FeedFault, type FeedSeries, type IntensityFeed } from "../feed";
import type { IntensityPoint } from "../intensity";
import { DAY_MS, HOUR_MS } from "../series";
import { CLOUD_ZONES, lookUp } from "./zones";

/** Hours that a profile is written out for at once: 10 years. */
const MOST_HOURS = 87_660;

const asOf = (table: FactorTable): number => Date.parse(`${table.asOf}T23:59:59Z`);

const TABLE = {
  signal: "average",
  zeroIsReal: false,
  refreshMilliseconds: HOUR_MS,
  staleMilliseconds: STALE_AFTER_DAYS * DAY_MS,
} as const;

/** The Google region whose figure stands for a cloud region: its own, or that of the same grid area. */
const gridOfCloud = (region: string): string =>
  lookUp(AWS_REGION_GRID, region) ?? lookUp(AZURE_REGION_GRID, region) ?? region;
/** The same for a zone of the grid that one of the clouds has a region with a figure in. */
const ZONE_GRID: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(CLOUD_ZONES)
    .map(([region, zone]) => [zone, gridOfCloud(region)] as const)
    .filter(([, grid]) => lookUp(GCP_GRAMS_PER_KWH, grid) !== undefined),
);

/** One figure a year by cloud region, and by zones of the grid that hold one. */
export function staticFeed(zones: Readonly<Record<string, string>>): IntensityFeed {
  const gridOf = (region: string): string => {
    const zone = lookUp(zones, region) ?? region;
    return lookUp(ZONE_GRID, zone) ?? gridOfCloud(zone);
  };
  return {
    ...TABLE,
    name: "static",
    method: "yearly mean of the grid, published by the cloud provider",
    table: "flat",
    regions: () =>
      Promise.resolve(
        [GCP_GRAMS_PER_KWH, AWS_REGION_GRID, AZURE_REGION_GRID, ZONE_GRID, zones].flatMap((table) =>
          Object.keys(table),
        ),
      ),
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

/** Zones that have no profile of their own, by the country that they are a part of. */
const PART_OF: Readonly<Record<string, string>> = {
  "BR-CS": "BR",
  "NO-NO1": "NO",
  "NO-NO2": "NO",
  "NO-NO3": "NO",
  "NO-NO4": "NO",
  "NO-NO5": "NO",
};

/** The typical day of the month by zone, and by the cloud regions that lie in it. */
export function profileFeed(zones: Readonly<Record<string, string>>): IntensityFeed {
  const zoneOf = (region: string): string => lookUp(zones, region) ?? lookUp(CLOUD_ZONES, region) ?? region;
  /** Of a part of a country the whole country's. No other zone's: its hours say less than the yearly mean (SOURCES.md). */
  const profiledOf = (zone: string): string => lookUp(PART_OF, zone) ?? zone;
  const profileOf = (region: string) => lookUp(TYPICAL_DAY_GRAMS_PER_KWH, profiledOf(zoneOf(region)));
  return {
    ...TABLE,
    name: "profile",
    method: "mean by month and hour of the day, flow-traced consumption, life-cycle emission factors",
    table: "profile",
    regions: () => {
      const names = [TYPICAL_DAY_GRAMS_PER_KWH, CLOUD_ZONES, zones].flatMap((table) => Object.keys(table));
      return Promise.resolve([...new Set(names)].filter((region) => profileOf(region) !== undefined));
    },
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
      const zone = zoneOf(region);
      const profiled = profiledOf(zone);
      const instead = profiled === zone ? "" : `, which stands in for ${zone}, a part of it`;
      const source = `${TYPICAL_DAY_TABLE.source}, zone ${profiled}${instead}`;
      return { points, source, asOf: asOf(TYPICAL_DAY_TABLE) };
    },
  };
}
