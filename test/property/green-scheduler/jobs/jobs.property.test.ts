import assert from "node:assert/strict";
import fc from "fast-check";
import { GREEN_ANNOTATIONS } from "../../../../runtime/exports";
import { accountOf } from "../../../../runtime/sustainability/green-scheduler/jobs/account";
import { parseAnnotations } from "../../../../runtime/sustainability/green-scheduler/jobs/annotations";
import type { Declaration } from "../../../../runtime/sustainability/green-scheduler/jobs/declaration";
import { latestSafeStart, plannerJob } from "../../../../runtime/sustainability/green-scheduler/jobs/estimate";
import { type JobRecord, newRecord, type Run } from "../../../../runtime/sustainability/green-scheduler/jobs/record";
import { stepOf } from "../../../../runtime/sustainability/green-scheduler/jobs/step";

const NOW = Date.parse("2026-01-01T12:00:00Z");
const DAY = 86_400_000;
const DEFAULTS = { durationSeconds: 3600, wattsPerCore: 3.5, region: "DE", marginMilliseconds: 40_000 };

const times = fc.integer({ min: NOW - DAY, max: NOW + 3 * DAY });
const seconds = fc.double({ min: 0, max: 100_000, noNaN: true });

const declarations: fc.Arbitrary<Declaration> = fc.record({
  releaseAt: times,
  deadline: times,
  maxDelaySeconds: fc.option(seconds),
  durationSeconds: fc.option(fc.double({ min: 1, max: 100_000, noNaN: true })),
  interruptible: fc.boolean(),
  checkpointSeconds: seconds,
  startupSeconds: seconds,
  minChunkSeconds: seconds,
  watts: fc.option(fc.double({ min: 1, max: 1e5, noNaN: true })),
  regions: fc.constantFrom([], ["DE"], ["FR", "DE"]),
  pinned: fc.boolean(),
  carbonBudgetGrams: fc.constant(null),
  recurringKey: fc.constant(null),
  schedule: fc.constant(null),
  scale: fc.constant([]),
});

const slots = fc
  .array(fc.tuple(times, fc.integer({ min: 1, max: DAY })), { maxLength: 4 })
  .map((all) =>
    all.map(([from, length]) => ({ from, to: from + length, replicas: 1 })).sort((a, b) => a.from - b.from),
  );

/** Runs that follow each other, the last one perhaps under way at NOW. */
const runs = fc
  .tuple(fc.array(fc.integer({ min: 1, max: 3_600_000 }), { maxLength: 6 }), fc.boolean())
  .map(([lengths, open]) => {
    let at = NOW - DAY;
    const all = lengths.map((length): Run => {
      const run = { from: at, to: at + length, region: "DE" };
      at += 2 * length;
      return run;
    });
    return open ? [...all, { from: NOW - 1000, to: null, region: "DE" }] : all;
  });

function record(changes: Partial<JobRecord>): JobRecord {
  return newRecord({
    id: "job_1",
    name: "report",
    origin: "cluster",
    tenant: null,
    submittedAt: NOW - DAY,
    cores: 1,
    replicas: 1,
    ...changes,
  });
}

const plan = (of: { from: number; to: number; replicas: number }[]): JobRecord["plan"] => ({
  job: "report",
  region: "DE",
  slots: of,
  outcome: "shifted",
  expectedGrams: 1,
  baselineGrams: 2,
  expectedKwh: 1,
  slackSeconds: 0,
  latestStart: NOW,
  reason: "",
});

