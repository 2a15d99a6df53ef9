import { join } from "node:path";
import { consistencyRows } from "./balancer/consistency";
import { liveRows } from "./balancer/live-rows";
import { simulatedRows } from "./balancer/simulated";
import { readVmNoise } from "./balancer/vm-noise";
import type { BenchRow } from "./contract";

const OWN_DATA = join(__dirname, "../../shared/data/lb");

/**
 * The balancer's default policy beside its peers: in a simulation (deterministic), live against backends that wait for
 * timers, and what the consistent policies promise. `data` is a folder with another VM noise trace; it is used in the simulation.
 */
export async function run({ data }: { data?: string } = {}): Promise<BenchRow[]> {
  const print = (text: string): void => void process.stdout.write(`${text}\n`);
  const noise = data === undefined ? readVmNoise(OWN_DATA) : (readVmNoise(data) ?? readVmNoise(join(data, "lb")));
  if (noise === undefined) print("there is no VM noise trace (columns value, VM_id): its rows are left out");
  const rows = [...consistencyRows(), ...simulatedRows(noise)];
  print(`consistency and simulation: ${rows.length} rows`);
  return [...rows, ...(await liveRows(print))];
}
