import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { ROOT, TOOLCHAIN } from "../../paths";
import { goBuild, type Report } from "../../toolchain/go-build";
import { recipeDigest } from "../../toolchain/kubernetes";
import type { Answer, Question } from "./case";

const RECIPE = {
  module: join(ROOT, "tools", "oracles", "go", "hpa"),
  package: ".",
  values: {},
  flags: ["-gcflags=all=-dwarf=false"],
  cpuMinutes: 6,
};

/** The oracle's program, built if it is not there yet. Errors: whatever `go build` says. */
export async function buildOracle(report: Report): Promise<string> {
  const output = join(TOOLCHAIN, `hpa-oracle-${recipeDigest(RECIPE)}`, "hpa-oracle");
  if (!existsSync(output)) await goBuild({ ...RECIPE, output }, report);
  return output;
}

/** What Kubernetes' own code answers, in the questions' order. Errors: the program's last words where it fails. */
export async function askOracle(program: string, questions: Iterable<Question>): Promise<Answer[]> {
  const child = spawn(program, { stdio: ["pipe", "pipe", "pipe"] });
  const said: string[] = [];
  createInterface({ input: child.stderr }).on("line", (line) => said.push(line));
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const answers: Answer[] = [];
  const read = (async () => {
    for await (const line of createInterface({ input: child.stdout })) {
      const answer = JSON.parse(line) as (number | { replicas: number | null })[];
      answers.push(answer.map((part) => (typeof part === "number" ? part : part.replicas)));
    }
  })();
  const lines = Readable.from(questions).map((question: Question) => `${JSON.stringify(question)}\n`);
  // Where the program ends before it has read everything, its last words say more than the broken pipe.
  const written = pipeline(lines, child.stdin).catch(() => undefined);
  const [code] = await Promise.all([ended, read, written]);
  if (code !== 0) throw new Error(`the oracle ended with code ${String(code)}:\n${said.slice(-15).join("\n")}`);
  return answers;
}
