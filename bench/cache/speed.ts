import { type BenchRow, median, spread } from "../contract";
import { OURS, PACKAGES, replay, type Replayed } from "./hit-ratios";
import type { Trace } from "./traces";

const REPETITIONS = 5;
const REQUESTS_AT_MOST = 500_000;

/** Requests (a look-up, and an insertion on a miss) per CPU-second of one process, all caches in turn. */
export function speedRow(trace: Trace, capacity: number): BenchRow {
  const requests = trace.requests.subarray(0, REQUESTS_AT_MOST);
  const caches: Record<string, (capacity: number) => Replayed> = { ours: OURS, ...PACKAGES };
  const samples = Object.fromEntries(Object.keys(caches).map((name) => [name, [] as number[]]));
  for (let repetition = 0; repetition <= REPETITIONS; repetition++) {
    for (const [name, open] of Object.entries(caches)) {
      const cache = open(capacity);
      const before = process.cpuUsage();
      replay(cache, requests);
      const { user, system } = process.cpuUsage(before);
      // The first round warms the compiler up.
      if (repetition > 0) samples[name]!.push((requests.length * 1e6) / (user + system));
    }
  }
  const { ours = [], ...peers } = samples;
  return {
    work: `${trace.name}, ${capacity} entries, the first ${requests.length} requests`,
    metric: "requests_per_cpu_second",
    unit: "1/s",
    better: "higher",
    ours: median(ours),
    spread: spread(ours),
    peers: Object.fromEntries(Object.entries(peers).map(([name, values]) => [name, median(values)])),
  };
}
