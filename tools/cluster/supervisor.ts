import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { MnoError } from "../../runtime/exports";
import { identify, isAlive, type ProcessIdentity } from "../../runtime/kernel/process-identity";

const POLL_MILLISECONDS = 20;
const FORK_MILLISECONDS = 10_000;
/** The API server would wait a minute for watches that nobody ends. */
const STOP_MILLISECONDS = 5_000;
const TAIL_LINES = 20;

/** Keeps track of processes that outlive this one, by number and start time, in a folder. */
export class Supervisor {
  /** `enter`: the command that runs another inside the cluster's namespaces; empty where it has none. */
  constructor(
    private readonly directory: string,
    private readonly enter: readonly string[],
  ) {}

  /** The living process of a name. */
  alive(name: string): ProcessIdentity | undefined {
    try {
      const identity = JSON.parse(readFileSync(this.record(name), "utf8")) as ProcessIdentity;
      return isAlive(identity) ? identity : undefined;
    } catch {
      return undefined; // never started, or its writer died in the middle of it
    }
  }

  /** Starts what is not alive yet. Errors: MNO_CLUSTER_COMPONENT_FAILED with the end of its log. */
  async start(name: string, argv: readonly string[]): Promise<void> {
    if (this.alive(name)) return;
    for (const folder of ["processes", "logs"]) mkdirSync(join(this.directory, folder), { recursive: true });
    const [program = "", ...args] = [...this.enter, ...argv];
    const log = openSync(this.log(name), "a", 0o600);
    const child = spawn(program, args, { detached: true, stdio: ["ignore", log, log], cwd: this.directory });
    closeSync(log);
    child.unref();
    await spawned(child).catch((error: unknown) => {
      throw this.failure(name, `cannot be started: ${(error as Error).message}`);
    });
    const pid = await this.programOf(child.pid ?? 0);
    const identity = pid === undefined ? undefined : identify(pid);
    if (!identity) throw this.failure(name, "ended at once");
    writeFileSync(this.record(name), JSON.stringify(identity));
  }

  /** Ends a process and waits until it is gone; after 5 s it is killed. */
  async stop(name: string, signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    const identity = this.alive(name);
    if (identity) {
      process.kill(identity.pid, signal);
      if (!(await gone(identity, STOP_MILLISECONDS))) {
        process.kill(identity.pid, "SIGKILL");
        await gone(identity, STOP_MILLISECONDS);
      }
    }
    rmSync(this.record(name), { force: true });
  }

  /** An error that names the component and shows the end of its log. */
  failure(name: string, what: string): MnoError {
    const log = this.log(name);
    const tail = existsSync(log) ? readFileSync(log, "utf8").trimEnd().split("\n").slice(-TAIL_LINES).join("\n") : "";
    return new MnoError("MNO_CLUSTER_COMPONENT_FAILED", `${name} ${what}. The end of ${log}:\n${tail}`);
  }

  /** The command that enters a PID namespace stays outside and forks the program; that child is what is kept track of. */
  private async programOf(pid: number): Promise<number | undefined> {
    if (this.enter.length === 0) return pid;
    return childOf(pid);
  }

  private record(name: string): string {
    return join(this.directory, "processes", `${name}.json`);
  }

  private log(name: string): string {
    return join(this.directory, "logs", `${name}.log`);
  }
}

/** Errors: when there is no such program, or it may not be run. */
export function spawned(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("spawn", resolve);
  });
}

/** The first child of a process, once it has one; undefined when the process ends without. */
export async function childOf(pid: number): Promise<number | undefined> {
  const deadline = Date.now() + FORK_MILLISECONDS;
  while (Date.now() < deadline && identify(pid)) {
    const children = readChildren(pid);
    if (children[0] !== undefined) return children[0];
    await sleep(POLL_MILLISECONDS);
  }
  return undefined;
}

function readChildren(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, "utf8");
    return text.split(" ").filter(Boolean).map(Number);
  } catch {
    return []; // it ended between the look and the reading
  }
}

/** Whether the process is gone within the time. */
export async function gone(identity: ProcessIdentity, milliseconds: number): Promise<boolean> {
  const deadline = Date.now() + milliseconds;
  while (isAlive(identity)) {
    if (Date.now() > deadline) return false;
    await sleep(POLL_MILLISECONDS);
  }
  return true;
}
