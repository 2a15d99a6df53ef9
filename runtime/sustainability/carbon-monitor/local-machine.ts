import { readdirSync, readFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { cpuTimesBetween, type ProcessSnapshot, type ProcessUse, readProcessSnapshot } from "./process-table";
import { type RaplEnergy, type RaplReading, raplBetween, readRapl } from "./rapl";

/** USER_HZ, what /proc counts in: 100 on every architecture of Linux that Node.js runs on (it is part of the kernel's ABI). */
const TICKS_PER_SECOND = 100;

/** One look at this machine. */
export interface LocalLook {
  processes: ProcessSnapshot;
  rapl: RaplReading;
  networkBytes: number;
  /** Mean of the cores, as a share of the highest that they can; undefined where the kernel does not tell. */
  frequencyShare?: number | undefined;
}

/** What happened on this machine between two looks. */
export interface LocalUse {
  /** By process group, children included. */
  cpuSecondsByGroup: ReadonlyMap<number, number>;
  cpuSeconds: number;
  processes: readonly (Omit<ProcessUse, "pod"> & { group: number })[];
  rapl: RaplEnergy | { fault: string };
  networkBytes: number;
  frequencyShare?: number | undefined;
}

/** This machine, as the monitor sees it. */
export interface LocalMachine {
  /** Logical processors of the whole machine: its power is theirs, whatever share of it is ours. */
  readonly cores: number;
  readonly processorName: string;
  readonly memoryBytes: number;
  /** Undefined on platforms without /proc. */
  look(): Promise<LocalLook | undefined>;
  between(before: LocalLook, after: LocalLook, seconds: number): LocalUse;
}

export function thisMachine(): LocalMachine {
  const processors = cpus();
  return {
    cores: Math.max(1, processors.length),
    processorName: processors[0]?.model ?? "",
    memoryBytes: totalmem(),
    async look() {
      const processes = await readProcessSnapshot();
      return (
        processes && {
          processes,
          rapl: readRapl(),
          networkBytes: readNetworkBytes(),
          frequencyShare: readFrequencyShare(),
        }
      );
    },
    between: useBetween,
  };
}

export function useBetween(before: LocalLook, after: LocalLook, seconds: number): LocalUse {
  const { byGroup, busy, processes } = cpuTimesBetween(before.processes, after.processes);
  return {
    cpuSecondsByGroup: new Map([...byGroup].map(([group, ticks]) => [group, ticks / TICKS_PER_SECOND])),
    cpuSeconds: busy / TICKS_PER_SECOND,
    processes: processes.map(({ row: { pid, name, group }, id, ticks }) => ({
      id,
      pid,
      name,
      group,
      cpuSeconds: ticks / TICKS_PER_SECOND,
    })),
    rapl: raplOf(before.rapl, after.rapl, seconds),
    networkBytes: Math.max(0, after.networkBytes - before.networkBytes),
    frequencyShare: after.frequencyShare,
  };
}

function raplOf(before: RaplReading, after: RaplReading, seconds: number): RaplEnergy | { fault: string } {
  if ("fault" in after) return after;
  if ("fault" in before) return before;
  return raplBetween(before.zones, after.zones, seconds);
}

/** Source: https://docs.kernel.org/admin-guide/pm/cpufreq.html; virtual machines have none. */
export function readFrequencyShare(root = "/sys/devices/system/cpu"): number | undefined {
  try {
    const policies = readdirSync(root).filter((name) => /^cpu\d+$/.test(name));
    const shares = policies.map((name) => {
      const read = (file: string): number => Number(readFileSync(`${root}/${name}/cpufreq/${file}`, "latin1"));
      return read("scaling_cur_freq") / read("cpuinfo_max_freq");
    });
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
    return mean > 0 && mean < 2 ? mean : undefined;
  } catch {
    return undefined;
  }
}

function readNetworkBytes(): number {
  try {
    return parseNetworkBytes(readFileSync("/proc/net/dev", "latin1"));
  } catch {
    return 0;
  }
}

/** Bytes received and sent by every interface but loopback, of proc_net_dev(5). */
export function parseNetworkBytes(text: string): number {
  return text
    .split("\n")
    .map((line) => /^\s*([^:\s]+):\s*(\d+)(?:\s+\d+){7}\s+(\d+)/.exec(line))
    .filter((match) => match !== null && match[1] !== "lo")
    .reduce((sum, match) => sum + Number(match![2]) + Number(match![3]), 0);
}
