import type { Grid, Job, Plan, PlanningContext, RegionOutlook, SeenRun, StartCost } from "../engine";
import { type Defaults, plannerJob } from "./estimate";
import type { Forecasts, RegionForecast } from "./forecasts";
import type { JobRecord } from "./record";

/** The pure decisions that planning rests on (../engine). */
interface Planner {
  planAll(jobs: readonly Job[], context: PlanningContext): readonly Plan[];
  /** What the job would cost at each start. */
  whatIf(job: Job, context: PlanningContext): readonly StartCost[];
}

interface PlanningOptions {
  planner: Planner;
  forecasts: Forecasts;
  defaults: Defaults;
  stepMilliseconds: number;
  horizonMilliseconds: number;
}

/** A job with what the planner is to know of it. */
export interface Estimated {
  record: JobRecord;
  job: Job;
}

/** Plans by job; those whose regions have no trusted forecast, or that the planner refuses, have none. */
export interface Planned {
  plans: Map<string, Plan>;
  /** Of jobs without a plan: why. */
  refusals: Map<string, string>;
}

const MOST_STEPS = 5000;

/** From records to plans: estimates, the grid, forecasts as the planner takes them. */
export class Planning {
  constructor(private readonly options: PlanningOptions) {}

  /** Each valid job with the estimate of what is left of it. `runTimes` are earlier runs by recurring key. */
  estimate(records: readonly JobRecord[], runTimes: ReadonlyMap<string, readonly SeenRun[]>, now: number): Estimated[] {
    return records.flatMap((record) => {
      const { declaration } = record;
      if (!declaration) return [];
      const seen = runTimes.get(declaration.recurringKey ?? "") ?? [];
      return [{ record, job: plannerJob(record, declaration, seen, this.options.defaults, now) }];
    });
  }

  /** May it run within the horizon? */
  isNear({ releaseAt }: Job, now: number): boolean {
    return releaseAt < now + this.options.horizonMilliseconds;
  }

  /**
   * As far as the furthest deadline, within the horizon; but never too short for the longest job, and with longer steps where
   * there would be too many of them.
   */
  grid(jobs: readonly Job[], now: number): Grid {
    const { stepMilliseconds, horizonMilliseconds } = this.options;
    let until = now + stepMilliseconds;
    for (const { deadline, duration, startupSeconds } of jobs) {
      const least = now + (duration.highSeconds + startupSeconds) * 1000;
      until = Math.max(until, least, Math.min(deadline, now + horizonMilliseconds));
    }
    until = Math.min(until, now + 4 * horizonMilliseconds);
    const stepMs = stepMilliseconds * Math.ceil((until - now) / stepMilliseconds / MOST_STEPS);
    const from = Math.floor(now / stepMs) * stepMs;
    return { from, stepMs, steps: Math.ceil((until - from) / stepMs) };
  }

  forecasts(jobs: readonly Job[], grid: Grid): Promise<RegionForecast[]> {
    const regions = new Set(jobs.flatMap((job) => (job.runningIn === undefined ? job.regions : [job.runningIn])));
    return this.options.forecasts.read([...regions].sort(), grid);
  }

  /** Plans what can be planned. `free` are cores by region; without it there are as many as are asked for. */
  plan(
    jobs: readonly Job[],
    grid: Grid,
    forecasts: readonly RegionForecast[],
    now: number,
    free?: ReadonlyMap<string, number>,
  ): Planned {
    const context = contextOf(grid, forecasts, now, free);
    const known = new Set(context.regions.map(({ region }) => region));
    const planned: Planned = { plans: new Map(), refusals: new Map() };
    const plannable = jobs.filter((job) => {
      const regions = job.runningIn === undefined ? job.regions : [job.runningIn];
      if (regions.some((region) => known.has(region))) return true;
      const why = forecasts.filter(({ grounds }) => regions.includes(grounds.region)).map(({ grounds }) => grounds.why);
      planned.refusals.set(job.id, why.join("; "));
      return false;
    });
    const withinGrid = plannable.map((job) => ({ ...job, deadline: Math.min(job.deadline, endOf(grid)) }));
    for (const plan of this.planEach(withinGrid, context, planned.refusals)) planned.plans.set(plan.job, plan);
    return planned;
  }

  /** What the job would cost at each start; empty where none of its regions has a trusted forecast. */
  whatIf(job: Job, grid: Grid, forecasts: readonly RegionForecast[], now: number): readonly StartCost[] {
    const context = contextOf(grid, forecasts, now);
    if (!context.regions.some(({ region }) => job.regions.includes(region))) return [];
    return this.options.planner.whatIf({ ...job, deadline: Math.min(job.deadline, endOf(grid)) }, context);
  }

  /** All together; where the planner refuses one of them, each by itself, so that one job's fault is not another's. */
  private planEach(jobs: readonly Job[], context: PlanningContext, refusals: Map<string, string>): readonly Plan[] {
    const { planner } = this.options;
    try {
      return planner.planAll(jobs, context);
    } catch {
      return jobs.flatMap((job) => {
        try {
          return planner.planAll([job], context);
        } catch (error) {
          refusals.set(job.id, `it cannot be planned: ${error instanceof Error ? error.message : String(error)}`);
          return [];
        }
      });
    }
  }
}

const endOf = ({ from, stepMs, steps }: Grid): number => from + steps * stepMs;

function contextOf(
  grid: Grid,
  forecasts: readonly RegionForecast[],
  now: number,
  free?: ReadonlyMap<string, number>,
): PlanningContext {
  const regions = forecasts.flatMap(({ grounds: { region, errorShare }, values }): RegionOutlook[] => {
    if (!values) return [];
    const cores = free?.get(region);
    const room = cores === undefined ? {} : { freeCores: new Float64Array(grid.steps).fill(cores) };
    return [{ region, gramsPerKwh: values, errorShare, ...room }];
  });
  return { now, grid, regions };
}
