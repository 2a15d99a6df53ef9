import type { Rows } from "./committee";

/**
 * A bounded sample of a stream's rows in which what is old fades: once it is full, a new row takes the place of a random one
 * with a probability that makes the mean age `horizon` rows (Aggarwal, "On Biased Reservoir Sampling in the Presence of
 * Stream Evolution", VLDB 2006).
 */
export class Reservoir {
  private readonly raw: Float64Array;
  private count = 0;

  constructor(
    private readonly stride: number,
    private readonly capacity: number,
    private readonly horizon: number,
  ) {
    this.raw = new Float64Array(capacity * stride);
  }

  get size(): number {
    return this.count;
  }

  get isFull(): boolean {
    return this.count === this.capacity;
  }

  /** `weight`: how much of an ordinary row this one counts for, in [0, 1]. `haste`: what is old is to fade at once. */
  offer(row: Float64Array, from: number, random: () => number, weight: number, haste: boolean): void {
    const chance = weight * (this.isFull && !haste ? Math.min(1, this.capacity / this.horizon) : 1);
    if (chance < 1 && random() >= chance) return;
    const place = this.isFull ? Math.floor(random() * this.capacity) : this.count++;
    for (let column = 0; column < this.stride; column++) this.raw[place * this.stride + column] = row[from + column]!;
  }

  get bytes(): number {
    return this.raw.byteLength;
  }

  /** A copy: what is made of it goes on while the reservoir changes. */
  rows(): Rows {
    return { raw: this.raw.slice(0, this.count * this.stride), count: this.count };
  }

  restore(rows: Rows): void {
    this.raw.set(rows.raw.subarray(0, Math.min(rows.count, this.capacity) * this.stride));
    this.count = Math.min(rows.count, this.capacity);
  }
}
