import type { Rows } from "../../runtime/security/threat-detection/ensemble/committee";
import type { Sample } from "../../runtime/security/threat-detection/detectors/detector";
import type { Labelled } from "./nsl-kdd";

type Columns = Pick<Labelled, "numeric" | "categorical">;

/**
 * What peers get, as the research page encoded it: categories one-hot, min-max over the training rows, and by hand the
 * logarithm of the columns named (ours finds that out by itself).
 */
export function plainEncoding({ numeric, categorical }: Columns, training: Rows, logarithms: readonly number[] = []) {
  const stride = numeric + categorical;
  const value = (rows: Rows, row: number, c: number): number => {
    const raw = rows.raw[row * stride + c]!;
    return logarithms.includes(c) ? Math.log1p(raw) : raw;
  };
  const low = new Float64Array(numeric).fill(Infinity);
  const high = new Float64Array(numeric).fill(-Infinity);
  const codes = Array.from({ length: categorical }, () => new Map<number, number>());
  let width = numeric;
  for (let row = 0; row < training.count; row++) {
    for (let c = 0; c < numeric; c++) {
      low[c] = Math.min(low[c]!, value(training, row, c));
      high[c] = Math.max(high[c]!, value(training, row, c));
    }
    codes.forEach((known, c) => {
      const code = training.raw[row * stride + numeric + c]!;
      if (!known.has(code)) known.set(code, width++);
    });
  }
  return (rows: Rows): Sample => {
    const data = new Float64Array(rows.count * width);
    for (let row = 0; row < rows.count; row++) {
      for (let c = 0; c < numeric; c++)
        data[row * width + c] = (value(rows, row, c) - low[c]!) / (high[c]! - low[c]! || 1);
      codes.forEach((known, c) => {
        const at = known.get(rows.raw[row * stride + numeric + c]!);
        if (at !== undefined) data[row * width + at] = 1;
      });
    }
    return { data, rows: rows.count, width, numeric: width };
  };
}

/** Those rows, in that order. */
export function rowsAt(
  { raw, numeric, categorical }: Pick<Labelled, "raw" | "numeric" | "categorical">,
  order: Iterable<number>,
): Rows {
  const stride = numeric + categorical;
  const list = [...order];
  const picked = new Float64Array(list.length * stride);
  list.forEach((row, index) => picked.set(raw.subarray(row * stride, (row + 1) * stride), index * stride));
  return { raw: picked, count: list.length };
}
