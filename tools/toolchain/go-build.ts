import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, renameSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";

export interface GoProgram {
  /** Folder of the go.mod that pins the program and everything below it. */
  module: string;
  /** Import path of the main package. */
  package: string;
  /** Path of the finished program. */
  output: string;
  /** `-X` linker values. */
  values: Record<string, string>;
  /** Further flags of `go build`. */
  flags?: readonly string[];
  /** CPU-minutes of a cold build, as measured; for the estimate. */
  cpuMinutes: number;
}

export type Report = (line: string) => void;

/** The installed Go's version ("go1.26.8"), or undefined. */
export function goVersion(): string | undefined {
  try {
    return execFileSync("go", ["env", "GOVERSION"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return undefined;
  }
}

/**
 * Builds a Go program from its published modules, with progress, and puts it in place in one step, so that an interrupted
 * build leaves nothing half done. Go's own cache makes a second try go on where the first stopped.
 */
export async function goBuild(program: GoProgram, report: Report): Promise<void> {
  const minutes = Math.max(1, Math.round(program.cpuMinutes / availableParallelism()));
  report(
    `building ${program.package}: about ${String(minutes)} min on this machine's ${String(availableParallelism())} cores when nothing is cached`,
  );
  const run = (args: string[], onLine: (line: string) => void): Promise<void> => runGo(args, program.module, onLine);

  report("fetching modules");
  let packages = 0;
  await run(["list", "-deps", program.package], (line) => {
    if (!line.startsWith("go: ")) packages += 1;
  });

  mkdirSync(dirname(program.output), { recursive: true });
  const partial = join(dirname(program.output), `.build-${String(process.pid)}`);
  const startedAt = Date.now();
  let compiled = 0;
  let lastReport = 0;
  const progress = (): void => {
    if (Date.now() - lastReport < 5000) return;
    lastReport = Date.now();
    const elapsed = (Date.now() - startedAt) / 1000;
    const left = compiled === 0 ? "" : `, about ${duration((elapsed * (packages - compiled)) / compiled)} left`;
    report(`compiled ${String(compiled)} of at most ${String(packages)} packages in ${duration(elapsed)}${left}`);
  };
  const values = Object.entries(program.values).map(([name, value]) => `-X ${name}=${value}`);
  try {
    await run(
      [
        ...["build", "-v", "-trimpath", ...(program.flags ?? [])],
        ...["-ldflags", ["-s", "-w", ...values].join(" "), "-o", partial, program.package],
      ],
      () => {
        compiled += 1;
        progress();
      },
    );
    renameSync(partial, program.output);
  } finally {
    rmSync(partial, { force: true });
  }
  report(`built in ${duration((Date.now() - startedAt) / 1000)}`);
}

/** Runs the go command in a module's folder, pinned by its go.sum and nothing else. */
export function runGo(args: string[], cwd: string, onLine: (line: string) => void): Promise<void> {
  const env = { ...process.env, GOWORK: "off", GOFLAGS: "-mod=readonly", CGO_ENABLED: "0" };
  return new Promise((resolve, reject) => {
    const child = spawn("go", args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    const last: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        last.push(line);
        if (last.length > 15) last.shift();
        onLine(line);
      });
    }
    child.once("error", reject);
    child.once("close", (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`go ${args[0] ?? ""} ended with ${signal ?? String(code)}:\n${last.join("\n")}`));
    });
  });
}

function duration(seconds: number): string {
  return seconds < 90 ? `${String(Math.round(seconds))} s` : `${String(Math.round(seconds / 60))} min`;
}
