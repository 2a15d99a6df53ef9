import { type Detector, draw, type Model, type Sample } from "./detector";

const EULER = 0.5772156649015329;

/** Mean depth of an unsuccessful search in a binary search tree of n keys. */
export function averagePathLength(n: number): number {
  return n <= 1 ? 0 : n === 2 ? 1 : 2 * (Math.log(n - 1) + EULER) - (2 * (n - 1)) / n;
}

/** Isolation forest: Liu, Ting, Zhou, "Isolation Forest", ICDM 2008. Scores are in (0, 1). */
export function isolationForest({ trees, samples }: { trees: number; samples: number }): Detector {
  return {
    name: "isolation-forest",
    *fit(sample, random) {
      const size = Math.min(samples, sample.rows);
      const forest = new Forest(trees, size);
      for (let tree = 0; tree < trees; tree++) {
        forest.grow(tree, sample, draw(sample.rows, size, random), random);
        yield;
      }
      return forest;
    },
  };
}

/** Nodes of all trees in flat arrays; a tree has at most 2n - 1 nodes. Children of a node lie side by side. */
class Forest implements Model {
  private readonly stride: number;
  /** Column of the split, or -1 in a leaf. */
  private readonly columns: Int16Array;
  /** Where to split; in a leaf the path's expected length. */
  private readonly values: Float64Array;
  private readonly children: Int32Array;
  private readonly limit: number;
  private readonly normaliser: number;
  private used = 0;

  constructor(
    private readonly trees: number,
    size: number,
  ) {
    this.stride = Math.max(1, 2 * size - 1);
    this.columns = new Int16Array(trees * this.stride);
    this.values = new Float64Array(trees * this.stride);
    this.children = new Int32Array(trees * this.stride);
    this.limit = Math.ceil(Math.log2(Math.max(2, size)));
    this.normaliser = Math.max(1, averagePathLength(size));
  }

  score(point: Float64Array): number {
    const { columns, values, children, stride, trees } = this;
    let total = 0;
    for (let tree = 0; tree < trees; tree++) {
      let node = tree * stride;
      let column = columns[node]!;
      while (column >= 0) {
        node = children[node]! + (point[column]! < values[node]! ? 0 : 1);
        column = columns[node]!;
      }
      total += values[node]!;
    }
    return 2 ** (-total / (trees * this.normaliser));
  }

  grow(tree: number, sample: Sample, rows: Int32Array, random: () => number): void {
    this.used = tree * this.stride + 1;
    this.split(tree * this.stride, sample, rows, 0, rows.length, 0, random);
  }

  private split(
    node: number,
    sample: Sample,
    rows: Int32Array,
    from: number,
    to: number,
    depth: number,
    random: () => number,
  ): void {
    const { data, width, numeric } = sample;
    let low = 0;
    let high = 0;
    let column = -1;
    if (depth < this.limit && to - from > 1) {
      // A column in which the rows do not differ cannot part them: try another, as often as there are columns.
      for (let attempt = 0; attempt < numeric && column < 0; attempt++) {
        const candidate = Math.floor(random() * numeric);
        low = Infinity;
        high = -Infinity;
        for (let i = from; i < to; i++) {
          const value = data[rows[i]! * width + candidate]!;
          if (value < low) low = value;
          if (value > high) high = value;
        }
        if (high > low) column = candidate;
      }
    }
    if (column < 0) {
      this.columns[node] = -1;
      this.values[node] = depth + averagePathLength(to - from);
      return;
    }
    const value = low + (high - low) * random() || high;
    let middle = from;
    for (let i = from; i < to; i++) {
      const row = rows[i]!;
      if (data[row * width + column]! >= value) continue;
      rows[i] = rows[middle]!;
      rows[middle++] = row;
    }
    const child = this.used;
    this.used += 2;
    this.columns[node] = column;
    this.values[node] = value;
    this.children[node] = child;
    this.split(child, sample, rows, from, middle, depth + 1, random);
    this.split(child + 1, sample, rows, middle, to, depth + 1, random);
  }
}
