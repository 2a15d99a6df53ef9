/** Milliseconds that a query takes on average when there is no queue. */
export const SERVICE = 10;

export const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => void setTimeout(resolve, milliseconds));

/** How long queries take, as multiples of the mean, from a number in [0, 1). */
export const SERVICES = {
  even: (chance: number): number => 0.7 + 0.6 * chance,
  exponential: (chance: number): number => -Math.log(1 - chance),
} as const;
export type Service = keyof typeof SERVICES;

/**
 * A database that works on `knee` queries at once; more share its time, and each one too many costs all of them 1 % for the
 * switching between them.
 */
export class FakeDatabase {
  private connections = 0;
  private active = 0;

  constructor(
    private readonly knee: number,
    private readonly random: () => number,
    private readonly sleep: (milliseconds: number) => Promise<void> = pause,
    private readonly service: Service = "even",
  ) {}

  async connect(): Promise<{ id: number }> {
    this.connections += 1;
    return { id: this.connections };
  }

  async query(): Promise<void> {
    this.active += 1;
    const excess = Math.max(0, this.active - this.knee);
    const sharing = Math.max(1, this.active / this.knee) * (1 + 0.01 * excess);
    await this.sleep(SERVICE * sharing * SERVICES[this.service](this.random()));
    this.active -= 1;
  }
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}
