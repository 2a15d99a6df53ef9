import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { ROOT } from "../../paths";
import type { Answer, Question } from "./case";

/** Questions with Kubernetes' answers, kept so that the comparison needs no Go. */
const GOLDEN_FILE = join(ROOT, "test", "golden", "hpa", "kubernetes-v1.36.3.jsonl.gz");

export interface Golden {
  questions: Question[];
  answers: Answer[];
}

export function readGolden(): Golden {
  const lines = gunzipSync(readFileSync(GOLDEN_FILE)).toString("utf8").trimEnd().split("\n");
  const pairs = lines.map((line) => JSON.parse(line) as [Question, Answer]);
  return { questions: pairs.map(([question]) => question), answers: pairs.map(([, answer]) => answer) };
}

/** Writes the file and returns where it is. */
export function writeGolden({ questions, answers }: Golden): string {
  const lines = questions.map((question, place) => `${JSON.stringify([question, answers[place]])}\n`);
  writeFileSync(GOLDEN_FILE, gzipSync(lines.join(""), { level: 9 }));
  return GOLDEN_FILE;
}
