import assert from "node:assert/strict";
import fc from "fast-check";
import { planAll } from "../../../../runtime/sustainability/green-scheduler/engine";
import type { Job, Plan } from "../../../../runtime/sustainability/green-scheduler/engine";
import { runThrough, taskOf } from "../../../../runtime/sustainability/green-scheduler/engine/task";
import { Curve } from "../../../../runtime/sustainability/green-scheduler/engine/outlook";

const STEP = 1_800_000;
const STEPS = 96;
const GRID = { from: 0, stepMs: STEP, steps: STEPS };
const SCALE = [1, 2, 4].map((replicas) => ({ replicas, throughput: replicas ** 0.8, watts: 100 * replicas }));

/** A search for each of them: fewer runs have to do. */
const SCARCE = { numRuns: 25 };

const jobs = (isElastic: boolean): fc.Arbitrary<Job[]> =>
  fc
    .array(
      fc.record({
        releaseAt: fc.integer({ min: 0, max: 20 * STEP }),
        mean: fc.integer({ min: 60, max: 8 * 1800 }),
        doubt: fc.double({ min: 1, max: 2, noNaN: true }),
        slack: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 40 * STEP })),
        interruptible: fc.boolean(),
        checkpointSeconds: fc.constantFrom(0, 60, 2000),
        startupSeconds: fc.constantFrom(0, 30, 1000),
        minChunkSeconds: fc.constantFrom(0, 4000),
        watts: fc.integer({ min: 10, max: 1000 }),
        cores: fc.integer({ min: 1, max: 4 }),
        isElastic: isElastic ? fc.boolean() : fc.constant(false),
        regions: fc.constantFrom(["a"], ["b"], ["a", "b"], ["b", "a"]),
        maxDelaySeconds: fc.option(fc.integer({ min: 0, max: 20 * 1800 }), { nil: undefined }),
      }),
      { minLength: 1, maxLength: 12 },
    )
    .map((drafts) =>
      drafts.map(({ mean, doubt, slack, isElastic: scaled, ...draft }, i): Job => {
        const highSeconds = Math.ceil(mean * doubt);
        const deadline = draft.releaseAt + (highSeconds + draft.startupSeconds) * 1000 + slack;
        const scale = scaled ? { scale: SCALE } : {};
        return {
          ...{ ...draft, ...scale, id: String(i), tenant: null, deadline },
          duration: { meanSeconds: mean, highSeconds },
        };
      }),
    );

const series = fc.array(fc.integer({ min: 0, max: 900 }), { minLength: STEPS, maxLength: STEPS });
const room = fc.array(fc.integer({ min: 0, max: 8 }), { minLength: STEPS, maxLength: STEPS });

function plan(work: readonly Job[], a: number[], b: number[], free?: number[]): Plan[] {
  const limits = free ? { freeCores: free } : {};
  return planAll(work, {
    now: 0,
    grid: GRID,
    regions: [
      { region: "a", gramsPerKwh: a, errorShare: null, ...limits },
      { region: "b", gramsPerKwh: b, errorShare: null, ...limits },
    ],
  });
}

