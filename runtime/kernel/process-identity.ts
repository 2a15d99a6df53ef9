import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { MnoError } from "../exports";

/** A process that cannot be mistaken for a later one with the same number. */
export interface ProcessIdentity {
  pid: number;
  /** Start time as the system has it: /proc/<pid>/stat field 22 (clock ticks since boot), else `ps -o lstart`. */
  startedAt: string;
}

/** One row of /proc; sizes and times in the kernel's units. */
export interface ProcessRow extends ProcessIdentity {
  group: number;
  /** CPU time in user and kernel mode, clock ticks. */
  cpuTicks: number;
  residentPages: number;
}

/** The fields of proc_pid_stat(5); undefined for a zombie, which holds nothing but its number. */
export function parseStat(text: string): ProcessRow | undefined {
  // The program's name, in parentheses, may itself hold spaces and parentheses.
  const [pid] = text.split(" ", 1);
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const field = (number: number): string => fields[number - 3] ?? "0";
  if (field(3) === "Z" || field(3) === "X") return undefined;
  return {
    pid: Number(pid),
    startedAt: field(22),
    group: Number(field(5)),
    cpuTicks: Number(field(14)) + Number(field(15)),
    residentPages: Number(field(24)),
  };
}

/** undefined where no such process lives, and on platforms without /proc. */
export function readRow(pid: number): ProcessRow | undefined {
  try {
    return parseStat(readFileSync(`/proc/${String(pid)}/stat`, "utf8"));
  } catch {
    return undefined; // it ended between the listing and the reading
  }
}

/** undefined where no such process lives. */
export function identify(pid: number): ProcessIdentity | undefined {
  if (process.platform === "linux") {
    const row = readRow(pid);
    return row && { pid, startedAt: row.startedAt };
  }
  try {
    const startedAt = execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim();
    return startedAt === "" ? undefined : { pid, startedAt };
  } catch {
    return undefined;
  }
}

export function identifySelf(): ProcessIdentity {
  const self = identify(process.pid);
  if (!self) throw new MnoError("MNO_INTERNAL", "This process cannot see its own start time");
  return self;
}

export function isAlive(identity: ProcessIdentity): boolean {
  const now = identify(identity.pid);
  return now !== undefined && now.startedAt === identity.startedAt;
}
