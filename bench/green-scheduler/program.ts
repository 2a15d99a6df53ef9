import type { Job, Slot } from "../../runtime/sustainability/green-scheduler/engine";
import type { Instance } from "./instances";

/**
 * The planner's problem as a mixed-integer program in CPLEX's LP format, written down for itself: of every way to run each job
 * (start, region, cut into chunks) exactly one; a step that a run touches is taken whole; no step holds more than its cores.
 * Jobs that may be cut up at no cost have a variable for each step instead, and how much of it they use.
 */
export function programOf(instance: Instance): string {
  const { grid, regions, jobs } = instance;
  const program = { objective: [] as string[], rows: [] as string[], binaries: [] as string[] };
  const used = regions.map(() => Array.from({ length: grid.steps }, (): string[] => []));
  jobs.forEach((job, j) => {
    const isFree = job.interruptible && job.startupSeconds + job.checkpointSeconds === 0;
    const terms: string[] = [];
    // A job without slack is not moved.
    const slack = job.deadline - job.releaseAt - (job.startupSeconds + job.duration.highSeconds) * 1000;
    (slack > 0 ? job.regions : job.regions.slice(0, 1)).forEach((name, k) => {
      const r = regions.findIndex(({ region }) => region === name);
      if (isFree) return pieces(job, `${String(j)}_${String(k)}`, r, terms);
      const ways = [...starts(job, instance), ...(job.interruptible ? chunks(job, instance) : [])];
      ways.forEach((slots, i) => {
        const variable = `x${String(j)}_${String(k)}_${String(i)}`;
        program.objective.push(`${String(gramsOf(job, slots, instance, r))} ${variable}`);
        program.binaries.push(variable);
        terms.push(variable);
        for (const step of touched(slots, instance)) used[r]![step]!.push(`${String(job.cores)} ${variable}`);
      });
    });
    program.rows.push(` j${String(j)}: ${terms.join(" + ")} = 1`);
  });

  function pieces(job: Job, key: string, r: number, terms: string[]): void {
    // The region it goes to: all of its steps are there.
    program.binaries.push(`r${key}`);
    terms.push(`r${key}`);
    const parts: string[] = [];
    for (let step = 0; step < grid.steps; step++) {
      const from = Math.max(step * grid.stepMs, job.releaseAt);
      const to = Math.min((step + 1) * grid.stepMs, job.deadline);
      if (to <= from) continue;
      const [x, y] = [`x${key}_${String(step)}`, `y${key}_${String(step)}`];
      // y: seconds used of the step.
      const share = { from, to: from + 1000, replicas: 1 };
      program.objective.push(`${String(gramsOf(job, [share], instance, r))} ${y}`);
      program.rows.push(` u${key}_${String(step)}: ${y} - ${String((to - from) / 1000)} ${x} <= 0`);
      program.binaries.push(x);
      parts.push(y);
      used[r]![step]!.push(`${String(job.cores)} ${x}`);
    }
    program.rows.push(` w${key}: ${parts.join(" + ")} - ${String(job.duration.meanSeconds)} r${key} = 0`);
  }

  used.forEach((steps, r) =>
    steps.forEach((terms, step) => {
      if (terms.length === 0) return;
      const name = `c${String(r)}_${String(step)}`;
      program.rows.push(` ${name}: ${terms.join("\n + ")} <= ${String(regions[r]!.freeCores[step])}`);
    }),
  );
  return [
    `Minimize\n obj: ${program.objective.join("\n + ")}`,
    `Subject To\n${program.rows.join("\n")}`,
    `Binary\n ${program.binaries.join("\n ")}\nEnd`,
  ].join("\n");
}

/** Grams of the slots, all of which are run through; of one without replicas, none. */
export function gramsOf(job: Job, slots: readonly Slot[], { grid, regions }: Instance, r: number): number {
  let sum = 0;
  for (const { from, to, replicas } of slots) {
    for (let step = Math.floor(from / grid.stepMs); replicas > 0 && step * grid.stepMs < to; step++) {
      const time = Math.min(to, (step + 1) * grid.stepMs) - Math.max(from, step * grid.stepMs);
      sum += (regions[r]!.gramsPerKwh[step]! * job.watts * time) / 3_600_000_000;
    }
  }
  return sum;
}

/** Steps that are taken. */
export function touched(slots: readonly Slot[], { grid }: Instance): Set<number> {
  const steps = new Set<number>();
  for (const { from, to } of slots) {
    for (let step = Math.floor(from / grid.stepMs); step * grid.stepMs < to; step++) steps.add(step);
  }
  return steps;
}

/** The runs without a pause: from every start at which the grams or the steps taken may change. */
function starts(job: Job, { grid }: Instance): Slot[][] {
  const { meanSeconds, highSeconds } = job.duration;
  const [mean, high] = [meanSeconds, highSeconds].map((seconds) => (job.startupSeconds + seconds) * 1000) as [
    number,
    number,
  ];
  const soonest = job.releaseAt;
  const latest = job.deadline - high;
  const found = new Set([soonest, latest]);
  for (let step = 0; step <= grid.steps; step++) {
    for (const start of [step * grid.stepMs, step * grid.stepMs - mean, step * grid.stepMs - high]) {
      if (start >= soonest && start <= latest) found.add(start);
    }
  }
  // What is kept free behind the expected end emits nothing: gramsOf is given the expected run, `touched` the whole.
  return [...found].map((from) => [
    { from, to: from + mean, replicas: 1 },
    ...(high > mean ? [{ from: from + mean, to: from + high, replicas: 0 }] : []),
  ]);
}

/** The ways to cut whole steps of work into chunks, each followed by its start-up and (but for the last) checkpoint. */
function chunks(job: Job, { grid }: Instance): Slot[][] {
  const { stepMs } = grid;
  const work = Math.ceil((job.duration.meanSeconds * 1000) / stepMs);
  const startup = job.startupSeconds * 1000;
  const overhead = startup + job.checkpointSeconds * 1000;
  const until = Math.min(job.deadline, grid.steps * stepMs);
  const found: Slot[][] = [];
  const extend = (slots: Slot[], step: number, left: number): void => {
    for (let first = step; (first + left) * stepMs + startup <= until; first++) {
      for (let length = 1; length <= left; length++) {
        const from = first * stepMs;
        const to = from + length * stepMs;
        if (length === left) {
          if (to + startup <= until) found.push([...slots, { from, to: to + startup, replicas: 1 }]);
          continue;
        }
        const next = first + length + Math.ceil(overhead / stepMs);
        extend([...slots, { from, to: to + overhead, replicas: 1 }], next, left - length);
      }
    }
  };
  extend([], Math.ceil(job.releaseAt / stepMs), work);
  return found;
}
