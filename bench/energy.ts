import { join } from "node:path";
import { largest } from "../runtime/sustainability/energy-optimizer/reserve";
import type { BenchRow } from "./contract";
import { BEST_FIT, BEST_FIT_CONSOLIDATION, OURS, OURS_UNPLANNED, SPREAD } from "./energy/policies";
import { powered } from "./energy/power";
import { judgedRows, rowsOf, type WeekResult } from "./energy/rows";
import { LEARNING_SEEDS, type Scenario, SCENARIOS } from "./energy/scenarios";
import {
  busyWeeks,
  fleetFor,
  readTimedPods,
  readTraceNodes,
  type TimedPod,
  type TraceNode,
  weekOf,
} from "./energy/trace";
import { type Drawn, replayWeek } from "./energy/week";
import { findTraces } from "./packing/traces";

/**
 * Replayed weeks. What plans come to is learned on the first half of the weeks and on fleets of their own; what is reported
 * is the second half.
 */
export async function run({ data }: { data?: string } = {}): Promise<BenchRow[]> {
  const files = findTraces(data ?? join(__dirname, "../../shared/data/packing"));
  const nodes = readTraceNodes(files.allNodes);
  const rows: BenchRow[] = [];
  for (const [trace, file] of files.pods) {
    const pods = readTimedPods(file);
    if (!pods) {
      process.stderr.write(`energy: ${trace} has no creation_time and deletion_time; it cannot be replayed\n`);
      continue;
    }
    rows.push(...replayed(trace, pods, nodes));
  }
  if (rows.length === 0)
    throw new Error("no list of pods has creation_time and deletion_time: there is no week to replay");
  return rows;
}

function replayed(trace: string, pods: readonly TimedPod[], nodes: readonly TraceNode[]): BenchRow[] {
  const weeks = busyWeeks(pods);
  const half = Math.floor(weeks.length / 2);
  const [past, rest] = [weeks.slice(0, half), weeks.slice(half)];
  const lessons = SCENARIOS.flatMap((scenario) =>
    past.flatMap((start) =>
      LEARNING_SEEDS.flatMap((seed) => replayWeek(draw(pods, nodes, scenario, start, seed), OURS, []).lessons),
    ),
  );
  const peers = [SPREAD, BEST_FIT, BEST_FIT_CONSOLIDATION, OURS_UNPLANNED];
  const results = SCENARIOS.map((scenario) =>
    rest.flatMap((start) =>
      scenario.seeds.map((seed): WeekResult => {
        const drawn = draw(pods, nodes, scenario, start, seed);
        return {
          nodes: drawn.fleet.length,
          ours: replayWeek(drawn, OURS, lessons),
          peers: new Map(peers.map((policy) => [policy.name, replayWeek(drawn, policy)])),
        };
      }),
    ),
  );
  const all = results.flat();
  return [
    ...judgedRows(`${trace}, all that follows: ${all.length} replays of ${rest.length} weeks`, all),
    ...SCENARIOS.flatMap(({ name }, at) =>
      rowsOf(`${trace} ${name}, ${results[at]!.length} replays of ${rest.length} weeks`, results[at]!),
    ),
  ];
}

function draw(
  pods: readonly TimedPod[],
  all: readonly TraceNode[],
  { copies, kept, nodes }: Scenario,
  start: number,
  seed: number,
): Drawn {
  const week = weekOf(pods, start, copies, seed, kept);
  return {
    fleet: fleetFor(nodes(all), week, seed).map(powered),
    week,
    before: largest(pods.filter(({ from }) => from < start).map(({ need }) => need)),
  };
}
