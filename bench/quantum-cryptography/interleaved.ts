import { median, spread } from "../contract";

/** What is measured: `prepare` runs outside the measurement, `run` a few times in it. */
export interface Contestant {
  name: string;
  run: () => unknown;
}

export interface Timing {
  /** Median CPU time of one run, in microseconds. */
  microseconds: number;
  spread: number;
}

const WARM_UP_RUNS = 3;
const ROUNDS = 9;

/** CPU time of each contestant in interleaved rounds, so that what else the machine does falls on all of them. */
export function interleaved(contestants: readonly Contestant[], runsPerRound: number): Map<string, Timing> {
  const figures = new Map(contestants.map(({ name }) => [name, [] as number[]]));
  for (const { run } of contestants) for (let index = 0; index < WARM_UP_RUNS; index += 1) run();
  for (let round = 0; round < ROUNDS; round += 1) {
    // The order turns, so that nobody always runs behind the same neighbour's garbage.
    const order = [
      ...contestants.slice(round % contestants.length),
      ...contestants.slice(0, round % contestants.length),
    ];
    for (const { name, run } of order) {
      const before = process.cpuUsage();
      for (let index = 0; index < runsPerRound; index += 1) run();
      const { user, system } = process.cpuUsage(before);
      figures.get(name)!.push((user + system) / runsPerRound);
    }
  }
  return new Map(
    [...figures].map(([name, values]) => [name, { microseconds: median(values), spread: spread(values) }]),
  );
}
