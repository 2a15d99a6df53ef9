import type { Clock } from "../clock";

/** Longer sleeps overflow setTimeout; an alarm that rings too early finds nothing due and is set anew. */
const LONGEST = 2 ** 31 - 1;

/** One timer for many deadlines: it is only ever moved forward, so setting it for a later time costs a comparison. */
export class Alarm {
  private at = Infinity;
  private pending: AbortController | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly ring: () => void,
  ) {}

  /** Rings at `time` (of the clock, milliseconds) at the latest. */
  by(time: number): void {
    if (time >= this.at) return;
    this.cancel();
    const pending = new AbortController();
    this.pending = pending;
    this.at = time;
    const delay = Math.min(LONGEST, Math.max(0, time - this.clock.now()));
    void this.clock.sleep(delay, pending.signal).then(
      () => {
        if (this.pending !== pending) return;
        this.pending = undefined;
        this.at = Infinity;
        this.ring();
      },
      () => undefined, // cancelled
    );
  }

  cancel(): void {
    this.pending?.abort();
    this.pending = undefined;
    this.at = Infinity;
  }
}
