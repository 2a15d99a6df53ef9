/** Why a resource was destroyed. */
export type DestroyReason =
  /** Its maximum lifetime was over. */
  | "lifetime"
  /** It was idle for longer than the idle timeout, and more than the minimum were there. */
  | "idle"
  /** It failed its validation, or `reset` rejected. */
  | "invalid"
  /** Its borrower said that it is broken. */
  | "broken"
  /** It was held beyond the lease limit. */
  | "reclaimed"
  /** The pool was closed. */
  | "closed";

/** Makes and ends what a pool holds. No function of it is trusted to end: each has a timeout. */
export interface Factory<T> {
  /** `signal` is aborted when the create timeout is over or the pool closes; what is made after that is destroyed. */
  create(signal: AbortSignal): Promise<T>;
  destroy(resource: T, reason: DestroyReason): Promise<void> | void;
  /** Whether the resource still works. False and a rejection both say no. */
  validate?(resource: T): Promise<boolean>;
  /** Brings a returned resource back into its first state, before anybody else gets it. */
  reset?(resource: T): Promise<void>;
}

/** A resource held for longer than the leak threshold. */
export interface Leak {
  heldMilliseconds: number;
  /** Of the `acquire` that has not been followed by a release; absent where it was not sampled. */
  stack?: string;
  /** Whether the resource was taken back, because the lease limit is over too. */
  reclaimed: boolean;
}

/**
 * Told of what happens in a pool, synchronously and on its hot path: counters and histograms, not I/O. What a member throws
 * does not disturb the pool; it ends up as an uncaught exception.
 */
export interface PoolObserver {
  /** A resource was handed out this many milliseconds after it was asked for. */
  acquired?: (waitedMilliseconds: number) => void;
  released?: (heldMilliseconds: number) => void;
  /** An acquire was not served: by timeout, abort, a failing factory, a full queue or the pool's end. */
  refused?: (error: unknown, waitedMilliseconds: number) => void;
  created?: (milliseconds: number) => void;
  createFailed?: (error: unknown) => void;
  destroyed?: (reason: DestroyReason) => void;
  /** `destroy` rejected or took too long; the pool has forgotten the resource. */
  destroyFailed?: (error: unknown) => void;
  leaked?: (leak: Leak) => void;
}
