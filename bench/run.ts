import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism, cpus, totalmem } from "node:os";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Bench, type BenchResult, faultsOf, type Suite } from "./contract";
import { plot } from "./plot";
import { renderTable } from "./table";

/**
 * `npm run bench -- NAME [--data DIR]`: runs `bench/NAME.ts` and writes `bench/results/NAME.{json,svg}`. A NAME that is a
 * suite stands for several; each gets the same DIR, and one that fails does not keep the others from their turn. Exit code
 * 2: the command line is wrong; 1: a benchmark failed, and nothing of it was written.
 */
const USAGE = "usage: npm run bench -- NAME [--data DIR]";

export interface RunOptions {
  /** Where the benchmarks are; their results go into its folder `results`. */
  folder: string;
  now: () => Date;
  /** What `BenchResult.commit` is to say. */
  commit: () => string;
  print: (text: string) => void;
  printError: (text: string) => void;
}

/** Resolves to the exit code. */
export async function main(parameters: readonly string[], options: RunOptions): Promise<number> {
  const { folder, printError } = options;
  let name: string | undefined;
  let data: string | undefined;
  try {
    const { values, positionals } = parseArgs({
      args: [...parameters],
      options: { data: { type: "string" } },
      allowPositionals: true,
    });
    data = values.data;
    name = positionals[0];
    if (positionals.length > 1) throw new Error(`one benchmark at a time, not ${positionals.length}`);
  } catch (error) {
    printError(`${(error as Error).message}\n${USAGE}`);
    return 2;
  }
  const benches = name === undefined ? undefined : named(folder, name);
  if (benches === undefined) {
    const wrong = name === undefined ? "" : `There is no benchmark "${name}".\n`;
    printError(`${wrong}${USAGE}\nBenchmarks: ${namesOf(folder).join(", ") || "none"}`);
    return 2;
  }
  const failed: string[] = [];
  for (const bench of benches) {
    try {
      await runOne(bench, data, options);
    } catch (error) {
      failed.push(bench.name);
      printError(`${bench.name} failed: ${(error as Error).stack}`);
    }
  }
  if (failed.length > 0 && benches.length > 1) printError(`${failed.join(", ")} failed; the others are written`);
  return failed.length > 0 ? 1 : 0;
}

async function runOne(
  bench: Bench,
  data: string | undefined,
  { folder, now, commit, print }: RunOptions,
): Promise<void> {
  const machine = machineDescription();
  // Before the run: what is committed or edited meanwhile is not what was measured.
  const measured = commit();
  const date = now();
  print(`${bench.name} at ${measured} on ${machine}…`);
  const start = performance.now();
  const rows = await bench.run(data === undefined ? {} : { data: resolve(data) });
  print(`${bench.name} took ${((performance.now() - start) / 1000).toFixed(1)} s\n`);
  const faults = faultsOf(rows);
  if (faults.length > 0) throw new Error(`its result is not valid:\n  ${faults.join("\n  ")}`);
  print(renderTable(rows));
  const result: BenchResult = { name: bench.name, commit: measured, date: date.toISOString(), machine, rows };
  const results = join(folder, "results");
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, `${bench.name}.json`), `${JSON.stringify(result, null, 2)}\n`);
  writeFileSync(join(results, `${bench.name}.svg`), plot(bench.name, rows));
  print(`\nwritten: ${["json", "svg"].map((kind) => `${basename(folder)}/results/${bench.name}.${kind}`).join(", ")}`);
}

/** The folder's modules that are a benchmark or a suite of them. */
function namesOf(folder: string): string[] {
  return filesOf(folder).filter((name) => named(folder, name) !== undefined);
}

/** The benchmarks that a name stands for: one, or those that a suite lists; undefined where there is no such name. */
function named(folder: string, name: string): Bench[] | undefined {
  const { run, parts } = modules(folder, name);
  if (typeof run === "function") return [{ name, run }];
  if (parts === undefined) return undefined;
  return parts.map((part) => {
    const bench = modules(folder, part);
    if (typeof bench.run !== "function") throw new Error(`${name} lists ${part}, which is no benchmark`);
    return { name: part, run: bench.run };
  });
}

/** Not a benchmark, and this very module among them. */
const HARNESS = new Set(["contract", "plot", "run", "table"]);

function filesOf(folder: string): string[] {
  return readdirSync(folder)
    .filter((file) => /^[a-z0-9-]+\.ts$/.test(file))
    .map((file) => basename(file, ".ts"))
    .filter((name) => !HARNESS.has(name))
    .sort();
}

const requireHere = createRequire(__filename);

/** What a module of the folder exports; nothing where there is none. */
function modules(folder: string, name: string): Partial<Bench & Suite> {
  return filesOf(folder).includes(name) ? (requireHere(join(folder, name)) as Partial<Bench & Suite>) : {};
}

/** The commit that the folder's checkout is at, other benchmarks' results aside. It only reads: without that option `git status` rewrites the index. */
export function commitOf(folder: string): string {
  const git = (...parameters: string[]): string =>
    execFileSync("git", ["--no-optional-locks", "-C", folder, ...parameters], { encoding: "utf8" }).trim();
  return describeCommit(
    git("rev-parse", "--short", "HEAD"),
    git("status", "--porcelain", "--", ":/", ":(top,exclude)bench/results"),
  );
}

/** The hash, with `-dirty` behind it where `git status --porcelain` has anything to say. */
export function describeCommit(hash: string, status: string): string {
  return status === "" ? hash : `${hash}-dirty`;
}

function machineDescription(): string {
  const model = cpus()[0]?.model.trim() ?? "unknown CPU";
  const memory = (totalmem() / 2 ** 30).toFixed(1);
  return `${model}, ${availableParallelism()} cores, ${memory} GiB, Node.js ${process.version}`;
}

if (require.main === module) {
  const options: RunOptions = {
    folder: __dirname,
    now: () => new Date(),
    commit: () => commitOf(__dirname),
    print: (text) => process.stdout.write(`${text}\n`),
    printError: (text) => process.stderr.write(`${text}\n`),
  };
  // Some peers leave timers behind that would keep the process for minutes.
  void main(process.argv.slice(2), options).then((code) => process.exit(code));
}
