import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { plotCurves } from "./behavioral-authentication/curves-plot";
import { readKeystrokes } from "./behavioral-authentication/keystroke-data";
import { keystrokeRows } from "./behavioral-authentication/keystrokes";
import { riskRows } from "./behavioral-authentication/risk";
import { speedRows } from "./behavioral-authentication/speed";
import type { BenchRow } from "./contract";

const SHARED_DATA = join(__dirname, "..", "..", "shared", "data", "security", "keystroke");
const CURVES_FILE = join(__dirname, "results", "behavioral-authentication-curves.svg");

/**
 * Keystrokes: error rates on recorded typing (MEU-Mobile KSD, one file per subject; the CMU benchmark's
 * DSL-StrongPasswordData.csv where it is there), the engine's template beside the detectors of the literature. Risk: SYNTHETIC
 * populations and attackers beside Freeman et al. and SIMPLE, and speed. All but speed is deterministic.
 */
export async function run({ data = SHARED_DATA }: { data?: string } = {}): Promise<BenchRow[]> {
  const sets = readKeystrokes(data);
  if (sets.length === 0) {
    const why = existsSync(data) ? "holds no keystroke data of at least four subjects" : "is absent";
    process.stdout.write(`NO KEYSTROKES: the folder ${data} ${why}; name another with --data DIR\n`);
  }
  const keystrokes = sets.flatMap(keystrokeRows);
  const { rows, curves } = riskRows();
  mkdirSync(join(__dirname, "results"), { recursive: true });
  writeFileSync(CURVES_FILE, plotCurves("Synthetic consumers: attacks blocked by share of logins asked again", curves));
  const risk = [...rows, ...speedRows()];
  printLosses([...keystrokes, ...risk]);
  return [...keystrokes, ...risk];
}

function printLosses(rows: readonly BenchRow[]): void {
  for (const { work, metric, better, ours, peers } of rows) {
    for (const [name, figure] of Object.entries(peers)) {
      const lost = better === "lower" ? ours > figure : ours < figure;
      if (lost)
        process.stdout.write(
          `loses to ${name}: ${work}, ${metric} ${ours.toPrecision(4)} (${figure.toPrecision(4)})\n`,
        );
    }
  }
}
