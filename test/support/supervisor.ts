import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readProcesses } from "../../runtime/kernel/cluster/local/processes";

/** A supervisor in a process of its own, in a temporary folder. */
export class TestSupervisor {
  readonly directory = mkdtempSync(join(tmpdir(), "mno-cluster-"));
  /** Everything it printed. */
  output = "";
  private process: ChildProcess | undefined;

  async start(): Promise<void> {
    const child = this.spawn();
    this.process = child;
    await eventually(() => {
      assert.equal(child.exitCode, null, `the supervisor ended: ${this.output}`);
      const address = join(this.directory, "supervisor.json");
      assert.ok(existsSync(address), "supervisor.json appears");
      assert.equal((JSON.parse(readFileSync(address, "utf8")) as { pid: number }).pid, child.pid);
    });
  }

  /** Starts another one in the same folder and resolves to how it ended. */
  async startSecond(): Promise<{ code: number; output: string }> {
    const before = this.output.length;
    const child = this.spawn();
    const [code] = (await once(child, "exit")) as [number];
    return { code, output: this.output.slice(before) };
  }

  async kill(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.process;
    this.process = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
    return child.exitCode;
  }

  /** Resolves when it has ended by itself. */
  async ended(): Promise<number | null> {
    if (this.process && this.process.exitCode === null) await once(this.process, "exit");
    return this.process?.exitCode ?? null;
  }

  get pid(): number {
    return this.process?.pid ?? NaN;
  }

  /** Ends the supervisor and whatever is left of its workloads, and removes the folder. */
  async close(): Promise<void> {
    await this.kill("SIGTERM");
    for (const pid of this.workloadProcesses()) process.kill(pid, "SIGKILL");
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** Process numbers of everything that was started for this folder, grandchildren included. */
  workloadProcesses(): number[] {
    const mark = `MNO_CLUSTER_URL=local:${this.directory}\0`;
    return (readProcesses() ?? []).map((row) => row.pid).filter((pid) => environmentOf(pid).includes(mark));
  }

  private spawn(): ChildProcess {
    const child = spawn(process.execPath, [join(__dirname, "supervisor-entry.js"), this.directory], {
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      env: { ...process.env, MNO_CANARY: "not-for-workloads" },
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => (this.output += text));
    }
    return child;
  }
}

function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${String(pid)}/environ`, "utf8");
  } catch {
    return ""; // it ended meanwhile
  }
}

/** Tries `check` until it no longer throws; then its last error is the test's. */
export async function eventually<T>(check: () => T | Promise<T>, withinMs = 15_000): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await sleep(25);
  }
}
