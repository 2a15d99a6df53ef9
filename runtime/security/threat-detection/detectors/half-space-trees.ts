import { type Detector, type Model, type Sample } from "./detector";

/**
 * Half-space trees: Tan, Ting, Liu, "Fast Anomaly Detection for Streaming Data", IJCAI 2011. Trees are made without data, in
 * a work range of their own per column; the sample's rows are their mass. The score is minus the logarithm of the mean mass
 * per volume, so that it grows with strangeness.
 */
export function halfSpaceTrees({ trees, depth }: { trees: number; depth: number }): Detector {
  return {
    name: "half-space-trees",
    *fit(sample, random) {
      const ranges = rangesOf(sample);
      const model = new HalfSpaces(trees, depth, Math.max(1, sample.rows * 0.02));
      for (let tree = 0; tree < trees; tree++) {
        model.grow(tree, ranges, sample.numeric, random);
        model.fill(tree, sample);
        yield;
      }
      return model;
    },
  };
}

/** Least value and span of each column. */
function rangesOf({ data, rows, width, numeric }: Sample): { low: Float64Array; span: Float64Array } {
  const low = new Float64Array(numeric).fill(Infinity);
  const high = new Float64Array(numeric).fill(-Infinity);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < numeric; column++) {
      const value = data[row * width + column]!;
      if (value < low[column]!) low[column] = value;
      if (value > high[column]!) high[column] = value;
    }
  }
  return { low, span: high.map((value, column) => value - low[column]!) };
}

class HalfSpaces implements Model {
  private readonly stride: number;
  private readonly columns: Int16Array;
  private readonly cuts: Float64Array;
  private readonly mass: Float64Array;

  constructor(
    private readonly trees: number,
    private readonly depth: number,
    /** A node with no more rows than that is not looked into. */
    private readonly sizeLimit: number,
  ) {
    this.stride = 2 ** (depth + 1);
    this.columns = new Int16Array(trees * this.stride);
    this.cuts = new Float64Array(trees * this.stride);
    this.mass = new Float64Array(trees * this.stride);
  }

  score(point: Float64Array): number {
    const { columns, cuts, mass, stride, trees, depth, sizeLimit } = this;
    let total = 0;
    for (let tree = 0; tree < trees; tree++) {
      const base = tree * stride;
      let node = 1;
      let level = 0;
      while (level < depth && mass[base + node]! > sizeLimit) {
        node = 2 * node + (point[columns[base + node]!]! < cuts[base + node]! ? 0 : 1);
        level++;
      }
      total += mass[base + node]! * 2 ** level;
    }
    return -Math.log(total / trees + 1);
  }

  /** The nodes of one tree, as a heap whose root is 1. */
  grow(tree: number, ranges: ReturnType<typeof rangesOf>, numeric: number, random: () => number): void {
    const low = new Float64Array(numeric);
    const high = new Float64Array(numeric);
    for (let column = 0; column < numeric; column++) {
      const middle = random();
      const reach = 2 * Math.max(middle, 1 - middle);
      low[column] = ranges.low[column]! + (middle - reach) * ranges.span[column]!;
      high[column] = ranges.low[column]! + (middle + reach) * ranges.span[column]!;
    }
    const cut = (node: number, level: number): void => {
      if (level === this.depth) return;
      const column = Math.floor(random() * numeric);
      const at = (low[column]! + high[column]!) / 2;
      this.columns[tree * this.stride + node] = column;
      this.cuts[tree * this.stride + node] = at;
      const [before, after] = [low[column]!, high[column]!];
      high[column] = at;
      cut(2 * node, level + 1);
      high[column] = after;
      low[column] = at;
      cut(2 * node + 1, level + 1);
      low[column] = before;
    };
    cut(1, 0);
  }

  fill(tree: number, { data, rows, width }: Sample): void {
    const base = tree * this.stride;
    for (let row = 0; row < rows; row++) {
      let node = 1;
      this.mass[base + 1]! += 1;
      for (let level = 0; level < this.depth; level++) {
        const below = data[row * width + this.columns[base + node]!]! < this.cuts[base + node]!;
        node = 2 * node + (below ? 0 : 1);
        this.mass[base + node]! += 1;
      }
    }
  }
}
