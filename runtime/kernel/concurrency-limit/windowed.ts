import type { ConcurrencyLimit, LimitSample } from "./limit";

const WINDOW_DEFAULTS = { milliseconds: 1000, samples: 10, leastLatencyMilliseconds: 0.1 };

interface Window {
  count: number;
  latencies: number;
  inflight: number;
  dropped: boolean;
}

const empty = (): Window => ({ count: 0, latencies: 0, inflight: 0, dropped: false });

/**
 * Hands the average latency and the largest number in flight of each window on to another limit, as Netflix publishes it
 * (concurrency-limits 0.5.4, WindowedLimit): windows of one second, those with fewer than ten samples are thrown away.
 */
export class WindowedLimit implements ConcurrencyLimit {
  private window = empty();
  private nextUpdate = 0;

  constructor(
    private readonly delegate: ConcurrencyLimit,
    private readonly settings = WINDOW_DEFAULTS,
  ) {}

  get limit(): number {
    return this.delegate.limit;
  }

  allowed(now: number): number {
    return this.delegate.allowed(now);
  }

  onSample(sample: LimitSample): void {
    const latency = sample.finishedAt - sample.startedAt;
    if (latency < this.settings.leastLatencyMilliseconds) return;
    const { window } = this;
    window.count += 1;
    window.latencies += latency;
    window.inflight = Math.max(window.inflight, sample.inflight);
    window.dropped ||= sample.dropped;
    if (sample.finishedAt <= this.nextUpdate) return;
    this.window = empty();
    this.nextUpdate = sample.finishedAt + this.settings.milliseconds;
    if (window.count < this.settings.samples) return;
    this.delegate.onSample({
      startedAt: sample.finishedAt - window.latencies / window.count,
      finishedAt: sample.finishedAt,
      inflight: window.inflight,
      dropped: window.dropped,
    });
  }
}
