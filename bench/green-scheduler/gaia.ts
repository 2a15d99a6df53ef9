import { estimateLength, planAll } from "../../runtime/sustainability/green-scheduler/engine";
import type { DurationEstimate, Job, SeenRun } from "../../runtime/sustainability/green-scheduler/engine";
import { rowsOf, type Series } from "./intensity-files";

/**
 * The experiment of GAIA (Hanafy et al., ASPLOS 2024): batch jobs in two queues, those under two hours may wait for six, the
 * others for a day; intensity is known. Time goes in units of five seconds, as in its simulator.
 */
const UNIT_MS = 5000;
const HOUR_MS = 3_600_000;
const SHORT_SECONDS = 7200;
/** Where in three years the published experiment begins, and how much of them it knows. */
export const START = 17_544 + 7000;
const HOURS = 720;

/** Hours that the jobs need to be known, whatever they wait. */
export function hoursOf(jobs: readonly Submission[]): number {
  const last = jobs.reduce((end, { arrival, mayWait, length }) => Math.max(end, arrival + mayWait + length), 0);
  return Math.max(HOURS, Math.ceil(last / HOUR_MS) + 1);
}
/** What a job says of itself by its choice of a queue: half and twice the length that divides them. */
const DECLARED = { short: SHORT_SECONDS / 2, long: SHORT_SECONDS * 2 };

type Queue = keyof typeof DECLARED;

export interface Submission {
  arrival: number;
  length: number;
  cores: number;
  queue: Queue;
  mayWait: number;
}

export function readJobs(file: string): Submission[] {
  const floor = (seconds: string): number => Math.floor(Number(seconds) / 5) * UNIT_MS;
  return rowsOf(file).map((row) => {
    const length = floor(row["length"]!);
    const queue = length < SHORT_SECONDS * 1000 ? "short" : "long";
    return {
      ...{ arrival: floor(row["arrival_time"]!), length, cores: Number(row["cpus"]), queue },
      mayWait: (queue === "short" ? 6 : 24) * HOUR_MS,
    };
  });
}

export interface Outcome {
  grams: number;
  waitHours: number;
  /** Jobs that were held back for longer than their queue allows. */
  late: number;
}

interface Ran {
  job: Submission;
  slots: { from: number; to: number }[];
}

export class Gaia {
  private readonly values: Float64Array;
  private readonly sums: Float64Array;

  /** `start`: the hour of the series in which the trace of jobs begins. */
  constructor(
    series: Series,
    readonly jobs: readonly Submission[],
    start: number,
  ) {
    this.values = series.values.slice(start, start + hoursOf(jobs));
    this.sums = new Float64Array(this.values.length + 1);
    this.values.forEach((value, i) => (this.sums[i + 1] = this.sums[i]! + value));
  }

  private upTo(time: number): number {
    const hour = Math.floor(time / HOUR_MS);
    return this.sums[hour]! + (time / HOUR_MS - hour) * this.values[hour]!;
  }

  private judge(runs: readonly Ran[]): Outcome {
    const outcome = { grams: 0, waitHours: 0, late: 0 };
    for (const { job, slots } of runs) {
      for (const { from, to } of slots) outcome.grams += job.cores * (this.upTo(to) - this.upTo(from));
      const waited = slots[slots.length - 1]!.to - job.arrival - job.length;
      outcome.waitHours += waited / HOUR_MS / runs.length;
      if (waited > job.mayWait + 1) outcome.late++;
    }
    return outcome;
  }

  noWait(): Outcome {
    return this.judge(this.jobs.map((job) => ({ job, slots: [{ from: job.arrival, to: job.arrival + job.length }] })));
  }

  /** GAIA's Lowest-Window: the hour after arrival from which its queue's mean length (of the whole trace) emits least. */
  lowestWindow(): Outcome {
    const mean = (queue: Queue): number => {
      const lengths = this.jobs.filter((job) => job.queue === queue).map(({ length }) => length);
      return lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
    };
    const means = { short: mean("short"), long: mean("long") };
    return this.judge(
      this.jobs.map((job) => {
        let best = job.arrival;
        let least = Infinity;
        for (let from = job.arrival; from <= job.arrival + job.mayWait; from += HOUR_MS) {
          const grams = this.upTo(from + means[job.queue]) - this.upTo(from);
          if (grams >= least) continue;
          least = grams;
          best = from;
        }
        return { job, slots: [{ from: best, to: best + job.length }] };
      }),
    );
  }