describe("green scheduler: properties of every plan", () => {
  it("with room for all, no deadline is missed up to the high estimate, and no job waits longer than it allows", () => {
    fc.assert(
      fc.property(jobs(true), series, series, (work, a, b) => {
        const flat = new Curve(GRID, Float64Array.from(a));
        plan(work, a, b).forEach(({ slots, outcome }, i) => {
          const job = work[i]!;
          assert.notEqual(outcome, "late");
          const task = taskOf(job, 0);
          assert.ok(slots[0]!.from >= job.releaseAt);
          for (const length of [task.mean, task.high]) {
            assert.ok(runThrough(task, slots, flat, length).end <= job.deadline + 1);
          }
          const waited = slots.reduce((sum, { from }, k) => sum + from - (slots[k - 1]?.to ?? job.releaseAt), 0);
          const allowed = (job.maxDelaySeconds ?? Infinity) * 1000 + 1;
          const delay = runThrough(task, slots, flat, task.mean).end - job.releaseAt - task.mean - task.startup;
          assert.ok((job.scale ? delay : waited) <= allowed);
        });
      }),
    );
  });

  it("no step ever holds more than its cores, and slots do not overlap", () => {
    fc.assert(
      fc.property(jobs(true), series, series, room, (work, a, b, free) => {
        const used = new Map(["a", "b"].map((region) => [region, new Float64Array(STEPS)]));
        plan(work, a, b, free).forEach(({ region, slots }, i) => {
          let end = -1;
          const touched = new Map<number, number>();
          for (const { from, to, replicas } of slots) {
            assert.ok(from >= end && to > from);
            end = to;
            for (let step = Math.floor(from / STEP); step < Math.min(STEPS, Math.ceil(to / STEP)); step++) {
              touched.set(step, Math.max(touched.get(step) ?? 0, replicas * work[i]!.cores));
            }
          }
          for (const [step, cores] of touched) used.get(region)![step]! += cores;
        });
        for (const steps of used.values()) steps.forEach((cores, step) => assert.ok(cores <= free[step]!));
      }),
      SCARCE,
    );
  });

  it("a job without slack is not moved", () => {
    fc.assert(
      fc.property(jobs(false), series, series, (work, a, b) => {
        plan(work, a, b).forEach(({ slots, region, latestStart }, i) => {
          if (latestStart > work[i]!.releaseAt) return;
          assert.equal(slots.length, 1);
          assert.equal(slots[0]!.from, work[i]!.releaseAt);
          assert.equal(region, work[i]!.regions[0]);
        });
      }),
    );
  });

  it("all plans together are expected to emit no more than the soonest starts, and none that was promised so", () => {
    fc.assert(
      fc.property(jobs(true), series, series, room, fc.integer(), (work, a, b, free, promised) => {
        const asked = work.map((job, i) => ({ ...job, neverAboveSoonest: ((promised >> i) & 1) === 1 }));
        const plans = plan(asked, a, b, free).filter(({ outcome }) => outcome !== "unplaced");
        if (plans.some(({ outcome }) => outcome === "late")) return;
        const sum = (figure: (one: Plan) => number): number => plans.reduce((total, one) => total + figure(one), 0);
        assert.ok(
          sum(({ expectedGrams }) => expectedGrams) <= sum(({ baselineGrams }) => baselineGrams) * (1 + 1e-9) + 1e-9,
        );
        for (const { job, expectedGrams, baselineGrams } of plans) {
          if (asked[Number(job)]!.neverAboveSoonest) assert.ok(expectedGrams <= baselineGrams * (1 + 1e-9) + 1e-9);
        }
      }),
      SCARCE,
    );
  });

  it("without a limit, no plan is expected to emit more than the soonest start", () => {
    fc.assert(
      fc.property(jobs(true), series, series, (work, a, b) => {
        for (const { expectedGrams, baselineGrams } of plan(work, a, b)) {
          assert.ok(expectedGrams <= baselineGrams * (1 + 1e-9) + 1e-9);
        }
      }),
    );
  });

  it("the same jobs get the same plans", () => {
    fc.assert(
      fc.property(jobs(true), series, series, room, (work, a, b, free) => {
        assert.deepEqual(plan(work, a, b, free), plan(work, a, b, free));
      }),
      { numRuns: 10 },
    );
  });

  it("an interruptible job emits no more than the same job that cannot be paused", () => {
    fc.assert(
      fc.property(jobs(false), series, (work, a) => {
        const gramsOf = (interruptible: boolean): number[] =>
          plan(
            work.map((job) => ({ ...job, interruptible })),
            a,
            a,
          ).map(({ expectedGrams }) => expectedGrams);
        const whole = gramsOf(false);
        gramsOf(true).forEach((grams, i) => assert.ok(grams <= whole[i]! * (1 + 1e-9) + 1e-9));
      }),
    );
  });
});
