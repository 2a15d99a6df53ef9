import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { MnoError } from "../exports";
import { identifySelf, isAlive, type ProcessIdentity } from "./process-identity";

/** What a lock file holds. */
export interface LockHolder extends ProcessIdentity {
  /** RFC 3339 UTC. */
  since: string;
  /** What the holder does, in the user's words: "npm start". */
  purpose: string;
}

/**
 * Takes the lock at `path` for this process until the returned function is called or the process ends, however it ends: the
 * lock of a process that is gone is taken over. Errors: MNO_STATE_LOCKED naming the holder, or `code` where another fits.
 */
export function acquireProcessLock(
  path: string,
  purpose: string,
  code: "MNO_STATE_LOCKED" | "MNO_STORE_LOCKED" = "MNO_STATE_LOCKED",
): () => void {
  const mine = `${path}.${String(process.pid)}`;
  const holder: LockHolder = { ...identifySelf(), since: new Date().toISOString(), purpose };
  writeFileSync(mine, JSON.stringify(holder), { mode: 0o600 });
  try {
    // link(2) is atomic and fails where the lock exists: of two that come at once, one gets it.
    while (!tryLink(mine, path)) evictDeadHolder(path, `${mine}.dead`, code);
  } finally {
    rmSync(mine, { force: true });
  }
  return () => {
    if (lockHolder(path)?.pid === process.pid) rmSync(path, { force: true });
  };
}

/** Who holds the lock at present; undefined where nobody does. */
export function lockHolder(path: string): LockHolder | undefined {
  try {
    const holder = JSON.parse(readFileSync(path, "utf8")) as LockHolder;
    return isAlive(holder) ? holder : undefined;
  } catch {
    return undefined; // no lock, or one whose writer died in the middle of it
  }
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function evictDeadHolder(path: string, aside: string, code: "MNO_STATE_LOCKED" | "MNO_STORE_LOCKED"): void {
  refuseLiveHolder(path, path, code);
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return; // another process moved it first
    throw error;
  }
  try {
    refuseLiveHolder(aside, path, code);
  } catch (error) {
    tryLink(aside, path); // between the look and the move somebody new took it: give it back
    throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function refuseLiveHolder(read: string, path: string, code: "MNO_STATE_LOCKED" | "MNO_STORE_LOCKED"): void {
  const holder = lockHolder(read);
  if (!holder) return;
  throw new MnoError(code, `${holder.purpose} (process ${String(holder.pid)}, since ${holder.since}) holds ${path}`, {
    extensions: { pid: holder.pid },
  });
}
