/** Grid intensity of a place, with its signal and where the number comes from. */
import type { PolicyConfigJSONSchema } from "@pulumi/policy/schema";
import { GCP_CARBON_FREE_SHARE } from "../../factors/carbon-free-energy";
import { AWS_REGION_GRID, AZURE_REGION_GRID, GCP_GRAMS_PER_KWH } from "../../factors/grid-intensity";
import { INTENSITY_TABLE } from "../../factors/tables";

/** Average: of all that is generated. Marginal: of what one more kWh starts. They rank regions the other way round. */
export type Signal = "average" | "marginal";

export interface Intensity {
  gramsPerKwh: number;
  signal: Signal;
  /** The year that the figure is of. */
  year: number;
  /** Signal, source and year, as printed in messages. */
  basis: string;
}

/** A figure given in the configuration, for a place that the table does not have or has wrong. */
export interface GivenIntensity {
  gramsPerKwh: number;
  year: number;
  source: string;
  /** Default: average. */
  signal?: Signal;
}

export const SIGNAL_SCHEMA: PolicyConfigJSONSchema = {
  type: "string",
  enum: ["average", "marginal"],
  default: "average",
  description: "Signal that every figure must have; the table is average, marginal figures come from intensities.",
};

export const INTENSITIES_SCHEMA: PolicyConfigJSONSchema = {
  type: "object",
  default: {},
  description:
    "Grid intensity by zone or region, for those that the table does not have: {gramsPerKwh, year, source, signal}; " +
    "signal is average where it is not said.",
  additionalProperties: {
    type: "object",
    properties: {
      gramsPerKwh: { type: "number", minimum: 0 },
      year: { type: "integer", minimum: 2000 },
      source: { type: "string", minLength: 1 },
      signal: { type: "string", enum: ["average", "marginal"] },
    },
    required: ["gramsPerKwh", "year", "source"],
    additionalProperties: false,
  },
};

const TABLE_YEAR = Number(INTENSITY_TABLE.asOf.slice(0, 4));

/** The intensity of a zone or region: the given one, else `table`'s; undefined when nobody told. */
export function intensityOf(
  zone: string,
  given: Readonly<Record<string, GivenIntensity>>,
  table: (zone: string) => Intensity | undefined = publishedIntensity,
): Intensity | undefined {
  const own = Object.hasOwn(given, zone) ? given[zone] : undefined;
  if (!own) return table(zone);
  const { gramsPerKwh, year, source, signal = "average" } = own;
  return { gramsPerKwh, signal, year, basis: `${signal} signal, ${source}, ${year}` };
}

/** Why the figure may not stand in a sum or a limit of the wanted signal; undefined when it may. */
export function signalFault(intensity: Intensity, wanted: Signal): string | undefined {
  return intensity.signal === wanted
    ? undefined
    : `its figure is of the ${intensity.signal} signal (${intensity.basis}), the gate's of the ${wanted} one, and the two are never ` +
        `mixed; give a ${wanted} figure in intensities`;
}

export function publishedIntensity(zone: string): Intensity | undefined {
  const gridRegion = gridRegionOf(zone);
  const gramsPerKwh = Object.hasOwn(GCP_GRAMS_PER_KWH, gridRegion) ? GCP_GRAMS_PER_KWH[gridRegion] : undefined;
  if (gramsPerKwh === undefined) return undefined;
  const mapped = gridRegion === zone ? "" : `, grid area of ${gridRegion}`;
  const basis = `average signal, ${INTENSITY_TABLE.source}${mapped}`;
  return { gramsPerKwh, signal: "average", year: TABLE_YEAR, basis };
}

export function dirtiestPublished(): Intensity {
  const [zone, gramsPerKwh] = Object.entries(GCP_GRAMS_PER_KWH).reduce((worst, entry) =>
    entry[1] > worst[1] ? entry : worst,
  );
  return {
    gramsPerKwh,
    signal: "average",
    year: TABLE_YEAR,
    basis: `no zone configured, so the highest of ${INTENSITY_TABLE.source} (${zone}), average signal`,
  };
}

/** Carbon-free share of a region's energy, 0 to 1; undefined where the provider publishes none. */
export function carbonFreeShare(region: string): number | undefined {
  return Object.hasOwn(GCP_CARBON_FREE_SHARE, region) ? GCP_CARBON_FREE_SHARE[region] : undefined;
}

/** Every region that the table has a figure for, by the names of their providers. */
export function publishedRegions(): string[] {
  return [GCP_GRAMS_PER_KWH, AWS_REGION_GRID, AZURE_REGION_GRID].flatMap((table) => Object.keys(table));
}

function gridRegionOf(zone: string): string {
  for (const grid of [AWS_REGION_GRID, AZURE_REGION_GRID]) if (Object.hasOwn(grid, zone)) return grid[zone]!;
  return zone;
}
