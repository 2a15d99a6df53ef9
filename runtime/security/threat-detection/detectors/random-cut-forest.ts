import { type Detector, draw, type Model, type Sample } from "./detector";

export interface CutForestSize {
  trees: number;
  /** Rows of each tree. */
  samples: number;
  /** Columns that each tree sees, at most: feature bagging, which bounds the cost of wide rows. */
  columns: number;
}

/**
 * Robust random cut forest: Guha, Mishra, Roy, Schrijvers, "Robust Random Cut Forest Based Anomaly Detection On Streams",
 * ICML 2016. The score is the collusive displacement that a point would have if it were inserted: its expectation over the
 * cut that parts it from the tree, instead of one random insertion, so that a score is exact and needs no change of the tree.
 */
export function randomCutForest({ trees, samples, columns }: CutForestSize): Detector {
  return {
    name: "random-cut-forest",
    *fit(sample, random) {
      const size = Math.min(samples, sample.rows);
      const made: CutTree[] = [];
      for (let tree = 0; tree < trees; tree++) {
        made.push(new CutTree(sample, draw(sample.numeric, columns, random), draw(sample.rows, size, random), random));
        yield;
      }
      return new CutForest(made);
    },
  };
}

class CutForest implements Model {
  constructor(private readonly trees: readonly CutTree[]) {}

  score(point: Float64Array): number {
    let sum = 0;
    for (const tree of this.trees) sum += tree.displacement(point);
    return sum / this.trees.length;
  }
}

class CutTree {
  private readonly columns: Int16Array;
  private readonly cuts: Float64Array;
  private readonly children: Int32Array;
  private readonly sizes: Int32Array;
  /** Per node the sum of its box's sides. */
  private readonly sides: Float64Array;
  /** Per node the least and the greatest value of each column. */
  private readonly boxes: Float64Array;
  private readonly numeric: number;
  private used = 1;

  constructor(
    private readonly sample: Sample,
    /** Which columns the tree sees. */
    private readonly axes: Int32Array,
    private readonly rows: Int32Array,
    private readonly random: () => number,
  ) {
    const nodes = Math.max(1, 2 * rows.length - 1);
    this.numeric = axes.length;
    this.columns = new Int16Array(nodes);
    this.cuts = new Float64Array(nodes);
    this.children = new Int32Array(nodes);
    this.sizes = new Int32Array(nodes);
    this.sides = new Float64Array(nodes);
    this.boxes = new Float64Array(nodes * 2 * this.numeric);
    this.split(0, 0, rows.length);
  }

  displacement(point: Float64Array): number {
    const { axes, columns, cuts, children, sizes, sides, boxes, numeric } = this;
    let expected = 0;
    let together = 1;
    /** The most that taking away the point's part would displace, of the cuts passed so far. */
    let displaced = 0;
    for (let node = 0; ;) {
      const box = node * 2 * numeric;
      let growth = 0;
      for (let column = 0; column < numeric; column++) {
        const value = point[axes[column]!]!;
        const below = boxes[box + column]! - value;
        const above = value - boxes[box + numeric + column]!;
        growth += below > 0 ? below : above > 0 ? above : 0;
      }
      const here = Math.max(displaced, sizes[node]!);
      const column = columns[node]!;
      if (column < 0) {
        // A leaf: the point parts from it, or is its equal and displaces nothing more.
        return expected + together * (growth > 0 ? here : Math.max(displaced, 1 / (sizes[node]! + 1)));
      }
      const parts = growth / (growth + sides[node]!);
      expected += together * parts * here;
      together *= 1 - parts;
      if (together < 0.02) return expected + together * here;
      const next = children[node]! + (point[column]! < cuts[node]! ? 0 : 1);
      displaced = Math.max(displaced, (sizes[node]! - sizes[next]!) / (sizes[next]! + 1));
      node = next;
    }
  }

  private split(node: number, from: number, to: number): void {
    const { rows, axes, numeric, boxes } = this;
    const { data, width } = this.sample;
    this.sizes[node] = to - from;
    const box = node * 2 * numeric;
    boxes.fill(Infinity, box, box + numeric);
    boxes.fill(-Infinity, box + numeric, box + 2 * numeric);
    let sides = 0;
    for (let column = 0; column < numeric; column++) {
      let low = Infinity;
      let high = -Infinity;
      for (let i = from; i < to; i++) {
        const value = data[rows[i]! * width + axes[column]!]!;
        if (value < low) low = value;
        if (value > high) high = value;
      }
      boxes[box + column] = low;
      boxes[box + numeric + column] = high;
      sides += high - low;
    }
    this.columns[node] = -1;
    this.sides[node] = sides;
    if (!(sides > 0)) return;
    let at = this.random() * sides;
    let column = 0;
    for (; column < numeric - 1; column++) {
      const side = boxes[box + numeric + column]! - boxes[box + column]!;
      if (side > 0 && at < side) break;
      at -= side;
    }
    const cut = boxes[box + column]! + at;
    let middle = from;
    for (let i = from; i < to; i++) {
      const row = rows[i]!;
      if (data[row * width + axes[column]!]! >= cut) continue;
      rows[i] = rows[middle]!;
      rows[middle++] = row;
    }
    // Rounding can put all rows on one side of the cut: then this is a leaf.
    if (middle === from || middle === to) return;
    const child = this.used;
    this.used += 2;
    this.columns[node] = axes[column]!;
    this.cuts[node] = cut;
    this.children[node] = child;
    this.split(child, from, middle);
    this.split(child + 1, middle, to);
  }
}
