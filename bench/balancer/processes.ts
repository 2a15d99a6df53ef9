import { type ChildProcess, execFileSync, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { join } from "node:path";
import { build } from "esbuild";
import type { Answer, Question } from "./children/messages";

const CHILDREN = ["backends", "load", "proxy", "balanced-pool"] as const;
export type ChildName = (typeof CHILDREN)[number];

/** The programs of the folder `children`, compiled, so that starting one costs no compilation. */
export class Programs {
  private constructor(readonly folder: string) {}

  static async build(): Promise<Programs> {
    // Inside node_modules, where the packages that are not bundled are found.
    const folder = await mkdtemp(join(__dirname, "../../node_modules/.mno-bench-balancer-"));
    await build({
      entryPoints: CHILDREN.map((name) => join(__dirname, "children", `${name}.ts`)),
      outdir: folder,
      bundle: true,
      packages: "external",
      platform: "node",
      format: "cjs",
      logLevel: "error",
    });
    return new Programs(folder);
  }

  start(name: ChildName): Child {
    return new Child(fork(join(this.folder, `${name}.js`), { execArgv: [] }));
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true });
  }
}

/** A child process that answers. */
export class Child {
  private readonly open = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  private asked = 0;

  constructor(private readonly child: ChildProcess) {
    child.on("message", ({ id, value, error }: Answer) => {
      const asked = this.open.get(id);
      this.open.delete(id);
      if (error === undefined) asked?.resolve(value as never);
      else asked?.reject(new Error(error));
    });
    child.on("exit", (code, signal) => {
      for (const { reject } of this.open.values()) reject(new Error(`a child ended: ${String(code ?? signal)}`));
      this.open.clear();
    });
  }

  get pid(): number {
    return this.child.pid!;
  }

  ask<T>(method: string, parameter: unknown): Promise<T> {
    const id = this.asked++;
    return new Promise<T>((resolve, reject) => {
      this.open.set(id, { resolve, reject });
      this.child.send({ id, method, parameter } satisfies Question);
    });
  }

  stop(): Promise<void> {
    return end(this.child);
  }
}

/** What would outlive this process: programs, unlike children, do not notice when it is gone. */
const programs = new Set<ChildProcess>();

/** Ends all programs when this process is told to end, and then ends it as if nothing had been said. */
export function endProgramsOnSignal(): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      for (const program of programs) program.kill("SIGKILL");
      process.kill(process.pid, signal);
    });
  }
}

/** A program that listens on `port`, once it does. */
export async function startProgram(command: string, parameters: string[], port: number): Promise<ChildProcess> {
  const child = spawn(command, parameters, { stdio: ["ignore", "ignore", "pipe"] });
  programs.add(child);
  child.once("exit", () => programs.delete(child));
  let complaints = "";
  child.stderr.on("data", (chunk: Buffer) => (complaints = (complaints + chunk.toString()).slice(-2000)));
  for (let tries = 0; tries < 100; tries++) {
    if (child.exitCode !== null) break;
    if (await answers(port)) return child;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await end(child);
  throw new Error(`${command} did not listen on its port\n${complaints}`);
}

export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}

/** A port that was free a moment ago, for programs that cannot choose one themselves. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Version of a program, or undefined where it is not installed. */
export function versionOf(command: string): string | undefined {
  try {
    const shell = `${command} -v 2>&1`;
    return /\d+\.\d+(\.\d+)?/.exec(execFileSync("/bin/sh", ["-c", shell], { encoding: "utf8" }))?.[0];
  } catch {
    return undefined;
  }
}

/** Milliseconds of CPU that the process's threads have used, to the nanosecond as Linux counts it. */
export function cpuMs(pid: number): number {
  const tasks = `/proc/${pid}/task`;
  const nanoseconds = readdirSync(tasks).map((task) =>
    Number(readFileSync(`${tasks}/${task}/schedstat`, "utf8").split(" ")[0]),
  );
  return nanoseconds.reduce((sum, value) => sum + value, 0) / 1e6;
}
