import { join } from "node:path";
import { overheadRow } from "./carbon-monitor/overhead";
import { powerRows } from "./carbon-monitor/power-rows";
import { sciRow } from "./carbon-monitor/sci";
import type { BenchRow } from "./contract";

/**
 * How well the calibrated power model foretells a power it has not seen (CodeCarbon's measured RAPL data, or files of the
 * same format), whether the score is Impact Framework's, and what it costs to watch 100 processes.
 */
export async function run({ data }: { data?: string } = {}): Promise<BenchRow[]> {
  const folder = data ?? join(__dirname, "../../shared/data/carbon/codecarbon/cpu_load_profiling");
  return [...powerRows(folder), sciRow(), await overheadRow()];
}
