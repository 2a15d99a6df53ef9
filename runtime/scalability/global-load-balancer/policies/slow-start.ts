import type { Endpoint } from "./policy";

export interface SlowStartOptions {
  /** For so long a new endpoint gets less than its share, milliseconds. */
  readonly windowMs: number;
  /** It begins with this part of its share, in (0, 1]; 0.1 without it. */
  readonly minimum?: number;
  /** 1 (without it): the share grows in proportion to time; above 1: fast at first. */
  readonly aggression?: number;
}

/**
 * The part of its weight that a new endpoint may use: `max(minimum, (age / window) ^ (1 / aggression))`, as in Envoy. The
 * endpoints of the first update are not new: nobody else could take their share.
 */
export class SlowStart {
  private since = new Map<Endpoint["id"], number>();
  private told = false;
  private newestAt = -Infinity;

  constructor(private readonly options: SlowStartOptions) {}

  update(endpoints: readonly Endpoint[], now: number): void {
    const since = new Map<Endpoint["id"], number>();
    for (const { id } of endpoints) {
      const at = this.since.get(id) ?? (this.told ? now : -Infinity);
      since.set(id, at);
      this.newestAt = Math.max(this.newestAt, at);
    }
    this.since = since;
    this.told ||= endpoints.length > 0;
  }

  /** Whether any endpoint may still be below its full share. */
  isUnderWay(now: number): boolean {
    return now - this.newestAt < this.options.windowMs;
  }

  factor(id: Endpoint["id"], now: number): number {
    const { windowMs, minimum = 0.1, aggression = 1 } = this.options;
    const age = now - (this.since.get(id) ?? -Infinity);
    return age >= windowMs ? 1 : Math.max(minimum, (age / windowMs) ** (1 / aggression));
  }
}
