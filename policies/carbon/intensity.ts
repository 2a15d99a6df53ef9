/** Average grid intensity of a place, with where the number comes from. */
import type { PolicyConfigJSONSchema } from "@pulumi/policy/schema";
import { AWS_REGION_GRID, GCP_GRAMS_PER_KWH } from "./factors/grid-intensity";
import { INTENSITY_TABLE } from "./factors/tables";

export interface Intensity {
  /** gCO2e per kWh, average signal. Marginal figures rank regions the other way round; never mix the two. */
  gramsPerKwh: number;
  /** Signal, source and year, as printed in messages. */
  basis: string;
}

/** A figure given in the configuration, for a place that the table does not have or has wrong. */
export interface GivenIntensity {
  gramsPerKwh: number;
  year: number;
  source: string;
}

export const INTENSITIES_SCHEMA: PolicyConfigJSONSchema = {
  type: "object",
  default: {},
  description:
    "Average grid intensity by zone or region, for those that the table does not have: {gramsPerKwh, year, source}.",
  additionalProperties: {
    type: "object",
    properties: {
      gramsPerKwh: { type: "number", minimum: 0 },
      year: { type: "integer", minimum: 2000 },
      source: { type: "string", minLength: 1 },
    },
    required: ["gramsPerKwh", "year", "source"],
    additionalProperties: false,
  },
};

/** The intensity of a zone or region; undefined when nobody told. */
export function intensityOf(zone: string, given: Readonly<Record<string, GivenIntensity>>): Intensity | undefined {
  const own = Object.hasOwn(given, zone) ? given[zone] : undefined;
  if (own) return { gramsPerKwh: own.gramsPerKwh, basis: `average signal, ${own.source}, ${own.year}` };
  const gridRegion = Object.hasOwn(AWS_REGION_GRID, zone) ? AWS_REGION_GRID[zone]! : zone;
  const gramsPerKwh = Object.hasOwn(GCP_GRAMS_PER_KWH, gridRegion) ? GCP_GRAMS_PER_KWH[gridRegion] : undefined;
  if (gramsPerKwh === undefined) return undefined;
  const mapped = gridRegion === zone ? "" : `, grid area of ${gridRegion}`;
  return { gramsPerKwh, basis: `average signal, ${INTENSITY_TABLE.source}${mapped}` };
}

/** The dirtiest place of the table: what an unnamed place is counted with, so that leaving it out never helps. */
export function worstIntensity(): Intensity {
  const [zone, gramsPerKwh] = Object.entries(GCP_GRAMS_PER_KWH).reduce((worst, entry) =>
    entry[1] > worst[1] ? entry : worst,
  );
  return {
    gramsPerKwh,
    basis: `no zone configured, so the highest of ${INTENSITY_TABLE.source} (${zone}), average signal`,
  };
}
