import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { open, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { MnoError } from "../../../exports";

/** What lies in a supervisor's folder. Everything is for the owner alone: workloads.json holds secrets, supervisor.json the token. */
export interface StateFiles {
  directory: string;
  /** Who holds the folder. */
  lock: string;
  /** Where the running supervisor answers; read by drivers and components. */
  supervisor: string;
  /** Desired state; outlives the supervisor. */
  workloads: string;
  /** Processes that this supervisor started, so that the next one can end what a kill -9 left behind. */
  replicas: string;
  logs: string;
}

export function stateFiles(directory: string): StateFiles {
  return {
    directory,
    lock: join(directory, "supervisor.lock"),
    supervisor: join(directory, "supervisor.json"),
    workloads: join(directory, "workloads.json"),
    replicas: join(directory, "replicas.json"),
    logs: join(directory, "logs"),
  };
}

export function createStateFolders(files: StateFiles): void {
  mkdirSync(files.directory, { recursive: true, mode: 0o700 });
  mkdirSync(files.logs, { recursive: true, mode: 0o700 });
}

/** Replaces the file as a whole: readers see the old or the new content, also after a power cut. */
export async function writeJsonDurably(path: string, value: unknown): Promise<void> {
  const temporary = `${path}.tmp`;
  const file = await open(temporary, "w", 0o600);
  try {
    await file.writeFile(JSON.stringify(value, undefined, 2));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  const folder = await open(dirname(path), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Replaces the file within this turn of the event loop; survives this process's death, not a power cut. */
export function writeJsonNow(path: string, value: unknown): void {
  const temporary = `${path}.tmp`;
  writeFileSync(temporary, JSON.stringify(value), { mode: 0o600 });
  renameSync(temporary, path);
}

/** undefined where there is no such file. Errors: MNO_CONFIG_INVALID where it is not JSON. */
export function readJson(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, which may hold secrets.
    throw new MnoError("MNO_CONFIG_INVALID", `${path} is not valid JSON; restore it, or remove it to start without it`);
  }
}
