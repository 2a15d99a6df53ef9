/** Decay per second: after 1/lambda seconds what was counts half. AfterImage's five (Mirsky et al., "Kitsune", NDSS 2018). */
export const DECAYS = [5, 3, 1, 0.1, 0.01] as const;

/** Statistics of each decay: weight (how many lately), mean and standard deviation of the value. */
const STATISTICS_PER_DECAY = 3;

interface Entity {
  time: number;
  /** Per decay weight, linear sum, squared sum. */
  readonly sums: Float64Array;
}

/**
 * Damped incremental statistics of a value per entity, in constant memory and time: (w, LS, SS) times 2^(-lambda dt) at each
 * event. Of more entities than `capacity` the one longest unheard of is forgotten.
 */
export class DampedStatistics {
  private readonly entities = new Map<string, Entity>();

  constructor(private readonly capacity: number) {}

  get size(): number {
    return this.entities.size;
  }

  /** Adds the value and writes the statistics with it into `row` at `at`. `time` in milliseconds; an older one counts as now. */
  update(entity: string, time: number, value: number, row: Float64Array, at: number): void {
    let known = this.entities.get(entity);
    if (known === undefined) {
      if (this.entities.size >= this.capacity) this.entities.delete(this.entities.keys().next().value!);
      known = { time, sums: new Float64Array(DECAYS.length * STATISTICS_PER_DECAY) };
    } else this.entities.delete(entity);
    this.entities.set(entity, known);
    const seconds = Math.max(0, time - known.time) / 1000;
    known.time = Math.max(known.time, time);
    const { sums } = known;
    DECAYS.forEach((decay, index) => {
      const base = index * STATISTICS_PER_DECAY;
      const left = 2 ** (-decay * seconds);
      const weight = sums[base]! * left + 1;
      const linear = sums[base + 1]! * left + value;
      const squared = sums[base + 2]! * left + value * value;
      sums[base] = weight;
      sums[base + 1] = linear;
      sums[base + 2] = squared;
      const mean = linear / weight;
      row[at + base] = weight;
      row[at + base + 1] = mean;
      row[at + base + 2] = Math.sqrt(Math.max(0, squared / weight - mean * mean));
    });
  }
}
