import type { BenchRow } from "./contract";
import { liveLimitRows } from "./optimizer/live-rows";
import { simulatedLimitRows } from "./optimizer/limit-rows";
import { rightSizingRows } from "./optimizer/right-sizing-rows";

/**
 * The performance optimizer beside its peers: right-sizing on traces (deterministic), concurrency limits in a simulation
 * (deterministic) and live against a server that waits for timers. `data` is a folder with usage traces, as
 * bench/optimizer/usage-traces.ts reads them.
 */
export async function run({ data }: { data?: string } = {}): Promise<BenchRow[]> {
  const print = (text: string): void => void process.stdout.write(`${text}\n`);
  return [...rightSizingRows(data, print), ...simulatedLimitRows(print), ...(await liveLimitRows(print))];
}
