/** Lines that one side has and the other has not, in the order they stand; empty where both say the same. */
export function differences(golden: readonly string[], actual: readonly string[]): string[] {
  const expected = new Set(golden);
  const found = new Set(actual);
  const gone = golden.filter((line) => !found.has(line)).map((line) => ({ mark: "-", line }));
  const come = actual.filter((line) => !expected.has(line)).map((line) => ({ mark: "+", line }));
  // One stable sort by what the line is about brings the old and the new answer together.
  return [...gone, ...come]
    .sort((a, b) => (subject(a.line) < subject(b.line) ? -1 : subject(a.line) > subject(b.line) ? 1 : 0))
    .map(({ mark, line }) => `${mark} ${line}`);
}

function subject(line: string): string {
  return line.split(" | ").slice(0, 2).join(" | ");
}
