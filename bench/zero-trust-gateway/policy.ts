import type { BenchRow } from "../contract";
import { differenceRows } from "./policy/differences";
import { latencyRows } from "./policy/latency";

/** The policy decision point: in process beside its peers, and whether it decides as cedar-wasm does. */
export async function policyRows(print: (text: string) => void): Promise<BenchRow[]> {
  const latency = await latencyRows(print);
  return [...latency, ...(await differenceRows(print))];
}
