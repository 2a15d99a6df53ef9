/** What `DecayedCounts` is kept as: weights as of one time. */
export interface CountsSnapshot {
  time: number;
  total: number;
  values: [value: string, weight: number][];
}

/** Stored weights are rescaled when they have grown by 2^500: far below the largest double, and seldom. */
const LARGEST_EXPONENT = 500;

/**
 * Counts of values that fade with a half-life, in bounded memory. Forward decay (Cormode, Shkapenyuk, Srivastava and Xu
 * 2009): weights are kept relative to a landmark, so nothing has to be touched as time passes. Where there are more values
 * than `capacity`, the lightest tenth is forgotten; its weight stays in the total, as weight of values not known.
 */
export class DecayedCounts {
  private readonly weights = new Map<string, number>();
  private sum = 0;

  constructor(
    private readonly halfLifeMilliseconds: number,
    private readonly capacity: number,
    private landmark: number,
    /** Told of each value that becomes known (1) and is forgotten (-1). */
    private readonly onKnown: (value: string, change: 1 | -1) => void = () => undefined,
  ) {}

  /** Number of values known. */
  get size(): number {
    return this.weights.size;
  }

  /** A negative weight takes back what was added; no count falls below 0. */
  add(value: string, weight: number, time: number): void {
    this.makeRoom(time);
    this.put(value, (this.weights.get(value) ?? 0) + weight * this.growth(time));
  }

  /** Makes the value's weight what it is elsewhere. */
  set(value: string, weight: number, time: number): void {
    this.makeRoom(time);
    this.put(value, weight * this.growth(time));
  }

  /** Puts back what `snapshot` gave. */
  restore({ time, total, values }: CountsSnapshot): void {
    for (const [value, weight] of values) this.set(value, weight, time);
    this.sum = Math.max(this.sum, total * this.growth(time));
  }

  /** As of `now`. */
  count(value: string, now: number): number {
    return (this.weights.get(value) ?? 0) / this.growth(now);
  }

  total(now: number): number {
    return this.sum / this.growth(now);
  }

  snapshot(now: number): CountsSnapshot {
    const growth = this.growth(now);
    return {
      time: now,
      total: this.sum / growth,
      values: [...this.weights].map(([value, weight]) => [value, weight / growth]),
    };
  }

  private growth(time: number): number {
    return 2 ** ((time - this.landmark) / this.halfLifeMilliseconds);
  }

  private put(value: string, scaled: number): void {
    const before = this.weights.get(value);
    const after = Math.max(scaled, 0);
    this.sum = Math.max(this.sum + after - (before ?? 0), 0);
    if (after > 0) {
      this.weights.set(value, after);
      if (before === undefined) this.onKnown(value, 1);
    } else if (before !== undefined) this.forget(value);
    if (this.weights.size > this.capacity) this.forgetLightest();
  }

  private forget(value: string): void {
    this.weights.delete(value);
    this.onKnown(value, -1);
  }

  private makeRoom(time: number): void {
    if ((time - this.landmark) / this.halfLifeMilliseconds < LARGEST_EXPONENT) return;
    const growth = this.growth(time);
    for (const [value, weight] of [...this.weights]) {
      if (weight / growth > 0) this.weights.set(value, weight / growth);
      else this.forget(value);
    }
    this.sum /= growth;
    this.landmark = time;
  }

  private forgetLightest(): void {
    const byWeight = [...this.weights].sort(([, a], [, b]) => a - b);
    for (const [value] of byWeight.slice(0, Math.ceil(this.capacity / 10))) this.forget(value);
  }
}
