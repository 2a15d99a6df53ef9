import type { Detector, Model, Sample } from "./detector";

/** Columns beyond which only the leading components are had, by subspace iteration. */
const MOST_COMPONENTS = 24;
const ITERATIONS = 12;

/**
 * Mahalanobis distance under probabilistic principal components (Tipping, Bishop, JRSS B 1999): the leading components by
 * their own variance, what is left by its mean variance, with a ridge so that a direction in which the sample did not vary
 * does not decide alone.
 */
export function principalComponents({ ridge }: { ridge: number }): Detector {
  return {
    name: "principal-components",
    *fit(sample, random) {
      const { numeric } = sample;
      const means = new Float64Array(numeric);
      for (let row = 0; row < sample.rows; row++)
        for (let c = 0; c < numeric; c++) means[c]! += sample.data[row * sample.width + c]! / sample.rows;
      yield;
      const covariance = yield* covarianceOf(sample, means);
      const count = Math.min(numeric, MOST_COMPONENTS);
      const { vectors, variances } = yield* leading(covariance, numeric, count, random);
      let trace = 0;
      for (let c = 0; c < numeric; c++) trace += covariance[c * numeric + c]!;
      const left = Math.max(0, trace - variances.reduce((sum, value) => sum + value, 0));
      const rest = count < numeric ? left / (numeric - count) : 0;
      return new Components(means, vectors, variances, rest, ridge);
    },
  };
}

function* covarianceOf({ data, rows, width, numeric }: Sample, means: Float64Array): Generator<void, Float64Array> {
  const sums = new Float64Array(numeric * numeric);
  const centred = new Float64Array(numeric);
  for (let row = 0; row < rows; row++) {
    for (let c = 0; c < numeric; c++) centred[c] = data[row * width + c]! - means[c]!;
    for (let a = 0; a < numeric; a++) {
      const value = centred[a]!;
      if (value === 0) continue;
      for (let b = 0; b <= a; b++) sums[a * numeric + b]! += value * centred[b]!;
    }
    if (row % 16 === 15) yield;
  }
  for (let a = 0; a < numeric; a++) {
    for (let b = 0; b <= a; b++) {
      const value = sums[a * numeric + b]! / rows;
      sums[a * numeric + b] = value;
      sums[b * numeric + a] = value;
    }
  }
  return sums;
}

/** Leading eigenvectors (one after another in a flat array) and eigenvalues of a symmetric matrix: subspace iteration. */
export function* leading(
  matrix: Float64Array,
  size: number,
  count: number,
  random: () => number,
): Generator<void, { vectors: Float64Array; variances: Float64Array }> {
  let vectors = Float64Array.from({ length: count * size }, () => random() - 0.5);
  orthonormalise(vectors, size, count);
  const variances = new Float64Array(count);
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    const next = new Float64Array(count * size);
    for (let v = 0; v < count; v++) {
      for (let row = 0; row < size; row++) {
        let sum = 0;
        for (let c = 0; c < size; c++) sum += matrix[row * size + c]! * vectors[v * size + c]!;
        next[v * size + row] = sum;
      }
      let along = 0;
      for (let c = 0; c < size; c++) along += next[v * size + c]! * vectors[v * size + c]!;
      variances[v] = Math.max(0, along);
      yield;
    }
    // The last product gave the variances of the vectors that are returned.
    if (iteration < ITERATIONS - 1) {
      vectors = next;
      orthonormalise(vectors, size, count);
      yield;
    }
  }
  return { vectors, variances };
}

/** Gram-Schmidt, twice for stability; a vector that depends on those before becomes zero. */
function orthonormalise(vectors: Float64Array, size: number, count: number): void {
  for (let v = 0; v < count; v++) {
    for (let pass = 0; pass < 2; pass++) {
      for (let earlier = 0; earlier < v; earlier++) {
        let along = 0;
        for (let c = 0; c < size; c++) along += vectors[v * size + c]! * vectors[earlier * size + c]!;
        for (let c = 0; c < size; c++) vectors[v * size + c]! -= along * vectors[earlier * size + c]!;
      }
    }
    let square = 0;
    for (let c = 0; c < size; c++) square += vectors[v * size + c]! ** 2;
    const scale = square > 1e-24 ? 1 / Math.sqrt(square) : 0;
    for (let c = 0; c < size; c++) vectors[v * size + c]! *= scale;
  }
}

class Components implements Model {
  private readonly centred: Float64Array;
  private readonly weights: Float64Array;
  private readonly restWeight: number;

  constructor(
    private readonly means: Float64Array,
    private readonly vectors: Float64Array,
    variances: Float64Array,
    rest: number,
    ridge: number,
  ) {
    this.centred = new Float64Array(means.length);
    this.weights = variances.map((variance) => 1 / (variance + ridge));
    this.restWeight = 1 / (rest + ridge);
  }

  score(point: Float64Array): number {
    const { means, vectors, centred, weights, restWeight } = this;
    const size = means.length;
    let left = 0;
    for (let c = 0; c < size; c++) {
      const value = point[c]! - means[c]!;
      centred[c] = value;
      left += value * value;
    }
    let distance = 0;
    for (let v = 0; v < weights.length; v++) {
      let along = 0;
      for (let c = 0; c < size; c++) along += vectors[v * size + c]! * centred[c]!;
      distance += along * along * weights[v]!;
      left -= along * along;
    }
    return Math.sqrt(distance + Math.max(0, left) * restWeight);
  }
}