describe("green scheduler: properties of its jobs", () => {
  it("a job at its latest safe start is let run, whatever plan there is, and with none", () => {
    const held = fc.constantFrom("waiting", "paused");
    const unplannable = fc.option(times);
    fc.assert(
      fc.property(
        declarations,
        fc.option(slots),
        held,
        unplannable,
        seconds,
        (declaration, of, state, since, margin) => {
          const one = record({ declaration, state, plan: of && plan(of), unplannableSince: since });
          const job = plannerJob(one, declaration, [], DEFAULTS, NOW);
          const latest = latestSafeStart(one, declaration, job, margin * 1000, NOW);
          const now = Math.max(latest, declaration.releaseAt, NOW);
          const step = stepOf({ record: one, now, latestStart: latest, graceMilliseconds: 1e12 });
          assert.equal(step.do, "release");
          // And then there is room for the high estimate of what is left, where there was when it came.
          const end = latest + margin * 1000 + (job.duration.highSeconds + declaration.startupSeconds) * 1000;
          assert.ok(end <= declaration.deadline + 1);
        },
      ),
    );
  });

  it("no job is let run before its release, nor paused where it may not be or could not be back in time", () => {
    fc.assert(
      fc.property(declarations, fc.option(slots), times, times, runs, (declaration, of, now, latestStart, ran) => {
        const input = { now, latestStart, graceMilliseconds: 0 };
        const waiting = stepOf({ ...input, record: record({ declaration, plan: of && plan(of) }) });
        if (now < declaration.releaseAt) assert.equal(waiting.do, "nothing");
        const running = record({ declaration, state: "running", plan: of && plan(of), runs: ran });
        if (stepOf({ ...input, record: running }).do !== "pause") return;
        assert.ok(declaration.interruptible);
        const next = of!.find(({ from }) => from > now)!;
        assert.ok(next.from <= latestStart);
      }),
    );
  });

  it("a job that is not valid never waits", () => {
    fc.assert(
      fc.property(times, times, (now, latestStart) => {
        const faults = [{ field: "deadline", message: "is missing" }];
        const step = stepOf({ record: record({ faults }), now, latestStart, graceMilliseconds: 1e12 });
        assert.equal(step.do, "release");
      }),
    );
  });

  it("annotations come to a declaration or to faults, never to both, neither or an exception", () => {
    const text = fc.oneof(fc.string(), fc.constantFrom("+60", "true", "1", "DE,FR", "2026-01-01T00:00:00Z", "+1e999"));
    const names = fc.constantFrom(...Object.values(GREEN_ANNOTATIONS), "machine-native-ops/green.other", "other");
    fc.assert(
      fc.property(fc.dictionary(names, text), (annotations) => {
        const { declaration, faults } = parseAnnotations(annotations, NOW);
        assert.equal(declaration === null, faults.length > 0);
        if (!declaration) return;
        assert.ok(Number.isFinite(declaration.deadline) && declaration.deadline > declaration.releaseAt);
        assert.ok(declaration.durationSeconds === null || declaration.durationSeconds > 0);
        assert.doesNotThrow(() => new Date(declaration.deadline).toISOString());
      }),
    );
  });

  it("an account has the energy of its runs; at one intensity waiting saves nothing, and it never turns negative", () => {
    const levels = fc.array(fc.double({ min: 0, max: 1000, noNaN: true }), { minLength: 1, maxLength: 24 });
    fc.assert(
      fc.property(runs, levels, fc.double({ min: 1, max: 1e5, noNaN: true }), (ran, level, watts) => {
        const closed = ran.map((run) => ({ ...run, to: run.to ?? NOW }));
        const one = record({ state: "succeeded", runs: closed, finishedAt: NOW });
        const points = Array.from({ length: 48 }, (_, i) => ({
          from: NOW - DAY + i * 1_800_000,
          to: NOW - DAY + (i + 1) * 1_800_000,
          gramsPerKwh: level[i % level.length]!,
          estimated: false,
        }));
        const origin = { signal: "average", source: "test", asOf: NOW, method: "m", stale: false, why: "" } as const;
        const account = accountOf(one, watts, "DE", new Map([["DE", { ...origin, region: "DE", points }]]))!;
        const hours = closed.reduce((sum, { from, to }) => sum + (to - from), 0) / 3_600_000;
        assert.ok(Math.abs(account.energyKwh - (watts / 1000) * hours) <= 1e-9);
        assert.ok(account.gramsCo2e >= 0 && account.baselineGramsCo2e >= 0);
        const close = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-5 + 1e-9 * Math.abs(a);
        if (level.length === 1) assert.ok(close(account.gramsCo2e, account.baselineGramsCo2e));
        const highest = Math.max(...level) * account.energyKwh;
        assert.ok(account.gramsCo2e <= highest + 1e-5 + 1e-6 * highest);
      }),
    );
  });
});
