import { gramsText, mwhText, parseDecimal, tonnesText } from "./amounts";
import type { Credit } from "./rules";

/** Totals of a report by where the boundary lies; energy in 1e-9 kWh, carbon in 1e-6 g. */
export interface ScopeTotals {
  /** Own data centres. */
  scope2Location: bigint;
  scope2Market: bigint;
  /** Cloud provider's electricity: Scope 3 category 1. */
  category1Location: bigint;
  category1Market: bigint;
  /** Embodied: category 1 of rented hardware, category 2 (capital goods) of own hardware. */
  category1Embodied: bigint;
  category2Embodied: bigint;
  energy: bigint;
  renewable: bigint;
}

const NOT_MEASURED = "not measured here: taken as 0 in the totals below";

/** Fields of the GHG Protocol's Scope 2 Guidance and Scope 3 Standard, in gCO2e. */
export function ghgProtocol(totals: ScopeTotals) {
  return {
    scope1: { gramsCo2e: null, note: NOT_MEASURED },
    scope2: {
      locationBasedGramsCo2e: gramsText(totals.scope2Location),
      marketBasedGramsCo2e: gramsText(totals.scope2Market),
    },
    scope3: {
      category1PurchasedGoodsAndServices: {
        operationalLocationBasedGramsCo2e: gramsText(totals.category1Location),
        operationalMarketBasedGramsCo2e: gramsText(totals.category1Market),
        embodiedGramsCo2e: gramsText(totals.category1Embodied),
      },
      category2CapitalGoods: { embodiedGramsCo2e: gramsText(totals.category2Embodied) },
      otherCategories: { gramsCo2e: null, note: NOT_MEASURED },
    },
  };
}

/**
 * ESRS E1-5, E1-6 and E1-7 (Delegated Regulation (EU) 2023/2772), in MWh and tCO2e. Scope 3 has one gross figure in both
 * totals (AR 47): the location-based one. Credits stand apart and are taken off nothing.
 */
export function esrs(totals: ScopeTotals, credits: readonly Credit[], period: { from: number; to: number }) {
  const scope3 = totals.category1Location + totals.category1Embodied + totals.category2Embodied;
  return {
    "E1-5": {
      totalEnergyMwh: mwhText(totals.energy),
      renewableMwh: mwhText(totals.renewable),
      notSplitMwh: mwhText(totals.energy - totals.renewable),
      note: "renewable is what instruments cover; the rest is not split into fossil, nuclear and renewable",
    },
    "E1-6": {
      grossScope1Tonnes: null,
      scope1Note: NOT_MEASURED,
      grossScope2LocationBasedTonnes: tonnesText(totals.scope2Location),
      grossScope2MarketBasedTonnes: tonnesText(totals.scope2Market),
      grossScope3Tonnes: tonnesText(scope3),
      grossScope3Category1Tonnes: tonnesText(totals.category1Location + totals.category1Embodied),
      grossScope3Category2Tonnes: tonnesText(totals.category2Embodied),
      totalLocationBasedTonnes: tonnesText(totals.scope2Location + scope3),
      totalMarketBasedTonnes: tonnesText(totals.scope2Market + scope3),
      locationBasedTonnesPerNetRevenue: null,
      marketBasedTonnesPerNetRevenue: null,
      netRevenueNote: "net revenue is not known here: divide the totals by it",
    },
    "E1-7": {
      credits: credits
        .filter(({ cancelledAt }) => Date.parse(cancelledAt) >= period.from && Date.parse(cancelledAt) < period.to)
        .map(({ name, kind, tonnesCo2e, standard, cancelledAt }) => ({
          name,
          kind,
          tonnesCo2e,
          standard,
          cancelledAt,
        })),
      note: "shown apart: taken off no figure of E1-6",
    },
  };
}

export type GhgProtocol = ReturnType<typeof ghgProtocol>;
export type Esrs = ReturnType<typeof esrs>;

export interface Statements {
  ghgProtocol: GhgProtocol;
  esrs: Esrs;
}

/**
 * Adds the statements up again from their own text, as a reader would; what does not add up, or nothing.
 * `energyKwh`, `locationBased` and `embodied` are the report's totals: the statements must come to the same.
 */
export function checkStatements(
  { ghgProtocol: ghg, esrs: { "E1-5": energy, "E1-6": emissions } }: Statements,
  report: {
    energyKwh: string;
    locationBasedGramsCo2e: string;
    marketBasedGramsCo2e: string;
    embodiedGramsCo2e: string;
  },
): string[] {
  const faults: string[] = [];
  const same = (what: string, said: bigint, added: bigint): void => {
    if (said !== added) faults.push(`${what} is ${said}, but its parts come to ${added}`);
  };
  const tonnes = (text: string): bigint => parseDecimal(text, 12);
  const grams = (text: string): bigint => parseDecimal(text, 6);
  const scope3 = tonnes(emissions.grossScope3Tonnes);
  const { category1PurchasedGoodsAndServices: category1, category2CapitalGoods: category2 } = ghg.scope3;
  same(
    "E1-6 total (location-based), AR 47",
    tonnes(emissions.totalLocationBasedTonnes),
    tonnes(emissions.grossScope2LocationBasedTonnes) + scope3,
  );
  same(
    "E1-6 total (market-based), AR 47",
    tonnes(emissions.totalMarketBasedTonnes),
    tonnes(emissions.grossScope2MarketBasedTonnes) + scope3,
  );
  same(
    "E1-6 Scope 3",
    scope3,
    tonnes(emissions.grossScope3Category1Tonnes) + tonnes(emissions.grossScope3Category2Tonnes),
  );
  const embodied = grams(category1.embodiedGramsCo2e) + grams(category2.embodiedGramsCo2e);
  same("embodied", grams(report.embodiedGramsCo2e), embodied);
  same(
    "location-based operational",
    grams(report.locationBasedGramsCo2e),
    grams(ghg.scope2.locationBasedGramsCo2e) + grams(category1.operationalLocationBasedGramsCo2e),
  );
  same(
    "market-based operational",
    grams(report.marketBasedGramsCo2e),
    grams(ghg.scope2.marketBasedGramsCo2e) + grams(category1.operationalMarketBasedGramsCo2e),
  );
  same(
    "E1-6 total (location-based) and the report's",
    tonnes(emissions.totalLocationBasedTonnes),
    grams(report.locationBasedGramsCo2e) + embodied,
  );
  same("E1-5 energy", parseDecimal(energy.totalEnergyMwh, 12), parseDecimal(report.energyKwh, 9));
  same(
    "E1-5 energy",
    parseDecimal(energy.totalEnergyMwh, 12),
    parseDecimal(energy.renewableMwh, 12) + parseDecimal(energy.notSplitMwh, 12),
  );
  return faults;
}
