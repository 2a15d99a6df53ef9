/** The dated tables behind every estimate. `asOf` is the last day of the data, not the day somebody downloaded them. */
export interface FactorTable {
  name: string;
  asOf: string;
  source: string;
  /** A measurement of machines that no longer change: it does not age, and no rule judges its age. */
  ageless?: true;
}

/** Days after which a table's data are stale, for policies and runtime alike: 18 months, a yearly table and its delay. */
export const STALE_AFTER_DAYS = 548;

export const POWER_TABLE: FactorTable = {
  name: "processor power",
  asOf: "2026-03-09",
  source: "Cloud Carbon Footprint coefficients",
};

export const INTENSITY_TABLE: FactorTable = {
  name: "grid carbon intensity",
  asOf: "2025-12-31",
  source: "Google region carbon data 2025",
};

export const POWER_CURVE_TABLE: FactorTable = {
  name: "power curves of AWS instances",
  asOf: "2021-08-31",
  source: "Teads",
  ageless: true,
};

export const CARBON_FREE_TABLE: FactorTable = {
  name: "carbon-free energy",
  asOf: "2025-12-31",
  source: "Google region carbon data 2025",
};

/** Not behind the policies' estimates: the runtime's last resort where no feed answers. */
export const TYPICAL_DAY_TABLE: FactorTable = {
  name: "grid carbon intensity of a typical day",
  asOf: "2023-12-31",
  source: "Electricity Maps hourly data 2023 (ODbL 1.0)",
};

/** Not behind the policies' estimates: turns measured generation into an intensity. */
export const GENERATION_TABLE: FactorTable = {
  name: "life-cycle emissions of generation",
  asOf: "2011-12-31",
  source: "IPCC SRREN 2011 annex II medians",
};

/** What the policies' estimates rest on. */
export const FACTOR_TABLES: readonly FactorTable[] = [
  POWER_TABLE,
  INTENSITY_TABLE,
  POWER_CURVE_TABLE,
  CARBON_FREE_TABLE,
];
