/** The dated tables behind every estimate. `asOf` is the last day of the data, not the day somebody downloaded them. */
export interface FactorTable {
  name: string;
  asOf: string;
  source: string;
}

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

export const FACTOR_TABLES: readonly FactorTable[] = [POWER_TABLE, INTENSITY_TABLE];
