/** Draws from the laws of the synthetic population. */
export class Chance {
  constructor(private readonly next: () => number) {}

  uniform = (): number => this.next();
  below = (limit: number): number => Math.floor(this.next() * limit);
  happens = (probability: number): boolean => this.next() < probability;
  pick = <T>(items: readonly T[]): T => items[this.below(items.length)]!;
  /** The first of the items is the most frequent: harmonic weights. */
  zipf<T>(items: readonly T[]): T {
    const total = items.reduce((sum, _, index) => sum + 1 / (index + 1), 0);
    let left = this.next() * total;
    for (const [index, item] of items.entries()) if ((left -= 1 / (index + 1)) <= 0) return item;
    return items.at(-1)!;
  }
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
  }
  exponential = (mean: number): number => -mean * Math.log(1 - this.next());
}
