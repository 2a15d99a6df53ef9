import { type Detector, draw, type Model, type Sample } from "./detector";

export interface Neighbourhood {
  /** How many small samples are drawn. */
  samples: number;
  /** Rows of each. */
  rows: number;
  /** Columns that each looks at, at most. */
  columns: number;
}

/**
 * Mean over small samples of the distance to each sample's nearest row: Sugiyama, Borgwardt, "Rapid Distance-Based Outlier
 * Detection via Sampling", NIPS 2013, as an ensemble (Ting et al., "Defying the gravity of learning curve", Machine Learning
 * 2017). A cluster of anomalies is absent from most samples of a few rows, so it does not vouch for itself as it would among
 * the neighbours in all rows; and the cost is bounded. Of many columns each sample looks at some (Lazarevic, Kumar, "Feature
 * Bagging for Outlier Detection", KDD 2005), which bounds it for wide rows too.
 *
 * The distance is Manhattan's, each column in units of its range, a category that differs counting two (as one-hot columns would).
 */
export function nearestNeighbours({ samples, rows, columns }: Neighbourhood): Detector {
  return {
    name: "nearest-neighbours",
    *fit(sample, random) {
      const { data, width, numeric } = sample;
      const unit = unitsOf(sample);
      yield;
      const size = Math.min(rows, sample.rows);
      const some = Math.min(columns, width);
      const axes = new Int32Array(samples * some);
      const table = new Float64Array(samples * size * some);
      let at = 0;
      for (let group = 0; group < samples; group++) {
        // Ascending, so that numbers come before categories.
        const own = draw(width, some, random).sort();
        axes.set(own, group * some);
        for (const row of draw(sample.rows, size, random)) {
          for (const column of own) {
            const value = data[row * width + column]!;
            table[at++] = column < numeric ? value * unit[column]! : value;
          }
        }
        yield;
      }
      return new NeighbourTable(table, axes, samples, size, some, unit);
    },
  };
}

/** One over the range of each column; a column whose range is below its standard deviation is a constant one. */
function unitsOf({ data, rows, width, numeric }: Sample): Float64Array {
  const unit = new Float64Array(numeric);
  for (let column = 0; column < numeric; column++) {
    let low = Infinity;
    let high = -Infinity;
    for (let row = 0; row < rows; row++) {
      const value = data[row * width + column]!;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    unit[column] = 1 / Math.max(1, high - low);
  }
  return unit;
}

class NeighbourTable implements Model {
  private readonly scaled: Float64Array;

  constructor(
    private readonly table: Float64Array,
    /** Columns of each sample. */
    private readonly axes: Int32Array,
    private readonly samples: number,
    private readonly size: number,
    private readonly some: number,
    private readonly unit: Float64Array,
  ) {
    this.scaled = new Float64Array(some);
  }

  score(point: Float64Array): number {
    const { table, axes, scaled, unit, samples, size, some } = this;
    let sum = 0;
    let base = 0;
    for (let group = 0; group < samples; group++) {
      let numeric = 0;
      for (let i = 0; i < some; i++) {
        const column = axes[group * some + i]!;
        if (column < unit.length) {
          scaled[i] = point[column]! * unit[column]!;
          numeric++;
        } else scaled[i] = point[column]!;
      }
      let nearest = Infinity;
      for (let row = 0; row < size; row++, base += some) {
        let distance = 0;
        for (let i = numeric; i < some; i++) if (scaled[i] !== table[base + i]) distance += 2;
        for (let i = 0; i < numeric;) {
          // Whether this row still can be the nearest is asked now and then, which costs less than asking always.
          const end = i + 8 < numeric ? i + 8 : numeric;
          for (; i < end; i++) distance += Math.abs(scaled[i]! - table[base + i]!);
          if (distance >= nearest) break;
        }
        if (distance < nearest) nearest = distance;
      }
      sum += nearest;
    }
    return sum / samples;
  }
}
