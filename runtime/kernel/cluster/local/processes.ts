import { readdirSync } from "node:fs";
import type { Clock } from "../../clock";
import { identify, type ProcessIdentity, type ProcessRow, readRow } from "../../process-identity";

/** Every live process of the machine; undefined on a platform without /proc. */
export function readProcesses(): ProcessRow[] | undefined {
  let names: string[];
  try {
    names = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return undefined;
  }
  if (names.length === 0) return undefined;
  return names.map((name) => readRow(Number(name))).filter((row) => row !== undefined);
}

/** Signals a whole process group; false where it no longer exists. */
export function signalGroup(group: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}

const POLL_MS = 20;
/** How long the kernel may take to end a group after SIGKILL before we say so. */
const KILL_WAIT_MS = 5_000;

/**
 * Ends a process group whose leader is not our child: SIGTERM, up to `graceMs` for it to go, SIGKILL. Does nothing where the
 * leader's number now belongs to another process. Resolves to whether the group is gone.
 */
export async function terminateOrphan(leader: ProcessIdentity, graceMs: number, clock: Clock): Promise<boolean> {
  if (!groupSurvives(leader)) return true;
  signalGroup(leader.pid, "SIGTERM");
  if (await groupGone(leader, graceMs, clock)) return true;
  signalGroup(leader.pid, "SIGKILL");
  return groupGone(leader, KILL_WAIT_MS, clock);
}

async function groupGone(leader: ProcessIdentity, withinMs: number, clock: Clock): Promise<boolean> {
  const deadline = clock.now() + withinMs;
  while (groupSurvives(leader)) {
    if (clock.now() >= deadline) return false;
    await clock.sleep(POLL_MS);
  }
  return true;
}

/** Whether the leader lives, or died and left members behind: its number cannot be given away while its group exists. */
function groupSurvives(leader: ProcessIdentity): boolean {
  const now = identify(leader.pid);
  if (now) return now.startedAt === leader.startedAt;
  return readProcesses()?.some((row) => row.group === leader.pid) ?? false;
}
