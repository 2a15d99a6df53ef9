import type { BenchRow } from "../contract";
import type { LoadResult } from "./children/load";
import { type LiveContender, OURS, type Running, upstream } from "./contenders";
import { type Lane, LIVE_SOURCE, type LiveBench, loadOptions, SERVERS } from "./live";
import { figureRow } from "./rows";

const SCENARIO = { kind: "homogeneous", load: 0.5 } as const;
const SECONDS = 12;
const DOWN_MS = 150;
const CRASHED_MS = 1500;

type Disturbance = (lane: Lane, running: Running) => Promise<void>;

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Each backend in turn stops as a well-behaved server does, and comes back. */
const rollingRestart: Disturbance = async ({ backends }) => {
  for (let index = 0; index < SERVERS; index++) {
    await backends.ask("stop", { index });
    await pause(DOWN_MS);
    await backends.ask("start", { index });
  }
};

/** Two, one after the other, with their requests cut off. */
const crash: Disturbance = async ({ backends }) => {
  for (const index of [3, 11]) {
    await backends.ask("crash", { index });
    await pause(CRASHED_MS);
    await backends.ask("start", { index });
    await pause(CRASHED_MS);
  }
};

/** Half of the backends go and come back, and the policy changes with them. */
const reconfiguration: Disturbance = async ({ ports }, running) => {
  for (let turn = 0; turn < 20; turn++) {
    await running.apply!(
      upstream(ports.slice(turn % 2 === 0 ? SERVERS / 2 : 0), turn % 4 < 2 ? "expected-wait" : "maglev"),
    );
    await pause(DOWN_MS);
  }
};

/** Requests that failed while backends restart, crash, and the balancer is configured anew under load. */
export async function reliabilityRows(
  contenders: readonly LiveContender[],
  bench: LiveBench,
  print: (text: string) => void,
): Promise<BenchRow[]> {
  const compared = contenders.filter(({ name }) => name === OURS.name || /leastconn|random two/.test(name));
  const cases: readonly [string, Disturbance, readonly LiveContender[]][] = [
    [`live: rolling restart of ${SERVERS} backends, load ${SCENARIO.load}`, rollingRestart, compared],
    [`live: two backends crash and come back, load ${SCENARIO.load}`, crash, compared],
    [`live: 20 reconfigurations, load ${SCENARIO.load}`, reconfiguration, [OURS]],
  ];
  const rows: BenchRow[] = [];
  for (const [work, disturb, tried] of cases) {
    const results = await bench.batch(tried, async (running, lane) => {
      const startAt = performance.timeOrigin + performance.now();
      const run = { scenario: SCENARIO, seed: 9, seconds: SECONDS, startAt };
      await lane.backends.ask("play", run);
      const [result] = await Promise.all([
        lane.generator.ask<LoadResult>("load", loadOptions(running.port, run)),
        pause(1000).then(() => disturb(lane, running)),
      ]);
      return result;
    });
    for (const [name, { errors, requests, faults }] of results) {
      print(`${work}, ${name}: ${errors} of ${requests} requests failed${errors > 0 ? `, such as ${faults[0]}` : ""}`);
    }
    const errors = new Map([...results].map(([name, result]) => [name, [result.errors]]));
    rows.push(figureRow(work, "errors", "requests", errors, (figures) => figures[0]!, LIVE_SOURCE));
  }
  return rows;
}
