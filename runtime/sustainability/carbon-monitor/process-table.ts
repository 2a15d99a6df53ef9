import { readdirSync, readFileSync } from "node:fs";
import { setImmediate } from "node:timers/promises";

/** One process, in clock ticks. */
export interface ProcessTimes {
  pid: number;
  /** As the kernel has it: 15 characters of the program's name, which the process itself can change. */
  name: string;
  group: number;
  startedAt: string;
  /** Its own CPU time. */
  own: number;
  /** CPU time of its children that have ended and were waited for. */
  children: number;
}

/** A look at the machine. */
export interface ProcessSnapshot {
  processes: readonly ProcessTimes[];
  /** CPU time of the whole machine that was not idle, clock ticks since boot. */
  busyTicks: number;
}

/** Processes that are read in one go, which takes some ms; others' work has its turn in between. */
const READ_AT_ONCE = 250;

/** Reads /proc; undefined on platforms without it. */
export async function readProcessSnapshot(root = "/proc"): Promise<ProcessSnapshot | undefined> {
  let busyTicks: number;
  let names: string[];
  try {
    busyTicks = parseBusyTicks(readFileSync(`${root}/stat`, "latin1"));
    names = readdirSync(root).filter((name) => /^\d/.test(name));
  } catch {
    return undefined;
  }
  const processes: ProcessTimes[] = [];
  for (const [index, name] of names.entries()) {
    if (index % READ_AT_ONCE === READ_AT_ONCE - 1) await setImmediate();
    try {
      processes.push(parseProcessTimes(readFileSync(`${root}/${name}/stat`, "latin1")));
    } catch {
      // It ended between the listing and the reading; its time is with its parent then.
    }
  }
  return { processes, busyTicks };
}

/** The fields of proc_pid_stat(5). The program's name, in parentheses, may itself hold spaces and parentheses. */
export function parseProcessTimes(text: string): ProcessTimes {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ", 20);
  const field = (number: number): number => Number(fields[number - 3]);
  return {
    pid: parseInt(text, 10),
    name: text.slice(text.indexOf("(") + 1, text.lastIndexOf(")")),
    group: field(5),
    startedAt: fields[19]!,
    own: field(14) + field(15),
    children: field(16) + field(17),
  };
}

/** user + nice + system + irq + softirq of the first line of /proc/stat; guests are in user already, waiting is idle. */
export function parseBusyTicks(text: string): number {
  const [user, nice, system, , , irq, softirq] = text
    .slice(0, text.indexOf("\n"))
    .trim()
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return user! + nice! + system! + irq! + softirq!;
}

/** What one process used in a stretch of time. */
export interface ProcessUse {
  /** Number and start: numbers are given again. */
  id: string;
  pid: number;
  name: string;
  /** Replica that it belongs to; null where it belongs to none. */
  pod: string | null;
  cpuSeconds: number;
}

/** CPU time between two looks, clock ticks. */
export interface CpuTimes {
  byGroup: ReadonlyMap<number, number>;
  busy: number;
  /** Those that live and used any, by their own account. */
  processes: readonly { row: ProcessTimes; id: string; ticks: number }[];
}

/**
 * CPU time of each process group between two looks. A child that ended in between is found in its parent's sum, less what it
 * had used before; a group never gets less than what its living processes used by their own account.
 */
export function cpuTimesBetween(before: ProcessSnapshot, after: ProcessSnapshot): CpuTimes {
  const former = new Map(before.processes.map((row) => [keyOf(row), row]));
  const living = new Map<number, number>();
  const balance = new Map<number, number>();
  const add = (map: Map<number, number>, group: number, ticks: number): void =>
    void map.set(group, (map.get(group) ?? 0) + ticks);
  const processes: { row: ProcessTimes; id: string; ticks: number }[] = [];
  for (const row of after.processes) {
    const id = keyOf(row);
    const past = former.get(id);
    former.delete(id);
    const own = row.own - (past?.own ?? 0);
    if (own > 0) processes.push({ row, id, ticks: own });
    add(living, row.group, own);
    add(balance, row.group, own + row.children - (past?.children ?? 0));
  }
  for (const gone of former.values()) {
    if (balance.has(gone.group)) add(balance, gone.group, -gone.own - gone.children);
  }
  const byGroup = new Map([...living].map(([group, ticks]) => [group, Math.max(ticks, balance.get(group)!)]));
  return { byGroup, busy: Math.max(0, after.busyTicks - before.busyTicks), processes };
}

const keyOf = (row: ProcessTimes): string => `${String(row.pid)}@${row.startedAt}`;
