import { draw } from "../detectors/detector";
import { Committee, type Family, type Rows } from "./committee";
import type { Shape } from "./transformation";

/** What is known of the rows: ordinary events only, or whatever came. */
export type Assumption = "normals" | "unlabelled";

/** Rows that a committee is made of: with the same families and random numbers it is the same committee. */
export interface TrainingSet {
  readonly learning: Rows;
  readonly heldOut: Rows;
}

export interface TrainingSettings {
  /** Rows to learn from at most. */
  learning: number;
  /** Rows to be calibrated on at most. */
  heldOut: number;
}

export const TRAINING: TrainingSettings = { learning: 4096, heldOut: 1024 };

/** Share of the rows that committees are calibrated on. */
const HELD_OUT = 0.2;
/** Times that an unlabelled sample is concentrated on its more ordinary half. */
const CONCENTRATIONS = 3;

/**
 * Chooses what to learn from. Rows that are said to be normal are taken at random. Others are first concentrated: a
 * committee is made of a random sample, its more ordinary half is kept, and so on, as the minimum covariance determinant does
 * (Rousseeuw, Van Driessen, "A Fast Algorithm for the Minimum Covariance Determinant Estimator", Technometrics 1999), which
 * withstands anything below one half of anomalies that a committee finds stranger than the rest.
 *
 * The families say who concentrates; `onProgress` is told the share that is done.
 */
export function* select(
  shape: Shape,
  families: readonly Family[],
  rows: Rows,
  assumption: Assumption,
  random: () => number,
  settings: TrainingSettings = TRAINING,
): Generator<number, TrainingSet> {
  const stride = shape.numeric + shape.categorical;
  let chosen = draw(rows.count, rows.count, random);
  if (assumption === "unlabelled") {
    for (let round = 0; round < CONCENTRATIONS; round++) {
      const shuffled = draw(chosen.length, chosen.length, random).map((index) => chosen[index]!);
      const { learning, heldOut } = split(rows, stride, shuffled, settings);
      const work = Committee.assemble(shape, families, learning, heldOut, random);
      let step = work.next();
      for (; step.done !== true; step = work.next()) yield round / CONCENTRATIONS;
      const strangeness = new Float64Array(rows.count);
      for (let row = 0; row < rows.count; row++) {
        strangeness[row] = step.value.score(rows.raw, row * stride);
        if (row % 64 === 63) yield (round + row / rows.count) / CONCENTRATIONS;
      }
      const order = Int32Array.from(strangeness.keys()).sort((a, b) => strangeness[a]! - strangeness[b]!);
      chosen = order.slice(0, Math.ceil(rows.count / 2));
    }
    chosen = draw(chosen.length, chosen.length, random).map((index) => chosen[index]!);
  }
  return split(rows, stride, chosen, settings);
}

/** The first of the rows, in their order, to be calibrated on; as many of the others as there may be to learn from. */
function split(rows: Rows, stride: number, order: Int32Array, settings: TrainingSettings): TrainingSet {
  const held = Math.max(1, Math.min(settings.heldOut, Math.floor(order.length * HELD_OUT)));
  // One row alone has to do for both.
  const rest = order.length > held ? order.slice(held, held + settings.learning) : order;
  return { heldOut: pick(rows, stride, order.slice(0, held)), learning: pick(rows, stride, rest) };
}

function pick({ raw }: Rows, stride: number, order: Int32Array): Rows {
  const picked = new Float64Array(order.length * stride);
  order.forEach((row, index) => picked.set(raw.subarray(row * stride, (row + 1) * stride), index * stride));
  return { raw: picked, count: order.length };
}
