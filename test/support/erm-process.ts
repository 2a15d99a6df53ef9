import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { build } from "esbuild";

const ROOT = join(__dirname, "../..");

export interface ErmProcessOptions {
  folder: string;
  nodes: number;
  /** Of each node. */
  cores: number;
}

/** A running child of erm-child.ts. */
export interface ErmProcess {
  /** Of the engine: `<url>/v1/…`. */
  url: string;
  /** Of the process's root: `/metrics`. */
  root: string;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves when it has drained, rejects unless with exit code 0. */
  drain(): Promise<void>;
}

/** The child's program as one file, so that a start costs what a production start costs and not a compilation. */
export class ErmProgram {
  private readonly running = new Set<ChildProcess>();

  private constructor(private readonly folder: string) {}

  static async build(): Promise<ErmProgram> {
    // Inside node_modules, where the packages that are not bundled are found.
    const folder = await mkdtemp(join(ROOT, "node_modules/.mno-erm-child-"));
    await build({
      entryPoints: [join(__dirname, "erm-child.ts")],
      outfile: join(folder, "child.js"),
      bundle: true,
      packages: "external",
      platform: "node",
      format: "cjs",
      logLevel: "error",
    });
    return new ErmProgram(folder);
  }

  /** Starts the child; `onSpawn` is given the kill before anything of it runs. Rejects when it ends before it answers. */
  async start(options: ErmProcessOptions, onSpawn?: (kill: () => void) => void): Promise<ErmProcess> {
    const { folder, nodes, cores } = options;
    const child = fork(
      join(this.folder, "child.js"),
      ["--folder", folder, "--nodes", String(nodes), "--cores", String(cores)],
      {
        stdio: ["ignore", "pipe", "pipe", "ipc"],
        execArgv: [],
        env: { ...process.env, NODE_COMPILE_CACHE: this.folder },
      },
    );
    this.running.add(child);
    const exited = once(child, "exit").finally(() => this.running.delete(child));
    let complaints = "";
    child.stderr?.on("data", (chunk: Buffer) => (complaints = (complaints + chunk.toString()).slice(-4000)));
    onSpawn?.(() => child.kill("SIGKILL"));
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    const [line] = (await Promise.race([
      once(lines, "line"),
      exited.then(([code, signal]) => {
        throw new Error(`the child ended before it answered: ${String(code ?? signal)}\n${complaints}`);
      }),
    ])) as [string];
    const { url } = JSON.parse(line) as { url: string };
    return {
      url: `${url}/elastic-resource-manager`,
      root: url,
      kill: async () => {
        child.kill("SIGKILL");
        await exited;
      },
      drain: async () => {
        child.kill("SIGTERM");
        const [code, signal] = (await exited) as [number | null, string | null];
        if (code !== 0) throw new Error(`the child ended with ${String(code ?? signal)}\n${complaints}`);
      },
    };
  }

  /** Kills whatever still runs and removes the program. */
  async dispose(): Promise<void> {
    const ends = [...this.running].map((child) => once(child, "exit"));
    for (const child of this.running) child.kill("SIGKILL");
    await Promise.all(ends);
    await rm(this.folder, { recursive: true, force: true });
  }
}
