import { readFileSync } from "node:fs";

/** Places of protocol, service and flag among the 41 features. */
const CATEGORICAL = [1, 2, 3];
const FEATURES = 41;

/** Rows as the ensemble takes them: 38 numbers, then three codes. */
export interface Labelled {
  numeric: number;
  categorical: number;
  rows: number;
  raw: Float64Array;
  /** 1: an attack. */
  labels: Uint8Array;
}

/** NSL-KDD (Tavallaee et al. 2009): 41 features, the label, the difficulty, separated by commas. */
export function readNslKdd(path: string, codes: Map<string, number>): Labelled & { difficulty: Uint8Array } {
  const lines = readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line.trim() !== "");
  const raw = new Float64Array(lines.length * FEATURES);
  const labels = new Uint8Array(lines.length);
  const difficulty = new Uint8Array(lines.length);
  lines.forEach((line, row) => {
    const fields = line.trim().split(",");
    let at = row * FEATURES;
    for (let feature = 0; feature < FEATURES; feature++)
      if (!CATEGORICAL.includes(feature)) raw[at++] = Number(fields[feature]);
    for (const feature of CATEGORICAL) {
      const value = fields[feature]!;
      const code = codes.get(value) ?? codes.size;
      codes.set(value, code);
      raw[at++] = code;
    }
    labels[row] = fields[FEATURES] === "normal" ? 0 : 1;
    difficulty[row] = Number(fields[FEATURES + 1]);
  });
  return {
    difficulty,
    numeric: FEATURES - CATEGORICAL.length,
    categorical: CATEGORICAL.length,
    rows: lines.length,
    raw,
    labels,
  };
}
