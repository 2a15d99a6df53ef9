import { join } from "node:path";
import { hitRows } from "./cache/hit-ratios";
import { levelRows } from "./cache/levels";
import { stalenessRows, stampedeRow } from "./cache/replicas";
import { speedRow } from "./cache/speed";
import { readTrace, type Trace, traceFiles } from "./cache/traces";
import type { BenchRow } from "./contract";

const DATA = join(__dirname, "../../shared/data/cache");
/** Traces and sizes for speed: many hits, many misses, and a large one. By default; of other data the first trace is taken. */
const SPEED: Record<string, number> = { OLTP: 5_000, P3: 65_536, "orm-busy": 7_634 };

/** Goes through all levels, as it has something for each; of other data the first one. */
const LIVE = "orm-busy";

/**
 * The multi-level cache: hit ratios of L1 on real traces beside the four policies that it chooses from, npm caches and the
 * optimum; its speed; latency by level under load; database calls of a stampede; and how stale reads are, with Redis and without.
 * The traces are class A and B data that lie beside the project; `--data DIR` replays others.
 */
export async function run({ data }: { data?: string } = {}): Promise<BenchRow[]> {
  const folder = data ?? DATA;
  const rows: BenchRow[] = [];
  const speeds: BenchRow[] = [];
  let live: Trace | undefined;
  for (const file of traceFiles(folder)) {
    const trace = await readTrace(folder, file);
    rows.push(...hitRows(trace));
    const size =
      SPEED[trace.name] ?? (live === undefined && data !== undefined ? Math.ceil(trace.unique / 10) : undefined);
    if (size !== undefined) speeds.push(speedRow(trace, size));
    if (live === undefined || trace.name === LIVE) live = trace;
  }
  rows.push(...speeds);
  if (live) rows.push(...(await levelRows(live)));
  return [...rows, await stampedeRow(), ...(await stalenessRows())];
}
