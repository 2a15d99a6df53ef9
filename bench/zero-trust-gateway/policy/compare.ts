import { seeded } from "../../../runtime/kernel/random";
import { Oracle, ours, ourVerdict, scenario } from "../../../test/support/cedar/differential";

export interface CompareOptions {
  /** Seeds from this one on, every `step`-th. */
  readonly seed: number;
  readonly step: number;
  /** Questions to compare at least. */
  readonly cases: number;
}

export interface Compared {
  readonly cases: number;
  readonly allowed: number;
  readonly faulty: number;
  /** Policy sets that do not fit their schema. */
  readonly refused: number;
  readonly differences: readonly string[];
}

const QUESTIONS = 50;

/** Asks cedar-wasm and the compiled policies the same generated questions. */
export function run({ seed, step, cases }: CompareOptions): Promise<Compared> {
  const counts = { cases: 0, allowed: 0, faulty: 0, refused: 0 };
  const differences: string[] = [];
  for (let next = seed; counts.cases < cases; next += step) {
    const generated = scenario(seeded(next), QUESTIONS);
    const world = ours(generated);
    if (!world) {
      counts.refused++;
      continue;
    }
    const oracle = new Oracle(generated, world);
    for (const question of generated.questions) {
      const [mine, theirs] = [ourVerdict(world, question), oracle.verdict(question)];
      counts.cases++;
      if (theirs.startsWith("allow")) counts.allowed++;
      if (!theirs.endsWith("[]") && theirs !== "no question") counts.faulty++;
      if (mine !== theirs)
        differences.push(`seed ${next}: ${mine}, but cedar-wasm ${theirs}: ${JSON.stringify(question)}`);
    }
  }
  return Promise.resolve({ ...counts, differences });
}
