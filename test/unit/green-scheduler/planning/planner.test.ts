import assert from "node:assert/strict";
import { planAll, whatIf } from "../../../../runtime/sustainability/green-scheduler/engine";
import type { Job, PlanningContext } from "../../../../runtime/sustainability/green-scheduler/engine";
import { contextOf, HOUR, jobOf } from "./fixtures";

const planOf = (job: Job, context: PlanningContext) => planAll([job], context)[0]!;
const hours = (job: Job, context: PlanningContext) =>
  planOf(job, context).slots.map(({ from, to }) => [from / HOUR, to / HOUR]);

describe("green scheduler: planning", () => {
  it("runs a job that cannot be cut up in the window that emits least", () => {
    const plan = planOf(
      jobOf({ duration: { meanSeconds: 7200, highSeconds: 7200 } }),
      contextOf([9, 9, 1, 8, 3, 3, 9, 9]),
    );
    assert.deepEqual(plan.slots, [{ from: 4 * HOUR, to: 6 * HOUR, replicas: 1 }]);
    assert.equal(plan.expectedGrams, 6);
    assert.equal(plan.baselineGrams, 18);
    assert.equal(plan.outcome, "shifted");
    assert.match(plan.reason, /after 4\.0 h: 6\.0 g instead of 18\.0 g/);
  });

  it("lets a start between two steps win, where the end then meets a step's", () => {
    const job = jobOf({ duration: { meanSeconds: 5400, highSeconds: 5400 } });
    assert.deepEqual(hours(job, contextOf([9, 3, 1, 9, 9])), [[1.5, 3]]);
  });

  it("cuts up an interruptible job into the cheapest steps", () => {
    const job = jobOf({ interruptible: true, duration: { meanSeconds: 7200, highSeconds: 7200 } });
    assert.deepEqual(hours(job, contextOf([9, 9, 1, 8, 3, 3, 9, 9])), [
      [2, 3],
      [4, 5],
    ]);
  });

  it("pauses only where that saves more than the start-up and the checkpoint cost", () => {
    const job = jobOf({ interruptible: true, startupSeconds: 900, duration: { meanSeconds: 7200, highSeconds: 7200 } });
    const cut = [99, 1, 90, 1, 1, 90, 90, 90];
    assert.deepEqual(hours(job, contextOf([99, 1, 90, 1, 90, 90, 90, 90])).length, 2);
    assert.deepEqual(hours(job, contextOf(cut)), [[2.75, 5]]);
    assert.deepEqual(hours({ ...job, minChunkSeconds: 7200 }, contextOf([99, 1, 90, 1, 90, 90, 90, 90])).length, 1);
  });

  it("does not move a job without slack, wherever it would be cheaper", () => {
    const context = contextOf([9, 1, 1]);
    context.regions = [...context.regions, { region: "b", gramsPerKwh: [1, 1, 1], errorShare: null }];
    const plan = planOf(jobOf({ deadline: HOUR, regions: ["a", "b"] }), context);
    assert.equal(plan.region, "a");
    assert.equal(plan.slots[0]!.from, 0);
    assert.match(plan.reason, /no slack/);
  });

  it("keeps the deadline for the high estimate of the duration, not for the mean", () => {
    const job = jobOf({ deadline: 4 * HOUR, duration: { meanSeconds: 3600, highSeconds: 3 * 3600 } });
    const plan = planOf(job, contextOf([9, 5, 2, 1]));
    assert.equal(plan.slots[0]!.from, HOUR);
    assert.equal(plan.slots[0]!.to, 4 * HOUR);
    assert.equal(plan.latestStart, HOUR);
  });

  it("never holds a job back for longer than it allows, whatever its duration", () => {
    const job = jobOf({ maxDelaySeconds: 2 * 3600 });
    assert.deepEqual(hours(job, contextOf([9, 5, 4, 1, 1])), [[2, 3]]);
    assert.deepEqual(hours({ ...job, interruptible: true }, contextOf([9, 5, 4, 1, 1])), [[2, 3]]);
  });

  it("judges starts by all durations that are likely", () => {
    const duration = { meanSeconds: 2 * 3600, highSeconds: 3 * 3600, quantilesSeconds: [3600, 3 * 3600] };
    assert.deepEqual(hours(jobOf({ duration }), contextOf([5, 5, 4, 4, 20, 20])), [[1, 4]]);
  });

  it("moves a job only to regions that its data may go to, and says where", () => {
    const context = contextOf([9, 9, 9]);
    context.regions = ["b", "c"].reduce(
      (regions, region, i) => [...regions, { region, gramsPerKwh: [5 - i * 4, 5, 5], errorShare: null }],
      [...context.regions],
    );
    const plan = planOf(jobOf({ regions: ["a", "b"] }), context);
    assert.equal(plan.region, "b");
    assert.match(plan.reason, /in b instead of a/);
  });

  it("leaves a running job in its region, and alone where it cannot be interrupted", () => {
    const context = contextOf([9, 1, 1, 1]);
    assert.equal(planOf(jobOf({ runningIn: "a" }), context).slots[0]!.from, 0);
    assert.equal(planOf(jobOf({ runningIn: "a", interruptible: true }), context).slots[0]!.from, HOUR);
    const dear = jobOf({ runningIn: "a", interruptible: true, startupSeconds: 3500, checkpointSeconds: 3500 });
    assert.equal(planOf(dear, contextOf([9, 8, 8, 8])).slots[0]!.from, 0);
  });

  it("starts earlier where waiting has a price, unless a carbon budget asks for less", () => {
    const context = contextOf([9, 8, 5, 4, 4]);
    assert.deepEqual(hours(jobOf({ waitPriceGramsPerHour: 1.5 }), context), [[2, 3]]);
    assert.deepEqual(hours(jobOf({ waitPriceGramsPerHour: 1.5, carbonBudgetGrams: 4 }), context), [[3, 4]]);
  });

  it("says so where no plan is within the carbon budget", () => {
    const plan = planOf(jobOf({ carbonBudgetGrams: 3 }), contextOf([9, 8, 5, 4, 4]));
    assert.equal(plan.outcome, "over-budget");
    assert.equal(plan.expectedGrams, 4);
    assert.match(plan.reason, /expected 4\.0 g, over its budget of 3\.0 g/);
  });

  it("shares scarce cores: who saves most by the core gets the cheap step", () => {
    const plans = planAll(
      [jobOf({ id: "small", watts: 100 }), jobOf({ id: "large", watts: 1000 })],
      contextOf([9, 1, 5], { freeCores: [2, 1, 1] }),
    );
    assert.deepEqual(
      plans.map(({ slots }) => slots[0]!.from / HOUR),
      [2, 1],
    );
  });

  it("lets a job leave a clean hour to one that saves more there, unless it was promised not to", () => {
    const jobs = [
      jobOf({ id: "small", watts: 100, deadline: 2 * HOUR }),
      jobOf({ id: "large", watts: 1000, deadline: 3 * HOUR }),
    ];
    const context = contextOf([1, 5, 9], { freeCores: [1, 1, 1] });
    const plans = planAll(jobs, context);
    assert.deepEqual(
      plans.map(({ slots }) => slots[0]!.from / HOUR),
      [1, 0],
    );
    assert.match(plans[0]!.reason, /0\.5 g instead of 0\.1 g; it leaves cleaner hours to jobs that save more there/);
    const promised = planAll([{ ...jobs[0]!, neverAboveSoonest: true }, jobs[1]!], context);
    assert.deepEqual(
      promised.map(({ slots }) => slots[0]!.from / HOUR),
      [0, 1],
    );
  });

  it("takes no room that a budget needs for others' savings", () => {
    const jobs = [
      jobOf({ id: "small", watts: 100, deadline: 2 * HOUR, carbonBudgetGrams: 0.2 }),
      jobOf({ id: "large", watts: 1000, deadline: 3 * HOUR }),
    ];
    const plans = planAll(jobs, contextOf([1, 5, 9], { freeCores: [1, 1, 1] }));
    assert.deepEqual(
      plans.map(({ outcome }) => outcome),
      ["at-once", "at-once"],
    );
  });

  it("counts free cores that are negative or not known as none", () => {
    const [plan] = planAll([jobOf()], contextOf([5, 5, 1], { freeCores: [-1, NaN, 1] }));
    assert.equal(plan!.slots[0]!.from, 2 * HOUR);
  });

  it("says that a job is late, or has no room at all", () => {
    const jobs = [jobOf({ id: "first", deadline: HOUR }), jobOf({ id: "second", deadline: HOUR })];
    const plans = planAll(jobs, contextOf([5, 5], { freeCores: [1, 1] }));
    assert.deepEqual(
      plans.map(({ outcome }) => outcome),
      ["at-once", "late"],
    );
    assert.equal(planOf(jobOf({ cores: 2 }), contextOf([5, 5], { freeCores: [1, 1] })).outcome, "unplaced");
    assert.match(planOf(jobOf({ regions: ["z"] }), contextOf([5])).reason, /no intensity is known/);
  });

  it("scales an elastic job up where intensity is low, by what more replicas are worth", () => {
    const scale = [
      { replicas: 1, throughput: 10, watts: 100 },
      { replicas: 2, throughput: 18, watts: 200 },
      { replicas: 4, throughput: 20, watts: 400 },
    ];
    const duration = { meanSeconds: 2.8 * 3600, highSeconds: 2.8 * 3600 };
    const plan = planOf(jobOf({ scale, duration }), contextOf([50, 10, 11, 60, 60]));
    assert.deepEqual(plan.slots, [
      { from: HOUR, to: 2 * HOUR, replicas: 2 },
      { from: 2 * HOUR, to: 3 * HOUR, replicas: 1 },
    ]);
    assert.ok(plan.expectedGrams < plan.baselineGrams);
    // Of the dearest pair of a step and a size only as much as is needed.
    const shorter = { meanSeconds: 2.4 * 3600, highSeconds: 2.4 * 3600 };
    assert.deepEqual(planOf(jobOf({ scale, duration: shorter }), contextOf([50, 10, 11, 60, 60])).slots, [
      { from: HOUR, to: 1.5 * HOUR, replicas: 2 },
      { from: 1.5 * HOUR, to: 3 * HOUR, replicas: 1 },
    ]);
    // Only the largest size makes this deadline.
    const hurried = planOf(jobOf({ scale, duration, deadline: 1.4 * HOUR }), contextOf([50, 10, 11]));
    assert.deepEqual(hurried.slots, [{ from: 0, to: 1.4 * HOUR, replicas: 4 }]);
  });

  it("takes unknown steps as the mean of the known ones", () => {
    assert.deepEqual(hours(jobOf(), contextOf([9, NaN, 5])), [[2, 3]]);
  });

  it("refuses jobs and series that make no sense", () => {
    assert.throws(() => planOf(jobOf({ watts: NaN }), contextOf([1])), /job job: watts must be a positive number/);
    assert.throws(() => planOf(jobOf({ regions: [] }), contextOf([1])), /regions must name at least one/);
    const context = contextOf([1, 2], { freeCores: [1] });
    assert.throws(() => planOf(jobOf(), context), /freeCores must have 2 values/);
    assert.throws(
      () => planOf(jobOf(), { ...context, grid: { ...context.grid, steps: 3 } }),
      /2 values for a grid of 3/,
    );
  });

  it("answers what a job would emit at each start", () => {
    const costs = whatIf(jobOf({ deadline: 3 * HOUR }), contextOf([9, 4, 5, 1], { freeCores: [1, 0, 1, 1], pue: 2 }));
    assert.deepEqual(
      costs.map(({ start, expectedGrams, safe }) => [start / HOUR, expectedGrams, safe]),
      [
        [0, 18, true],
        [1, 8, false],
        [2, 10, true],
        [3, 2, false],
      ],
    );
  });
});
