/** Time as a dependency: engines and drivers take a Clock, so that tests move time instead of waiting for it. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Resolves after `milliseconds`, or rejects with the signal's reason when aborted. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep(milliseconds, signal) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      const onAbort = (): void => {
        clearTimeout(timer);
        reject(signal?.reason as Error);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      }, milliseconds);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  },
};

/** Milliseconds that only ever grow, whatever is done to the system's time; from an origin of their own. */
export const monotonicClock: Clock = {
  now: () => performance.now(),
  sleep: (milliseconds, signal) => systemClock.sleep(milliseconds, signal),
};

/** Why a deadline's timer ends. Made once: an abort without a reason makes an exception with a stack, which costs more than the timer. */
const SETTLED = new Error("the work has settled");

/** What `work` resolves to, or the error of `late` when it takes longer; `work` goes on then. The timer ends with the call. */
export async function within<T>(
  clock: Clock,
  milliseconds: number,
  work: () => Promise<T>,
  late: () => Error,
): Promise<T> {
  const done = new AbortController();
  const timeout = clock.sleep(milliseconds, done.signal).then(() => {
    throw late();
  });
  try {
    return await Promise.race([work(), timeout]);
  } finally {
    timeout.catch(() => undefined); // aborted below, when nobody waits for it any more
    done.abort(SETTLED);
  }
}

/** A clock that stands still until told to move; sleepers wake in the order of their deadlines. */
export class ManualClock implements Clock {
  private sleepers: { at: number; wake: () => void }[] = [];

  constructor(private current = 0) {}

  now(): number {
    return this.current;
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      const sleeper = { at: this.current + milliseconds, wake: resolve };
      this.sleepers.push(sleeper);
      signal?.addEventListener(
        "abort",
        () => {
          this.sleepers = this.sleepers.filter((other) => other !== sleeper);
          reject(signal.reason as Error);
        },
        { once: true },
      );
    });
  }

  /** Moves time forward and lets everything that was due run, including what it schedules within the span. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.current + milliseconds;
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      const next = this.sleepers.filter((s) => s.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.sleepers = this.sleepers.filter((s) => s !== next);
      this.current = Math.max(this.current, next.at);
      next.wake();
    }
    this.current = end;
  }
}
