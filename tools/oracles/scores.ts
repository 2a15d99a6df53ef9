import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { ROOT, TOOLCHAIN } from "../paths";
import { goBuild } from "../toolchain/go-build";
import { recipeDigest } from "../toolchain/kubernetes";

/** Random nodes and requests with kube-scheduler's scores, kept so that the comparison needs no Go: one JSON object a line. */
export const GOLDEN_SCORES = join(ROOT, "test", "golden", "kube-scheduler-scores", "kubernetes-v1.36.3.jsonl.gz");

const RECIPE = {
  module: join(ROOT, "tools", "oracles", "go", "kube-scheduler-scores"),
  package: ".",
  values: {},
  flags: ["-gcflags=all=-dwarf=false"],
  cpuMinutes: 8,
};

/** `oracle:scores [--cases N] [--seed N]`: has kube-scheduler's own code score random cases, and keeps them as the golden file. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { cases: { type: "string", default: "2000" }, seed: { type: "string", default: "1" } },
  });
  const program = join(TOOLCHAIN, `kube-scheduler-scores-${recipeDigest(RECIPE)}`, "kube-scheduler-scores");
  if (!existsSync(program)) await goBuild({ ...RECIPE, output: program }, (line) => process.stdout.write(`${line}\n`));
  const lines = execFileSync(program, ["-cases", values.cases, "-seed", values.seed]);
  writeFileSync(GOLDEN_SCORES, gzipSync(lines, { level: 9 }));
  process.stdout.write(`written: ${GOLDEN_SCORES}\n`);
}

if (require.main === module) void main();
