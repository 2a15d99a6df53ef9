import { readFileSync, writeFileSync } from "node:fs";
import { MnoError } from "../../runtime/exports";
import { readArguments, USAGE } from "./arguments";
import { evaluate } from "./evaluate";
import { differences } from "./golden";
import { readManifests } from "./read";
import { goldenLines, renderTable } from "./table";

export interface Console {
  out(text: string): void;
  error(text: string): void;
}

/** The whole command; returns the exit code. */
export function run(argv: readonly string[], console: Console): number {
  try {
    return reachability(argv, console);
  } catch (error) {
    const known = error instanceof MnoError;
    console.error(`${known ? `${error.code}: ${error.message}` : String((error as Error).stack)}\n`);
    return known && error.code === "MNO_COMMAND_LINE_INVALID" ? 2 : 1;
  }
}

function reachability(argv: readonly string[], console: Console): number {
  const options = readArguments(argv);
  if (options.help) {
    console.out(`${USAGE}\n`);
    return 0;
  }
  const result = evaluate(readManifests(options.paths), options.settings);
  console.out(options.json ? `${JSON.stringify(result, null, 2)}\n` : renderTable(result));
  if (options.golden === undefined) return 0;
  const lines = goldenLines(result);
  if (options.update) {
    writeFileSync(options.golden, `${lines.join("\n")}\n`);
    console.error(`${options.golden}: ${String(lines.length)} lines written\n`);
    return 0;
  }
  const differing = differences(readGolden(options.golden), lines);
  if (differing.length === 0) {
    console.error(`As in ${options.golden}\n`);
    return 0;
  }
  const count = `${String(differing.length)} lines differ from ${options.golden} (- golden, + now; --update accepts them)`;
  console.error(`${count}\n${differing.join("\n")}\n`);
  return 1;
}

function readGolden(path: string): string[] {
  try {
    return readFileSync(path, "utf8").split("\n").slice(0, -1);
  } catch (error) {
    const detail = `--golden ${path} cannot be read (--update writes it): ${(error as Error).message}`;
    throw new MnoError("MNO_COMMAND_LINE_INVALID", detail, { cause: error });
  }
}
