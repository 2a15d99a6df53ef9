/** What the estimates rest on, as a parameter: the pack brings `PUBLISHED`, a comparison brings another tool's figures. */
import { AWS_REGION_GRID, AZURE_REGION_GRID } from "../../factors/grid-intensity";
import { MEAN_WATTS_PER_VCPU, MODEL_ERROR_SHARE, PUE, WATTS_PER_GIB, WATTS_PER_TERABYTE } from "../../factors/power";
import { POWER_TABLE } from "../../factors/tables";
import { dirtiestPublished, publishedIntensity, type Intensity } from "./intensity";
import { publishedMachine } from "./machines";

export type Provider = "aws" | "gcp" | "azure";

/** A machine, or a core, of which something runs. */
export interface PowerSource {
  /** W at a CPU utilisation of 0 to 1, before PUE. */
  watts(utilisation: number): number;
  /** Model, source and date, as printed. */
  method: string;
  /** Typical error of the model, as a share of its figure. */
  errorShare: number;
}

export interface Machine extends PowerSource {
  /** Its share of the server's manufacture, gCO2e a month; absent where nobody tells. */
  embodiedGramsPerMonth?: number;
}

export interface Factors {
  /** A machine type by its provider's name; undefined: nobody has figures for it. */
  machine(provider: Provider, type: string): Machine | undefined;
  /** One core of a processor that nobody named. */
  core: PowerSource;
  wattsPerGib: number;
  wattsPerTerabyte: Readonly<Record<"ssd" | "hdd", number>>;
  /** Power usage effectiveness; without a provider that of one's own machines. */
  pue(provider: Provider | undefined, region: string | undefined): number;
  /** The grid at a region or zone; undefined: nobody told. */
  intensity(region: string): Intensity | undefined;
  /** What an unnamed place is counted with, so that leaving it out never helps. */
  dirtiest(): Intensity;
}

const [CORE_IDLE, CORE_FULL] = MEAN_WATTS_PER_VCPU;

/** The tables of `factors/`. */
export const PUBLISHED: Factors = {
  machine: publishedMachine,
  core: {
    watts: (utilisation) => CORE_IDLE + utilisation * (CORE_FULL - CORE_IDLE),
    method: `mean of ${POWER_TABLE.source} ${POWER_TABLE.asOf}`,
    errorShare: MODEL_ERROR_SHARE.unknown,
  },
  wattsPerGib: WATTS_PER_GIB,
  wattsPerTerabyte: WATTS_PER_TERABYTE,
  // Nobody's own machine room is better than the worst of those who publish.
  pue: (provider) => (provider === undefined ? Math.max(...Object.values(PUE)) : PUE[provider]!),
  intensity: publishedIntensity,
  dirtiest: dirtiestPublished,
};

/** Whose region it is, as far as its name tells; undefined for a zone of one's own. */
export function providerOfRegion(region: string): Provider | undefined {
  if (Object.hasOwn(AWS_REGION_GRID, region) || /^[a-z]{2}(-[a-z]+)+-\d$/.test(region)) return "aws";
  if (Object.hasOwn(AZURE_REGION_GRID, region)) return "azure";
  return /^[a-z]+(-[a-z]+)\d+$/.test(region) ? "gcp" : undefined;
}
