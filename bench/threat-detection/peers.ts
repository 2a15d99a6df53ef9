import {
  finish,
  draw,
  type Detector,
  type Model,
  type Sample,
} from "../../runtime/security/threat-detection/detectors/detector";
import { halfSpaceTrees } from "../../runtime/security/threat-detection/detectors/half-space-trees";
import { isolationForest } from "../../runtime/security/threat-detection/detectors/isolation-forest";
import { countBelow, sortedColumn } from "../../runtime/security/threat-detection/detectors/tails";
import { leading } from "../../runtime/security/threat-detection/detectors/principal-components";

/** The detectors of the literature, each alone and as its paper or PyOD has it, on plainly encoded columns. */
export const PEERS: Record<string, Detector> = {
  "isolation forest 100x256": isolationForest({ trees: 100, samples: 256 }),
  "half-space trees": halfSpaceTrees({ trees: 25, depth: 12 }),
  "kNN k=5": atOnce("kNN", (sample, random) => neighbours(sample, draw(sample.rows, 3000, random), 5)),
  "mean |z|": atOnce("mean |z|", meanZ),
  "PCA(10)": atOnce("PCA", reconstruction),
  ECOD: atOnce("ECOD", ecod),
  LODA: atOnce("LODA", loda),
};

function atOnce(name: string, learn: (sample: Sample, random: () => number) => Model): Detector {
  return {
    name,
    *fit(sample, random) {
      yield;
      return learn(sample, random);
    },
  };
}

/** Scores of the test rows by the peer, learned from the training rows. */
export function scoresOf(peer: Detector, training: Sample, test: Sample, random: () => number): Float64Array {
  const model = finish(peer.fit(training, random));
  const point = new Float64Array(test.width);
  return Float64Array.from({ length: test.rows }, (_, row) => {
    for (let c = 0; c < test.width; c++) point[c] = test.data[row * test.width + c]!;
    return model.score(point);
  });
}

/** Half-space trees as a stream: each event is scored by the trees whose mass the last full window of 250 gave. */
export function streamedHalfSpaceTrees(sample: Sample, random: () => number): Float64Array {
  const { width, rows } = sample;
  const detector = halfSpaceTrees({ trees: 25, depth: 8 });
  const point = new Float64Array(width);
  let model: Model | undefined;
  return Float64Array.from({ length: rows }, (_, row) => {
    if (row % 250 === 0 && row > 0)
      model = finish(
        detector.fit({ ...sample, data: sample.data.subarray((row - 250) * width, row * width), rows: 250 }, random),
      );
    for (let c = 0; c < width; c++) point[c] = sample.data[row * width + c]!;
    return model === undefined ? 0 : model.score(point);
  });
}

const column = (sample: Sample, c: number): Float64Array => sortedColumn(sample, c);

function moments(sample: Sample): { mean: Float64Array; deviation: Float64Array } {
  const mean = new Float64Array(sample.width);
  const deviation = new Float64Array(sample.width);
  for (let c = 0; c < sample.width; c++) {
    const values = column(sample, c);
    mean[c] = values.reduce((sum, value) => sum + value, 0) / values.length;
    deviation[c] = Math.sqrt(values.reduce((sum, value) => sum + (value - mean[c]!) ** 2, 0) / values.length) || 1;
  }
  return { mean, deviation };
}

function meanZ(sample: Sample): Model {
  const { mean, deviation } = moments(sample);
  return {
    score: (point) =>
      point.reduce((sum, value, c) => sum + Math.abs(value - mean[c]!) / deviation[c]!, 0) / point.length,
  };
}

function neighbours({ data, width }: Sample, chosen: Int32Array, k: number): Model {
  const best = new Float64Array(k);
  return {
    score(point) {
      best.fill(Infinity);
      for (const row of chosen) {
        let distance = 0;
        for (let c = 0; c < width && distance < best[k - 1]!; c++)
          distance += Math.abs(point[c]! - data[row * width + c]!);
        let at = k - 1;
        if (distance >= best[at]!) continue;
        for (; at > 0 && best[at - 1]! > distance; at--) best[at] = best[at - 1]!;
        best[at] = distance;
      }
      return best.reduce((sum, value) => sum + Math.min(value, 1e9), 0);
    },
  };
}

function reconstruction(sample: Sample, random: () => number): Model {
  const { mean, deviation } = moments(sample);
  const size = sample.width;
  const covariance = new Float64Array(size * size);
  const z = new Float64Array(size);
  const fill = (at: (c: number) => number): void => {
    for (let c = 0; c < size; c++) z[c] = (at(c) - mean[c]!) / deviation[c]!;
  };
  const step = Math.max(1, Math.floor(sample.rows / 10_000));
  for (let row = 0; row < sample.rows; row += step) {
    fill((c) => sample.data[row * size + c]!);
    for (let a = 0; a < size; a++) for (let b = 0; b < size; b++) covariance[a * size + b]! += z[a]! * z[b]!;
  }
  const count = Math.min(10, Math.max(1, size - 1));
  const { vectors } = finish(leading(covariance, size, count, random));
  return {
    score(point) {
      fill((c) => point[c]!);
      let left = z.reduce((sum, value) => sum + value * value, 0);
      for (let v = 0; v < count; v++) {
        let along = 0;
        for (let c = 0; c < size; c++) along += vectors[v * size + c]! * z[c]!;
        left -= along * along;
      }
      return left;
    },
  };
}

function ecod(sample: Sample): Model {
  const columns = Array.from({ length: sample.width }, (_, c) => column(sample, c));
  const isRight = columns.map((values) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return values.reduce((sum, value) => sum + (value - mean) ** 3, 0) >= 0;
  });
  return {
    score: (point) =>
      columns.reduce((sum, values, c) => {
        const left = -Math.log((countBelow(values, point[c]!, true) + 1) / (values.length + 1));
        const right = -Math.log((values.length - countBelow(values, point[c]!, false) + 1) / (values.length + 1));
        return sum + Math.max(left, right, isRight[c] ? right : left);
      }, 0),
  };
}

function loda(sample: Sample, random: () => number): Model {
  const { mean, deviation } = moments(sample);
  const bins = 100;
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const some = Math.max(1, Math.round(Math.sqrt(sample.width)));
  const projections = Array.from({ length: 100 }, () => {
    const axes = draw(sample.width, some, random);
    const weights = Float64Array.from(axes, normal);
    const project = (at: (c: number) => number): number =>
      axes.reduce((sum, c, i) => sum + (weights[i]! * (at(c) - mean[c]!)) / deviation[c]!, 0);
    const values = Float64Array.from({ length: sample.rows }, (_, row) =>
      project((c) => sample.data[row * sample.width + c]!),
    );
    const low = values.reduce((a, b) => Math.min(a, b), Infinity);
    const span = values.reduce((a, b) => Math.max(a, b), -Infinity) - low || 1;
    const counts = new Float64Array(bins);
    for (const value of values) counts[Math.min(bins - 1, Math.floor(((value - low) / span) * bins))]! += 1;
    return (point: Float64Array): number => {
      const bin = Math.floor(((project((c) => point[c]!) - low) / span) * bins);
      const count = bin >= 0 && bin <= bins ? counts[Math.min(bins - 1, bin)]! : 0;
      return -Math.log((count + 1e-3) / sample.rows);
    };
  });
  return { score: (point) => projections.reduce((sum, cost) => sum + cost(point), 0) / projections.length };
}
