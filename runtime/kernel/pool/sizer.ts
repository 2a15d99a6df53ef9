import type { Clock } from "../clock";
import { type KneeExplanation, KneeFinder } from "./knee";
import type { PoolStats } from "./stats";

/** What of a pool is measured and moved. */
export interface Sizeable {
  stats(): PoolStats;
  setLimit(limit: number): void;
}

export interface SizerOptions {
  /** Bounds of the limit; it starts at the minimum. */
  minimum: number;
  maximum: number;
  /** Length of one measurement, in milliseconds; longer where too few leases end in it. Default 1000. */
  window?: number;
  /** Leases that must end in one measurement. Default 100. */
  samples?: number;
  /** Most measurements between two probes for a knee that moved; fewer while it is news. Default 30. */
  probeEvery?: number;
}

/** Keeps a pool's limit at the knee of what is behind it (knee.ts), and says why. */
export class PoolSizer {
  private readonly finder: KneeFinder;
  private readonly stopping = new AbortController();
  private readonly window: number;
  private readonly samples: number;
  private running: Promise<void> | undefined;

  constructor(
    private readonly pool: Sizeable,
    options: SizerOptions,
    private readonly clock: Clock,
  ) {
    const { minimum, maximum, window = 1000, samples = 100, probeEvery = 30 } = options;
    this.finder = new KneeFinder({ minimum, maximum, probeEvery });
    this.window = window;
    this.samples = samples;
  }

  /** Idempotent. */
  start(): void {
    this.running ??= this.run();
  }

  /** Leaves the limit as it is. */
  async stop(): Promise<void> {
    this.stopping.abort(new Error("stopped"));
    await this.running;
  }

  why(): KneeExplanation {
    return this.finder.why();
  }

  private async run(): Promise<void> {
    const { pool, finder, clock } = this;
    const { signal } = this.stopping;
    pool.setLimit(finder.limit);
    for (let changed = true; ;) {
      try {
        // Leases of the limit before are still held: what they tell is not about this one.
        if (changed) await clock.sleep(this.window / 4, signal);
        const { limit } = finder;
        finder.observe({ limit, ...(await this.measure(signal)) });
        changed = finder.limit !== limit;
        if (changed) pool.setLimit(finder.limit);
      } catch {
        return; // stopped: nothing else rejects
      }
    }
  }

  private async measure(signal: AbortSignal): Promise<{ throughput: number; heldMilliseconds: number }> {
    const { pool, clock } = this;
    const start = clock.now();
    const before = pool.stats();
    for (;;) {
      await clock.sleep(this.window, signal);
      const after = pool.stats();
      const count = after.released - before.released;
      if (count < this.samples) continue;
      return {
        throughput: (count * 1000) / (clock.now() - start),
        heldMilliseconds: (after.heldMilliseconds - before.heldMilliseconds) / count,
      };
    }
  }
}
