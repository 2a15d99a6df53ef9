import { availableParallelism } from "node:os";
import type { BenchRow } from "../../contract";
import { Child } from "../children";
import type { Compared, CompareOptions } from "./compare";

/** By default; MNO_BENCH_CEDAR_CASES=100000 asks for as many as the fabric's bar names, which takes some minutes. */
const CASES = 20_000;
const SEED = 1_000_000;

/** Decision, determining policies and policies in error of generated cases, beside cedar-wasm's. */
export async function differenceRows(print: (text: string) => void): Promise<BenchRow[]> {
  const cases = Number(process.env.MNO_BENCH_CEDAR_CASES ?? CASES);
  const step = Math.min(2, availableParallelism());
  const children = Array.from({ length: step }, () => new Child("compare"));
  try {
    const results = await Promise.all(
      children.map((child, index) =>
        child.ask<Compared>({ seed: SEED + index, step, cases: Math.ceil(cases / step) } satisfies CompareOptions),
      ),
    );
    const sum = (of: (compared: Compared) => number): number => results.reduce((total, one) => total + of(one), 0);
    for (const difference of results.flatMap(({ differences }) => differences).slice(0, 5)) print(difference);
    print(
      `${sum((one) => one.cases)} generated cases: ${sum((one) => one.allowed)} allowed, ${sum((one) => one.faulty)} with ` +
        `faults of policies, ${sum((one) => one.refused)} policy sets that do not fit their schema`,
    );
    const row = { work: "generated cases beside cedar-wasm", spread: 0, peers: {} };
    return [
      { ...row, metric: "cases", unit: "1", better: "higher", ours: sum((one) => one.cases) },
      {
        ...row,
        metric: "differences",
        unit: "1",
        better: "lower",
        ours: sum((one) => one.differences.length),
        bound: 0,
      },
    ];
  } finally {
    for (const child of children) child.stop();
  }
}
