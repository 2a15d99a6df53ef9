import type { BenchRow } from "../contract";
import type { Outcome } from "./target";

export function printOutcome(outcome: Outcome): void {
  const { name, kind, inputs, accepted, refused, answers, longest, median, heapGrowth, seconds, findings } = outcome;
  const share = (count: number): string => `${((100 * count) / inputs).toFixed(1)} %`;
  const codes = Object.entries(refused).toSorted(([, a], [, b]) => b - a);
  const figures = [
    `${inputs.toLocaleString("en")} of ${kind}`,
    `accepted ${share(accepted)}`,
    `${String(answers)} different answers`,
    `median ${median.toFixed(1)} µs, longest ${longest.toFixed(0)} µs`,
    `heap ${(heapGrowth / 2 ** 20).toFixed(1)} MiB`,
    `${seconds.toFixed(1)} s`,
  ];
  process.stdout.write(`${name}: ${figures.join("; ")}\n`);
  for (const [code, count] of codes.slice(0, 12)) process.stdout.write(`    ${code} ${share(count)}\n`);
  for (const { what, input } of findings)
    process.stdout.write(`    FINDING ${what}\n    input: ${input.slice(0, 2000)}\n`);
}

export function rowsOf(outcomes: readonly Outcome[]): BenchRow[] {
  return outcomes.flatMap(({ name, inputs, accepted, refused, answers, longest }) => {
    const row = (metric: string, unit: string, better: BenchRow["better"], ours: number): BenchRow => {
      return { work: `fuzz: ${name}`, metric, unit, better, ours, spread: 0, peers: {} };
    };
    return [
      row("inputs without a finding", "inputs", "higher", inputs),
      row("accepted share", "%", "higher", (100 * accepted) / inputs),
      row("distinct coded refusals", "codes", "higher", Object.keys(refused).length),
      row("distinct answers", "answers", "higher", answers),
      row("longest input", "µs", "lower", longest),
    ];
  });
}
