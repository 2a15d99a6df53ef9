import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import type { Readable } from "node:stream";
import type { Clock } from "../../clock";
import { signalGroup } from "./processes";
import type { Exit } from "./restarts";

export interface ChildOptions {
  command: readonly string[];
  cwd?: string | undefined;
  environment: Record<string, string>;
}

/** One process in a process group of its own. Whatever it leaves in the group is killed when it ends. */
export class Child {
  /** undefined where it could not be started. */
  readonly pid: number | undefined;
  readonly exited: Promise<Exit>;
  readonly outputs: readonly Readable[];

  constructor(options: ChildOptions) {
    let process: ChildProcess;
    try {
      const [program = "", ...args] = options.command;
      process = spawn(program, args, {
        cwd: options.cwd,
        env: options.environment,
        detached: true,
        stdio: ["ignore", "pipe", "pipe"],
      });
    } catch (error) {
      this.exited = Promise.resolve(failedToStart(options, error as Error));
      this.outputs = [];
      return;
    }
    const { pid } = process;
    this.pid = pid;
    this.outputs = pid === undefined ? [] : [process.stdout, process.stderr].filter((stream) => stream !== null);
    this.exited = new Promise((resolve) => {
      process.on("error", (error) => {
        if (pid === undefined) resolve(failedToStart(options, error));
      });
      process.once("exit", (code, signal) => {
        if (pid !== undefined) signalGroup(pid, "SIGKILL");
        resolve({ code, signal });
      });
    });
  }

  /** Stops the group where it is (SIGSTOP, which no program can refuse); false where there is none. */
  halt(): boolean {
    return this.pid !== undefined && signalGroup(this.pid, "SIGSTOP");
  }

  /** SIGTERM to the group, `graceMs` to end, SIGKILL. Resolves when the process is gone. */
  async terminate(graceMs: number, clock: Clock): Promise<void> {
    if (this.pid === undefined) return;
    const ended = new AbortController();
    void this.exited.then(() => {
      ended.abort();
    });
    if (ended.signal.aborted || !signalGroup(this.pid, "SIGTERM")) return void (await this.exited);
    await clock.sleep(graceMs, ended.signal).then(
      () => signalGroup(this.pid as number, "SIGKILL"),
      () => undefined,
    );
    await this.exited;
  }
}

function failedToStart(options: ChildOptions, error: Error): Exit {
  // The system blames the program (ENOENT) where the folder is what is missing.
  const cause =
    options.cwd !== undefined && !existsSync(options.cwd) ? `there is no folder ${options.cwd}` : error.message;
  return { code: null, signal: null, error: cause };
}