  private plan(
    job: Submission,
    now: number,
    duration: DurationEstimate,
    changes: Partial<Job>,
  ): { from: number; to: number }[] {
    const first = Math.floor(now / HOUR_MS);
    const values = this.values.subarray(first, first + 24 * 9);
    const grid = { from: first * HOUR_MS, stepMs: HOUR_MS, steps: values.length };
    const planned: Job = {
      ...{ id: "job", tenant: null, releaseAt: now, deadline: Infinity, maxDelaySeconds: job.mayWait / 1000, duration },
      ...{ interruptible: false, checkpointSeconds: 0, startupSeconds: 0, minChunkSeconds: 0 },
      ...{ watts: 1000 * job.cores, cores: job.cores, regions: ["here"] },
      ...changes,
    };
    const regions = [{ region: "here", gramsPerKwh: values, errorShare: null }];
    return [...planAll([planned], { now, grid, regions })[0]!.slots];
  }

  /** Ours, with the length known: the bound of what learning can reach. */
  known(interruptible: boolean): Outcome {
    return this.judge(
      this.jobs.map((job) => {
        const seconds = job.length / 1000;
        const duration = { meanSeconds: seconds, highSeconds: seconds };
        return { job, slots: this.plan(job, job.arrival, duration, { interruptible }) };
      }),
    );
  }

  /** What the queue has shown until now: runs that ended, and how long the others have lasted. */
  private seen(runs: readonly Ran[], queue: Queue, now: number): SeenRun[] {
    return runs
      .filter(({ job, slots }) => job.queue === queue && slots[0]!.from < now)
      .map(({ slots }) => {
        const ran = slots.reduce((sum, { from, to }) => sum + Math.max(0, Math.min(to, now) - from), 0);
        return { seconds: ran / 1000, finished: slots[slots.length - 1]!.to <= now };
      });
  }

  /** Ours, with lengths learnt from the queue's past alone. */
  learnt(): Outcome {
    const runs: Ran[] = [];
    for (const job of this.jobs.toSorted((a, b) => a.arrival - b.arrival)) {
      const seen = this.seen(runs, job.queue, job.arrival);
      const duration = estimateLength({ seen, declaredSeconds: DECLARED[job.queue], ranSeconds: 0 });
      const [slot] = this.plan(job, job.arrival, duration, {});
      runs.push({ job, slots: [{ from: slot!.from, to: slot!.from + job.length }] });
    }
    return this.judge(runs);
  }

  /**
   * Ours, with suspension, and lengths learnt from the queue's past alone: planned anew each hour for as long as it takes, with
   * what the job's running until then says of its length. All it has waited counts against what its queue allows.
   */
  learntSuspended(): Outcome {
    const runs: Ran[] = [];
    for (const job of this.jobs.toSorted((a, b) => a.arrival - b.arrival)) {
      runs.push({ job, slots: this.live(job, this.seen(runs, job.queue, job.arrival)) });
    }
    return this.judge(runs);
  }

  private live(job: Submission, seen: readonly SeenRun[]): { from: number; to: number }[] {
    const slots: { from: number; to: number }[] = [];
    let now = job.arrival;
    let ran = 0;
    while (ran < job.length) {
      const duration = estimateLength({ seen, declaredSeconds: DECLARED[job.queue], ranSeconds: ran / 1000 });
      const waited = now - job.arrival - ran;
      const patience = { maxDelaySeconds: Math.max(0, (job.mayWait - waited) / 1000) };
      const last = slots[slots.length - 1];
      const running = last?.to === now ? { runningIn: "here" } : {};
      const [slot] = this.plan(job, now, duration, { interruptible: true, ...patience, ...running });
      const next = (Math.floor(now / HOUR_MS) + 1) * HOUR_MS;
      const from = Math.max(now, slot!.from);
      if (from < next) {
        const to = Math.min(next, slot!.to, from + job.length - ran);
        if (last?.to === from) last.to = to;
        else slots.push({ from, to });
        ran += to - from;
        now = to;
      } else now = next;
    }
    return slots;
  }
}
