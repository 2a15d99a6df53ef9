import { readFileSync } from "node:fs";
import type { ResourceQuantities } from "../../../exports";
import type { ProcessRow } from "../../process-identity";

/** What the kernel counts in; from the auxiliary vector (AT_CLKTCK, AT_PAGESZ of getauxval(3)). */
export interface KernelUnits {
  ticksPerSecond: number;
  pageBytes: number;
}

interface Sample {
  atMs: number;
  /** Process number and start -> ticks, so that an ended child takes nothing away from the sum. */
  ticks: Map<string, number>;
}

/** CPU and memory per process group, from two looks at the process table. Nothing is reported on platforms without /proc. */
export class UsageSampler {
  private previous: Sample | undefined;
  private latest = new Map<number, ResourceQuantities>();

  constructor(private readonly units: KernelUnits | undefined = readKernelUnits()) {}

  sample(nowMs: number, processes: readonly ProcessRow[] | undefined): void {
    if (!this.units || !processes) return;
    const { ticksPerSecond, pageBytes } = this.units;
    const sample: Sample = { atMs: nowMs, ticks: new Map(processes.map((row) => [key(row), row.cpuTicks])) };
    const { previous } = this;
    this.previous = sample;
    const elapsedSeconds = previous ? (nowMs - previous.atMs) / 1000 : 0;
    if (!previous || elapsedSeconds <= 0) return;
    this.latest = new Map();
    for (const row of processes) {
      const ticks = row.cpuTicks - (previous.ticks.get(key(row)) ?? 0);
      const sum = this.latest.get(row.group) ?? { cpuCores: 0, memoryBytes: 0 };
      sum.cpuCores += ticks / ticksPerSecond / elapsedSeconds;
      sum.memoryBytes += row.residentPages * pageBytes;
      this.latest.set(row.group, sum);
    }
  }

  /** Usage of the process and its children over the last period; undefined until sampled twice. */
  of(group: number): ResourceQuantities | undefined {
    return this.latest.get(group);
  }
}

function key(row: ProcessRow): string {
  return `${String(row.pid)}@${row.startedAt}`;
}

const AT_PAGESZ = 6n;
const AT_CLKTCK = 17n;

function readKernelUnits(): KernelUnits | undefined {
  try {
    const vector = new BigUint64Array(new Uint8Array(readFileSync("/proc/self/auxv")).buffer);
    const value = (type: bigint): number => {
      for (let index = 0; index + 1 < vector.length; index += 2) {
        if (vector[index] === type) return Number(vector[index + 1]);
      }
      return 0;
    };
    const units = { ticksPerSecond: value(AT_CLKTCK), pageBytes: value(AT_PAGESZ) };
    return units.ticksPerSecond > 0 && units.pageBytes > 0 ? units : undefined;
  } catch {
    return undefined;
  }
}
