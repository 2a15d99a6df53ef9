import type { Judged } from "../../runtime/sustainability/energy-optimizer/realisation";
import { type BenchRow, median, spread } from "../contract";
import { BEST_FIT, BEST_FIT_CONSOLIDATION, OURS_UNPLANNED, SPREAD } from "./policies";
import { LIFETIME_HOURS, type Outcome } from "./week";

const SOURCE =
  "this run: weeks of the trace on fleets drawn from its nodes, sized so that the peak asks for at most half; power by CCF's model, " +
  "memory by the GiB, GPUs idle by model and busy as an A10; pods use 40 % of the cores and 50 % of the GPUs they request; a node starts in 180 s";

export interface WeekResult {
  nodes: number;
  ours: Outcome;
  peers: ReadonlyMap<string, Outcome>;
}

export function rowsOf(scenario: string, results: readonly WeekResult[]): BenchRow[] {
  const sizes = results.map(({ nodes }) => nodes);
  const work = `${scenario}, ${Math.min(...sizes)} to ${Math.max(...sizes)} nodes`;
  const kwhOf = (result: WeekResult, policy: { name: string }): number => result.peers.get(policy.name)!.kwh;
  const best = (result: WeekResult): number => Math.min(kwhOf(result, BEST_FIT), kwhOf(result, BEST_FIT_CONSOLIDATION));
  const ratios = results.map((result) => result.ours.kwh / kwhOf(result, SPREAD));
  const peers = [SPREAD, BEST_FIT, BEST_FIT_CONSOLIDATION, OURS_UNPLANNED];
  const plain = { work, better: "lower", spread: 0, peers: {} } as const;
  const each = (metric: string, unit: string, of: (outcome: Outcome) => number): BenchRow => ({
    ...plain,
    metric,
    unit,
    ours: mean(results.map(({ ours }) => of(ours))),
    peers: Object.fromEntries(
      peers.map(({ name }) => [name, mean(results.map((result) => of(result.peers.get(name)!)))]),
    ),
  });
  return [
    {
      ...plain,
      metric: "energy_ratio",
      unit: "of spread, always on",
      ours: median(ratios),
      spread: spread(ratios),
      peers: Object.fromEntries(
        peers.map((policy) => [policy.name, median(results.map((one) => kwhOf(one, policy) / kwhOf(one, SPREAD)))]),
      ),
      source: SOURCE,
    },
    {
      ...plain,
      work: `${work}: the replay in which we are worst against the better of both best fits`,
      metric: "worst_ratio_to_best_fit",
      unit: "of the better best fit",
      ours: Math.max(...results.map((result) => result.ours.kwh / best(result))),
      peers: { "best fit": 1 },
    },
    each("slo_breaches", "pods a week", ({ breaches }) => breaches),
    each("wait_p99_seconds", "s", ({ waitP99 }) => waitP99),
    each("moves", "moves a week", ({ moves }) => moves),
    ...judgedRows(work, results),
  ];
}

/** Expected against measured: of all plans together, of each week's together, and of the single plan. */
export function judgedRows(work: string, results: readonly WeekResult[]): BenchRow[] {
  const judged = results.flatMap(({ ours }) => ours.judged);
  const saved = total(judged, "savedKwh");
  if (saved === 0) return [];
  const errorOf = (plans: readonly Judged[]): number =>
    (100 * Math.abs(total(plans, "expectedKwh") - total(plans, "savedKwh"))) / Math.abs(total(plans, "savedKwh"));
  const weeks = results.map(({ ours }) => ours.judged).filter((plans) => total(plans, "savedKwh") !== 0);
  const shares = judged.map(({ expectedKwh, savedKwh }) => savedKwh / expectedKwh).toSorted((a, b) => a - b);
  const quartile = (share: number): number => shares[Math.floor(share * (shares.length - 1))]!;
  const plans = `${work}: ${judged.length} plans, each for ${LIFETIME_HOURS} h`;
  const plain = { better: "lower", spread: 0, peers: {} } as const;
  return [
    {
      ...plain,
      work: plans,
      metric: "expected_error_percent",
      unit: "% of what all of them saved",
      ours: errorOf(judged),
      bound: 0,
    },
    {
      ...plain,
      work: plans,
      metric: "expected_error_of_a_week_percent",
      unit: "% of what a week's saved",
      ours: median(weeks.map(errorOf)),
      spread: spread(weeks.map(errorOf)),
      bound: 0,
    },
    {
      work: plans,
      metric: "saved_of_expected",
      unit: "of the single plan's expectation, median",
      better: "higher",
      ours: median(shares),
      spread: spread(shares),
      peers: { "lower quartile": quartile(0.25), "upper quartile": quartile(0.75) },
      bound: 1,
    },
    {
      work: plans,
      metric: "saved_kwh",
      unit: "kWh a week by all plans",
      better: "higher",
      ours: saved / results.length,
      spread: 0,
      peers: {
        "as expected": total(judged, "expectedKwh") / results.length,
        "the whole week without any plan, less with all": mean(
          results.map(({ ours, peers }) => peers.get(OURS_UNPLANNED.name)!.kwh - ours.kwh),
        ),
      },
    },
  ];
}

const total = (plans: readonly Judged[], of: keyof Judged): number => plans.reduce((sum, plan) => sum + plan[of], 0);
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
