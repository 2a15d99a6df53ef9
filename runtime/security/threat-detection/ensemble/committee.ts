import type { Detector, Model } from "../detectors/detector";
import { Calibration } from "./calibration";
import { type Shape, Transformation } from "./transformation";

/** Detectors of one kind, which is heard as its weight says, however many members it has. */
export interface Family {
  readonly name: string;
  readonly weight: number;
  readonly members: readonly Detector[];
}

/** Raw rows, one after another. */
export interface Rows {
  readonly raw: Float64Array;
  readonly count: number;
}

/** Rows that are scored between two yields while a committee is calibrated. */
const SLICE = 4;

/**
 * What an ensemble knows at one time: how rows are transformed, what each member learned, and how strange each member found
 * rows that it had not learned from. A family's surprise is the mean of its members' (minus the logarithm of the conformal
 * p-value: Fisher's method but for the mean). The strangeness of a row is the weighted power mean of order 4 over families:
 * between the mean, which agreement makes large, and the greatest, for an anomaly of one kind is seen by one family alone.
 */
export class Committee {
  private readonly point: Float64Array;
  /** Surprise of each member at the last row scored. */
  readonly surprises: Float64Array;

  private constructor(
    readonly transformation: Transformation,
    readonly names: readonly string[],
    private readonly models: readonly Model[],
    private readonly families: readonly Family[],
    private readonly calibrations: readonly Calibration[],
    /** Of the committee's own strangeness. */
    readonly calibration: Calibration,
  ) {
    this.point = new Float64Array(transformation.width);
    this.surprises = new Float64Array(models.length);
  }

  /** Learns from `learning`, which has at least one row, and is calibrated on `heldOut`, which has too. */
  static *assemble(
    shape: Shape,
    families: readonly Family[],
    learning: Rows,
    heldOut: Rows,
    random: () => number,
  ): Generator<void, Committee> {
    const transformation = new Transformation(shape, learning.raw, learning.count);
    yield;
    const sample = transformation.sampleOf(learning.raw, learning.count);
    yield;
    const members = families.flatMap((family) => family.members);
    const models: Model[] = [];
    for (const member of members) models.push(yield* member.fit(sample, random));
    const scores = models.map(() => new Float64Array(heldOut.count));
    const stride = shape.numeric + shape.categorical;
    const point = new Float64Array(transformation.width);
    for (let row = 0; row < heldOut.count; row++) {
      transformation.apply(heldOut.raw, row * stride, point, 0);
      models.forEach((model, member) => (scores[member]![row] = model.score(point)));
      if (row % SLICE === SLICE - 1) yield;
    }
    const calibrations = scores.map((own) => new Calibration(own));
    const surprises = new Float64Array(members.length);
    const strangeness = new Float64Array(heldOut.count);
    for (let row = 0; row < heldOut.count; row++) {
      for (let member = 0; member < members.length; member++)
        surprises[member] = calibrations[member]!.surprise(scores[member]![row]!);
      strangeness[row] = combine(surprises, families);
    }
    yield;
    const names = members.map(({ name }) => name);
    return new Committee(transformation, names, models, families, calibrations, new Calibration(strangeness));
  }

  /** Strangeness of the row that begins at `from` of `raw`. */
  score(raw: Float64Array, from = 0): number {
    const { models, families, calibrations, surprises, point } = this;
    this.transformation.apply(raw, from, point, 0);
    for (let member = 0; member < models.length; member++)
      surprises[member] = calibrations[member]!.surprise(models[member]!.score(point));
    return combine(surprises, families);
  }
}

/** Of the members' surprises, which are in the order of the families. */
function combine(surprises: Float64Array, families: readonly Family[]): number {
  let total = 0;
  let weights = 0;
  let member = 0;
  for (let f = 0; f < families.length; f++) {
    const { weight, members } = families[f]!;
    let sum = 0;
    for (let i = 0; i < members.length; i++) sum += surprises[member++]!;
    const square = (sum / members.length) ** 2;
    total += weight * square * square;
    weights += weight;
  }
  return Math.sqrt(Math.sqrt(total / weights));
}
