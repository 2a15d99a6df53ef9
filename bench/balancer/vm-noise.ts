import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { median } from "../contract";
import { seeded } from "../../runtime/kernel/random";

/** Throughput that real virtual machines had at different times, as slowness of servers. */
export interface VmNoise {
  name: string;
  /** Each server is one of the machines, begins at a random sample of it, and takes the next each second. */
  slowness: (seed: number) => (server: number, now: number) => number;
}

const SAMPLE_MS = 1000;

/**
 * The first file of the folder with the columns `value` (operations per second) and `VM_id`, such as the Azure VM noise data
 * set (CC-BY-4.0); undefined where there is none.
 */
export function readVmNoise(folder: string): VmNoise | undefined {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) return undefined;
  for (const file of readdirSync(folder).sort()) {
    if (!file.endsWith(".csv")) continue;
    const machines = machinesOf(readFileSync(join(folder, file), "utf8"));
    if (machines !== undefined) return { name: basename(file), slowness: (seed) => play(machines, seed) };
  }
  return undefined;
}

/** The slowness of each machine over time: the median of all samples over the sample. */
function machinesOf(text: string): number[][] | undefined {
  const [head, ...lines] = text.trim().split(/\r?\n/);
  const columns = head!.split(",");
  const [value, machine] = [columns.indexOf("value"), columns.indexOf("VM_id")];
  if (value < 0 || machine < 0) return undefined;
  const byMachine = Map.groupBy(
    lines.map((line) => line.split(",")).filter((cells) => Number(cells[value]) > 0),
    (cells) => cells[machine]!,
  );
  const series = [...byMachine.values()].map((samples) => samples.map((cells) => Number(cells[value])));
  if (series.length === 0) return undefined;
  const usual = median(series.flat());
  return series.map((values) => values.map((sample) => usual / sample));
}

function play(machines: readonly number[][], seed: number): (server: number, now: number) => number {
  const random = seeded(seed);
  const first = Math.floor(random() * machines.length);
  const starts = machines.map((samples) => Math.floor(random() * samples.length));
  return (server, now) => {
    const index = (first + server) % machines.length;
    const samples = machines[index]!;
    return samples[(starts[index]! + server + Math.floor(now / SAMPLE_MS)) % samples.length]!;
  };
}
