/** What the planner takes and gives. Times are milliseconds since the epoch, durations seconds, power W, carbon gCO2e. */

/** How long the work that is left is expected to take at full speed (of an elastic job: with its smallest scale). */
export interface DurationEstimate {
  meanSeconds: number;
  /** A high quantile. Deadlines are kept for every duration up to it. */
  highSeconds: number;
  /**
   * Equally likely durations, ascending: the shape of the estimate. Starts are judged by the mean of their carbon. Absent: the
   * mean alone.
   */
  quantilesSeconds?: readonly number[];
}

/** One size an elastic job can run at. */
export interface ScalePoint {
  replicas: number;
  /** Work done per second, in the unit of the smallest size's: only ratios count. */
  throughput: number;
  /** Of all replicas together. */
  watts: number;
}

export interface Job {
  id: string;
  tenant: string | null;
  /** Not to start before. */
  releaseAt: number;
  /** To be finished by. */
  deadline: number;
  /**
   * The longest it may still be held back in all, from now or its release on, before its start and between its parts: a limit
   * beside the deadline that holds however wrong the estimate is. An elastic job finishes by no more than this later than at its
   * smallest size without a wait. Absent: the deadline alone limits.
   */
  maxDelaySeconds?: number;
  /** Of the work that is left. */
  duration: DurationEstimate;
  interruptible: boolean;
  /** Time and power lost at each pause. */
  checkpointSeconds: number;
  /** Time and power lost at each start. */
  startupSeconds: number;
  /** An interruptible job runs at least this long before it is paused again. */
  minChunkSeconds: number;
  /** While it runs; ignored where `scale` is given. */
  watts: number;
  /** While it runs, of one replica. */
  cores: number;
  /** Where it may run (data residency). The first one is where it would run unshifted: its baseline. Never empty. */
  regions: readonly string[];
  /** Makes it elastic: sizes by replicas, ascending, the smallest first. Elastic jobs are taken as interruptible. */
  scale?: readonly ScalePoint[];
  /** More than this it must not emit by the plan; where the deadline leaves no such plan, the plan says so. */
  carbonBudgetGrams?: number;
  /** A later start has to save this much for each hour of waiting. 0 by default: carbon alone decides, ties go to the earliest.
   * Not counted where there is a carbon budget. */
  waitPriceGramsPerHour?: number;
  /**
   * It must not be expected to emit more than at its soonest start, whatever others save by that. Where cores are scarce, a job
   * without it may have to leave the cleanest hours to others, so that all together emit less; that makes nobody late.
   */
  neverAboveSoonest?: boolean;
  /** Set while it runs: it stays there, and going on costs no start-up. A running job that cannot be interrupted is never moved. */
  runningIn?: string;
}

/** What is known of one region over the steps of the grid. */
export interface RegionOutlook {
  region: string;
  /** One per step of the grid; a step of which nothing is known is NaN, and counts as the mean of the known ones. */
  gramsPerKwh: Readonly<Float64Array> | readonly number[];
  /** Standard deviation of the forecast's error as a share of the mean intensity; null: unknown, the forecast is taken as it is. */
  errorShare: number | null;
  /** Cores free for planned jobs in each step; absent: as many as are asked for. */
  freeCores?: Readonly<Float64Array> | readonly number[];
  /** Power usage effectiveness of the place, 1 by default. */
  pue?: number;
}

/** Steps of equal length: step i covers [from + i * stepMs, from + (i + 1) * stepMs). */
export interface Grid {
  from: number;
  stepMs: number;
  steps: number;
}

export interface PlanningContext {
  now: number;
  grid: Grid;
  regions: readonly RegionOutlook[];
}

export interface Slot {
  from: number;
  to: number;
  replicas: number;
}

export type PlanOutcome =
  /** Started as soon as it may: no slack, or nothing to be saved by waiting. */
  | "at-once"
  /** Held back, moved, cut up or scaled to save carbon. */
  | "shifted"
  /** There is no room for it before its deadline; it runs as soon as there is room. */
  | "late"
  /** There is no room for it on the grid; `slots` is empty. Plan again when there is. */
  | "unplaced"
  /** No plan within its carbon budget meets the deadline: the one that emits least is given. */
  | "over-budget";

export interface Plan {
  job: string;
  /** Of an unplaced job: its first allowed region. */
  region: string;
  /** In order, not touching each other unless the replicas change. What `expectedSeconds` do not fill is kept free for a longer run. */
  slots: readonly Slot[];
  outcome: PlanOutcome;
  /** Of the plan, on the forecast as it was given (not as it was smoothed for the choice). */
  expectedGrams: number;
  /**
   * Of the soonest start there is room for, in the first allowed region, on the same forecast. All plans together are never
   * expected to emit more than all these; a single one only where it makes room for others.
   */
  baselineGrams: number;
  expectedKwh: number;
  /** By how much the start could still be put off without endangering the deadline; at least 0. */
  slackSeconds: number;
  /** The start after which the deadline is in danger at the high estimate of the duration. */
  latestStart: number;
  /** For people: what decided. */
  reason: string;
}

/** One bar of "what would this job cost at each start". */
export interface StartCost {
  region: string;
  start: number;
  expectedGrams: number;
  /** Does it meet the deadline at the high estimate of the duration? */
  safe: boolean;
}
