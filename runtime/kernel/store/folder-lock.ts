import { linkSync, readFileSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MnoError } from "../../exports";

/** Held until released or until the process is gone. */
export interface FolderLock {
  release(): void;
}

/** The process that holds a lock. A pid alone is not enough: pids are used again, always 1 in a container. */
interface Holder {
  pid: number;
  /** Clock ticks between boot and the process's start; absent where the system does not tell (no /proc). */
  startTicks?: string;
}

/**
 * Takes `<folder>/mno.lock`. A lock whose process is gone, or whose pid now belongs to a process with another start time,
 * is taken over. It guards against processes of this machine (more exactly, of this pid namespace), not against a
 * folder shared over a network. Errors: MNO_STORE_LOCKED naming the holder's pid.
 */
export function lockFolder(folder: string): FolderLock {
  const file = join(folder, "mno.lock");
  const content = JSON.stringify(describe(process.pid) satisfies Holder);
  // Written aside and linked into place, so that the lock appears with its content or not at all.
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, content, { mode: 0o600 });
  try {
    while (!link(draft, file)) {
      const found = read(file);
      if (found === undefined) continue;
      const holder = parse(found);
      if (holder && isRunning(holder)) throw locked(folder, file, holder);
      takeAway(folder, file, found);
    }
  } finally {
    unlinkSync(draft);
  }
  return {
    release() {
      if (read(file) === content) unlinkSync(file);
    },
  };
}

/** Removes the stale lock, and only that one: another process may have taken over in the meantime. */
function takeAway(folder: string, file: string, stale: string): void {
  const aside = `${file}.${process.pid}.stale`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  const taken = readFileSync(aside, "utf8");
  if (taken !== stale) link(aside, file);
  unlinkSync(aside);
  if (taken !== stale) throw locked(folder, file, parse(taken));
}

function locked(folder: string, file: string, holder: Holder | undefined): MnoError {
  return new MnoError(
    "MNO_STORE_LOCKED",
    `Process ${holder?.pid ?? "unknown"} has the database folder ${folder} open; stop it, or use another folder (lock file: ${file})`,
    { extensions: { pid: holder?.pid } },
  );
}

function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** undefined for what no complete lock looks like (a power failure may leave an empty file): nobody's. */
function parse(content: string): Holder | undefined {
  try {
    const holder = JSON.parse(content) as Holder | null;
    return Number.isInteger(holder?.pid) ? holder! : undefined;
  } catch {
    return undefined;
  }
}

function isRunning(holder: Holder): boolean {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    // EPERM: it runs, as somebody else.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  const now = describe(holder.pid);
  if (now.exited) return false;
  return holder.startTicks === undefined || now.startTicks === undefined || now.startTicks === holder.startTicks;
}

/** Source of the field numbers: proc_pid_stat(5); the command (field 2) may itself contain spaces and parentheses. */
function describe(pid: number): Holder & { exited?: boolean } {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === undefined) return { pid };
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const state = fields[0];
  const startTicks = fields[19];
  // A zombie holds nothing open any more.
  return state === "Z" || state === "X" ? { pid, startTicks, exited: true } : { pid, startTicks };
}
