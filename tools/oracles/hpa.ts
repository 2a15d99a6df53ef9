import { parseArgs } from "node:util";
import { MnoError } from "../../runtime/exports";
import { differences } from "./hpa/compare";
import { generate } from "./hpa/generate";
import { writeGolden } from "./hpa/golden";
import { askOracle, buildOracle } from "./hpa/oracle";

/**
 * `npm run oracle:hpa -- [--cases N] [--seed N] [--write]`: asks Kubernetes' own horizontal pod autoscaler, and our engine, the
 * same random questions, and shows where they differ. `--write` keeps questions and answers as the golden file.
 */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      cases: { type: "string", default: "10000" },
      seed: { type: "string", default: "1" },
      write: { type: "boolean", default: false },
    },
  });
  const count = wholeNumber("--cases", values.cases);
  const seed = wholeNumber("--seed", values.seed);
  const say = (line: string): void => void process.stdout.write(`${line}\n`);

  const questions = [...generate(seed, count)];
  const answers = await askOracle(await buildOracle(say), questions);
  const different = differences(questions, answers);
  for (const { place, question, expected, actual } of different.slice(0, 3)) {
    say(`case ${String(place)}: Kubernetes ${JSON.stringify(expected)}, ours ${JSON.stringify(actual)}`);
    say(JSON.stringify(question));
  }
  const asked = answers.reduce((sum, answer) => sum + answer.length, 0);
  say(
    `seed ${String(seed)}: ${String(questions.length - different.length)} of ${String(questions.length)} cases equal (${String(asked)} answers)`,
  );
  if (different.length > 0) return 1;
  if (values.write) say(`written: ${writeGolden({ questions, answers })}`);
  return 0;
}

function wholeNumber(option: string, text: string): number {
  if (/^\d{1,9}$/.test(text) && (option !== "--cases" || Number(text) > 0)) return Number(text);
  throw new MnoError("MNO_COMMAND_LINE_INVALID", `${option} must be a whole number, not ${text}`);
}

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  },
);
