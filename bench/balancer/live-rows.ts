import { type BenchRow, median } from "../contract";
import { contenders as contendersHere, type LiveContender } from "./contenders";
import { LIVE_SOURCE, LiveBench, type Measured } from "./live";
import { reliabilityRows } from "./reliability";
import { figureRow, p99Rows } from "./rows";
import { describe, type Scenario } from "./scenarios";

const SECONDS = 10;
const PLAN: readonly { scenario: Scenario; seeds: readonly number[] }[] = [
  { scenario: { kind: "antagonist", load: 0.9 }, seeds: [1, 2, 3] },
  { scenario: { kind: "homogeneous", load: 0.9 }, seeds: [4, 5] },
  { scenario: { kind: "antagonist", load: 0.5 }, seeds: [6] },
  { scenario: { kind: "slow", load: 0.9 }, seeds: [7] },
  { scenario: { kind: "sinkhole", load: 0.7 }, seeds: [8] },
];
/** Sending later than this means that the machine was busy with something else: the figures are then worth less. */
const LAG_TOLERATED_MS = 50;

/** Real proxies in front of real servers; the same arrivals and work for all contenders of a round. */
export async function liveRows(print: (text: string) => void): Promise<BenchRow[]> {
  const contenders = contendersHere(print);
  const bench = await LiveBench.open();
  try {
    const rows: BenchRow[] = [];
    for (const { scenario, seeds } of PLAN) {
      const rounds: Map<string, Measured>[] = [];
      for (const seed of seeds) rounds.push(await bench.round(contenders, scenario, seed, SECONDS));
      report(rounds, describe(scenario), print);
      rows.push(...scenarioRows(contenders, rounds, scenario));
    }
    return [...rows, ...(await reliabilityRows(contenders, bench, print))];
  } finally {
    await bench.close();
  }
}

function scenarioRows(
  contenders: readonly LiveContender[],
  rounds: readonly Map<string, Measured>[],
  scenario: Scenario,
): BenchRow[] {
  const work = `live: ${describe(scenario)}`;
  const of = (pick: (measured: Measured) => number): Map<string, number[]> =>
    new Map(contenders.map(({ name }) => [name, rounds.map((round) => pick(round.get(name)!))]));
  const rows = p99Rows(
    work,
    of(({ p99 }) => p99),
    LIVE_SOURCE,
  );
  const sum = (figures: readonly number[]): number => figures.reduce((total, figure) => total + figure, 0);
  const errors = of((measured) => measured.errors);
  rows.push(figureRow(work, "errors", "requests", errors, sum, LIVE_SOURCE));
  if (scenario.kind === "homogeneous") {
    const cpu = of(({ cpuUsPerRequest }) => cpuUsPerRequest);
    rows.push(figureRow(work, "cpu_us_per_request", "us", cpu, median, LIVE_SOURCE));
  }
  return rows;
}

function report(rounds: readonly Map<string, Measured>[], title: string, print: (text: string) => void): void {
  const worst = Math.max(...rounds.flatMap((round) => [...round.values()].map(({ worstLagMs }) => worstLagMs)));
  print(`${title}: measured; requests left up to ${worst.toFixed(0)} ms late`);
  if (worst > LAG_TOLERATED_MS) print("  the machine was busy with something else: repeat it on a quiet one");
  for (const [name, { errors, faults }] of rounds.flatMap((round) => [...round])) {
    if (errors > 0) print(`  ${name}: ${errors} errors, such as ${faults[0]}`);
  }
}
