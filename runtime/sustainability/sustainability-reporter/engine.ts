import { gramsText, kwhText, sum } from "./amounts";
import { type Filter, fits } from "./filter";
import { type Market, marketBased, type Period, type RegionMarket } from "./market";
import { type Coverage, type Quality, qualityOf, type Uncertainty, uncertaintyOf } from "./quality";
import type { Kind, Saving, Signal } from "./record";
import { type Bucket, type Line, ordered } from "./rollup";
import { type Boundary, boundaryOf, type Rules } from "./rules";
import { type SavingsRow, savingsRows } from "./savings";
import { esrs, ghgProtocol, type ScopeTotals, type Statements } from "./statements";
import { type Sci, sciOf, type TrendPoint, trendOf } from "./trend";

/** Everything a report is made of. The same material makes the same report, to the byte, in whatever order it comes. */
export interface Material {
  period: Period;
  filter: Filter;
  /** Of all tenants, workloads and regions: instruments cover them alike. */
  lines: readonly Line[];
  /** Of the filter's. */
  buckets: readonly Bucket[];
  savings: readonly Saving[];
  /** Of the filter's region; nodes belong to no tenant and no workload. */
  coverage: Coverage;
  rules: Rules;
}

/** Amounts are exact decimals in text. No figure adds up average and marginal signals. */
export interface Amounts {
  energyKwh: string;
  locationBasedGramsCo2e: string;
  marketBasedGramsCo2e: string;
  /** By the marginal signal; null where none of the energy has one. Part of no inventory. */
  marginalGramsCo2e: string | null;
  embodiedGramsCo2e: string;
}

/** What a figure rests on; `dataFrom` and `dataTo` are the dates that the intensities' data are of. */
interface Grounds {
  /** How the energy is known. */
  methods: string[];
  /** Of the intensity. */
  sources: string[];
  dataFrom: string;
  dataTo: string;
}

export interface WorkloadRow extends Amounts, Grounds {
  region: string;
  tenant: string | null;
  workload: string | null;
  kind: Kind;
}

export interface ReportBody {
  format: "mno.sustainability.report/1";
  period: { from: string; to: string };
  filter: { tenant: string | null; workload: string | null; region: string | null };
  totals: Amounts & {
    idleKwh: string;
    /** Energy known by the marginal signal only: it has no location-based figure. */
    withoutLocationBasedKwh: string;
    withoutMarketBasedKwh: string;
  };
  /** Where the carbon's figures come from. */
  signals: (Grounds & { signal: Signal; energyKwh: string; gramsCo2e: string; idleRules: string[] })[];
  boundaries: { region: string; boundary: Boundary }[];
  /** All that the figures depend on beside the records: another rule is a change of the report too. */
  rules: Rules;
  /** Of the whole regions, whatever the filter. */
  market: RegionMarket[];
  regions: (Amounts & { name: string })[];
  tenants: (Amounts & { name: string | null })[];
  workloads: WorkloadRow[];
  sci: Sci;
  trend: TrendPoint[];
  savings: SavingsRow[];
  quality: Quality;
  uncertainty: Uncertainty;
  statements: Statements;
}

interface Weighed {
  line: Line;
  market: bigint;
  withoutMarket: bigint;
  renewable: bigint;
}

