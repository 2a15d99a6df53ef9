/** What is known of one request when it has ended. Times are milliseconds of one clock that only grows. */
export interface LimitSample {
  /** When it was let through; time in the limiter's own queue does not count. */
  startedAt: number;
  finishedAt: number;
  /** Requests in flight when it was let through, itself included. */
  inflight: number;
  /** It timed out, or the server turned it away for load: its time says nothing about the service. */
  dropped: boolean;
}

/** Decides how many requests may be in flight at once, from how the requests before went. */
export interface ConcurrencyLimit {
  /** Requests that may be in flight; need not be whole. */
  readonly limit: number;
  /** The whole number of requests that may be in flight at this moment. */
  allowed(now: number): number;
  onSample(sample: LimitSample): void;
}
