import type { CombineState } from "./prediction/combine";

/**
 * What one workload's evaluations tell the next ones beside their history; plain JSON, kept with the scaler. Times are
 * milliseconds since the epoch, metrics go by their names.
 */
export interface Memory {
  /** The 0 replicas are this engine's doing: it may end them. 0 that somebody else set switches the scaler off. */
  asleep?: boolean;
  /** When there was something to do, or somebody asked, last. */
  activeAt?: number;
  /** A surge that is not over: at least so many replicas until then. */
  panic?: { until: number; replicas: number };
  /** The newest total of each metric that was believed. */
  believed?: Readonly<Record<string, number>>;
  /** Totals that were too large to be believed at once. */
  doubted?: Readonly<Record<string, number>>;
  /** What recent forecasts asked for. */
  forecasts?: CombineState;
  /** The replicas of the evaluation before, where somebody else scales. */
  seen?: number;
}
