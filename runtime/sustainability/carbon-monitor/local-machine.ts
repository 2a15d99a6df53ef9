import { readFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { cpuTimesBetween, type ProcessSnapshot, readProcessSnapshot } from "./process-table";
import { type RaplEnergy, type RaplReading, raplBetween, readRapl } from "./rapl";

/** USER_HZ, what /proc counts in: 100 on every architecture of Linux that Node.js runs on (it is part of the kernel's ABI). */
const TICKS_PER_SECOND = 100;

/** One look at this machine. */
export interface LocalLook {
  processes: ProcessSnapshot;
  rapl: RaplReading;
  networkBytes: number;
}

/** What happened on this machine between two looks. */
export interface LocalUse {
  /** By process group, children included. */
  cpuSecondsByGroup: ReadonlyMap<number, number>;
  cpuSeconds: number;
  rapl: RaplEnergy | { fault: string };
  networkBytes: number;
}

/** This machine, as the monitor sees it. */
export interface LocalMachine {
  /** Logical processors of the whole machine: its power is theirs, whatever share of it is ours. */
  readonly cores: number;
  readonly processorName: string;
  readonly memoryBytes: number;
  /** Undefined on platforms without /proc. */
  look(): LocalLook | undefined;
  between(before: LocalLook, after: LocalLook): LocalUse;
}

export function thisMachine(): LocalMachine {
  const processors = cpus();
  return {
    cores: Math.max(1, processors.length),
    processorName: processors[0]?.model ?? "",
    memoryBytes: totalmem(),
    look() {
      const processes = readProcessSnapshot();
      return processes && { processes, rapl: readRapl(), networkBytes: readNetworkBytes() };
    },
    between: useBetween,
  };
}

export function useBetween(before: LocalLook, after: LocalLook): LocalUse {
  const { byGroup, busy } = cpuTimesBetween(before.processes, after.processes);
  return {
    cpuSecondsByGroup: new Map([...byGroup].map(([group, ticks]) => [group, ticks / TICKS_PER_SECOND])),
    cpuSeconds: busy / TICKS_PER_SECOND,
    rapl: raplOf(before.rapl, after.rapl),
    networkBytes: Math.max(0, after.networkBytes - before.networkBytes),
  };
}

function raplOf(before: RaplReading, after: RaplReading): RaplEnergy | { fault: string } {
  if ("fault" in after) return after;
  if ("fault" in before) return before;
  return raplBetween(before.zones, after.zones) ?? { fault: "the zones of RAPL changed between two looks" };
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