export function buildReport(material: Material): ReportBody {
  const { period, filter, rules } = material;
  const lines = ordered(material.lines);
  const market = marketBased(lines, rules, period);
  const members = weigh(lines, market).filter(({ line }) => fits(line, filter));
  const own = members.map(({ line }) => line);
  const regions = grouped(members, ({ region }) => region);
  return {
    format: "mno.sustainability.report/1",
    period: { from: new Date(period.from).toISOString(), to: new Date(period.to).toISOString() },
    filter: { tenant: filter.tenant ?? null, workload: filter.workload ?? null, region: filter.region ?? null },
    totals: {
      ...amounts(members),
      idleKwh: kwhText(sum(own.map((line) => line.idle))),
      withoutLocationBasedKwh: kwhText(sum(own.map((line) => (line.signal === "marginal" ? line.energy : 0n)))),
      withoutMarketBasedKwh: kwhText(sum(members.map((one) => one.withoutMarket))),
    },
    signals: grouped(members, ({ signal }) => signal).map(([signal, some]) => ({
      signal: signal as Signal,
      energyKwh: kwhText(sum(some.map(({ line }) => line.energy))),
      gramsCo2e: gramsText(sum(some.map(({ line }) => line.carbon))),
      ...groundsOf(some),
      idleRules: namesOf(some, (line) => line.idleRule),
    })),
    boundaries: regions.map(([region]) => ({ region, boundary: boundaryOf(rules, region) })),
    rules,
    market: market.regions.filter(({ region }) => filter.region === undefined || region === filter.region),
    regions: regions.map(([name, some]) => ({ name, ...amounts(some) })),
    tenants: grouped(members, ({ tenant }) => tenant).map(([name, some]) => ({ name: name || null, ...amounts(some) })),
    workloads: grouped(members, (line) => [line.region, line.tenant, line.workload, line.kind].join("\u0001")).map(
      ([, some]) => {
        const { region, tenant, workload, kind } = some[0]!.line;
        const row = { region, tenant: tenant || null, workload: workload || null, kind };
        return { ...row, ...amounts(some), ...groundsOf(some) };
      },
    ),
    sci: sciOf(material.buckets),
    trend: trendOf(material.buckets),
    savings: savingsRows(material.savings.filter((saving) => fits(saving, filter))),
    quality: qualityOf(own, material.coverage, period),
    uncertainty: uncertaintyOf(own),
    statements: statementsOf(members, rules, period),
  };
}

function groundsOf(some: readonly Weighed[]): Grounds {
  let [first, last] = [Infinity, -Infinity];
  for (const { line } of some) {
    first = Math.min(first, line.asOfFirst);
    last = Math.max(last, line.asOfLast);
  }
  return {
    methods: namesOf(some, (line) => line.method),
    sources: namesOf(some, (line) => line.source),
    dataFrom: new Date(first).toISOString(),
    dataTo: new Date(last).toISOString(),
  };
}

const namesOf = (some: readonly Weighed[], of: (line: Line) => string): string[] =>
  [...new Set(some.map(({ line }) => of(line)))].sort();

function weigh(lines: readonly Line[], { carbon, withoutFactor, renewable }: Market): Weighed[] {
  return lines.map((line, index) => ({
    line,
    market: carbon[index]!,
    withoutMarket: withoutFactor[index]!,
    renewable: renewable[index]!,
  }));
}

function amounts(members: readonly Weighed[]): Amounts {
  const marginal = members.filter(({ line }) => line.signal === "marginal");
  return {
    energyKwh: kwhText(sum(members.map(({ line }) => line.energy))),
    locationBasedGramsCo2e: gramsText(sum(members.map(({ line }) => locationBased(line)))),
    marketBasedGramsCo2e: gramsText(sum(members.map(({ market }) => market))),
    marginalGramsCo2e: marginal.length === 0 ? null : gramsText(sum(marginal.map(({ line }) => line.carbon))),
    embodiedGramsCo2e: gramsText(sum(members.map(({ line }) => line.embodied))),
  };
}

/** Inventories take average factors only (GHG Protocol Scope 2 Guidance, 6.4). */
const locationBased = (line: Line): bigint => (line.signal === "average" ? line.carbon : 0n);

function statementsOf(members: readonly Weighed[], rules: Rules, period: Period): Statements {
  const cloud = members.filter(({ line }) => boundaryOf(rules, line.region) === "cloud-customer");
  const own = members.filter(({ line }) => boundaryOf(rules, line.region) === "own-data-centre");
  const of = (some: readonly Weighed[], amount: (one: Weighed) => bigint): bigint => sum(some.map(amount));
  const totals: ScopeTotals = {
    scope2Location: of(own, ({ line }) => locationBased(line)),
    scope2Market: of(own, ({ market }) => market),
    category1Location: of(cloud, ({ line }) => locationBased(line)),
    category1Market: of(cloud, ({ market }) => market),
    category1Embodied: of(cloud, ({ line }) => line.embodied),
    category2Embodied: of(own, ({ line }) => line.embodied),
    energy: of(members, ({ line }) => line.energy),
    renewable: of(members, ({ renewable }) => renewable),
  };
  return { ghgProtocol: ghgProtocol(totals), esrs: esrs(totals, rules.credits, period) };
}

function grouped(members: readonly Weighed[], by: (line: Line) => string): [string, Weighed[]][] {
  return [...Map.groupBy(members, ({ line }) => by(line))].sort(([a], [b]) => (a < b ? -1 : 1));
}
