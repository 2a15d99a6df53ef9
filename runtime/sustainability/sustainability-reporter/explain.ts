import { divideRounded, gramsText, kwhText, sum } from "./amounts";
import type { Material } from "./engine";
import { fits } from "./filter";
import { marketBased, type RegionMarket } from "./market";
import type { Kind, Signal } from "./record";
import { keyText, type Line, ordered } from "./rollup";
import { boundaryOf } from "./rules";

/** One summand of a total: what it is of, and what it rests on. */
export interface Summand {
  region: string;
  tenant: string | null;
  workload: string | null;
  kind: Kind;
  energyKwh: string;
  gramsCo2e: string;
  embodiedGramsCo2e: string;
  marketBasedGramsCo2e: string;
  /** How the energy is known. */
  method: string;
  idleRule: string;
  /** Of the intensity. */
  signal: Signal;
  source: string;
  dataFrom: string;
  dataTo: string;
  /** Energy-weighted mean of the intensities that were used; null where there was no energy. */
  meanGramsPerKwh: string | null;
  boundary: string;
  /** Parts of the monitor's records that are in it. */
  records: string;
}

export interface Explanation {
  rule: string;
  totals: { signal: Signal; energyKwh: string; gramsCo2e: string }[];
  /** The largest by energy. Left out are `leftOut` more, which come to `leftOutKwh`. */
  summands: Summand[];
  leftOut: number;
  leftOutKwh: string;
  market: RegionMarket[];
}

const RULE =
  "each total is the sum of the records' parts, counted as whole 1e-9 kWh and 1e-6 gCO2e in the hour in which the record " +
  "begins; figures by the average and by the marginal signal are not added up; market-based figures take instruments " +
  "first, then the residual mix, else the location-based factor";

/** What the totals of a period are made of. */
export function explain({ period, filter, rules, ...material }: Material, most: number): Explanation {
  const lines = ordered(material.lines);
  const market = marketBased(lines, rules, period);
  const members = lines
    .map((line, index) => ({ line, market: market.carbon[index]! }))
    .filter(({ line }) => fits(line, filter));
  members.sort(({ line: a }, { line: b }) =>
    a.energy === b.energy ? (keyText(a) < keyText(b) ? -1 : 1) : a.energy < b.energy ? 1 : -1,
  );
  const left = members.slice(most);
  const signals = [...new Set(members.map(({ line }) => line.signal))].sort();
  return {
    rule: RULE,
    totals: signals.map((signal) => {
      const some = members.filter(({ line }) => line.signal === signal);
      return {
        signal,
        energyKwh: kwhText(sum(some.map(({ line }) => line.energy))),
        gramsCo2e: gramsText(sum(some.map(({ line }) => line.carbon))),
      };
    }),
    summands: members
      .slice(0, most)
      .map(({ line, market: based }) => summand(line, based, boundaryOf(rules, line.region))),
    leftOut: left.length,
    leftOutKwh: kwhText(sum(left.map(({ line }) => line.energy))),
    market: market.regions.filter(({ region }) => filter.region === undefined || region === filter.region),
  };
}

function summand(line: Line, market: bigint, boundary: string): Summand {
  const { region, tenant, workload, kind, method, idleRule, signal, source } = line;
  return {
    region,
    tenant: tenant || null,
    workload: workload || null,
    kind,
    energyKwh: kwhText(line.energy),
    gramsCo2e: gramsText(line.carbon),
    embodiedGramsCo2e: gramsText(line.embodied),
    marketBasedGramsCo2e: gramsText(market),
    method,
    idleRule,
    signal,
    source,
    dataFrom: new Date(line.asOfFirst).toISOString(),
    dataTo: new Date(line.asOfLast).toISOString(),
    meanGramsPerKwh: line.energy === 0n ? null : gramsText(divideRounded(line.carbon * 1_000_000_000n, line.energy)),
    boundary,
    records: line.records.toString(),
  };
}
