import assert from "node:assert/strict";
import { GREEN_ANNOTATIONS } from "../../../../runtime/exports";
import { declarationKey, parseAnnotations } from "../../../../runtime/sustainability/green-scheduler/jobs/annotations";
import { annotated, NOW } from "./fakes";

describe("green scheduler: annotations of jobs", () => {
  const faultsOf = (settings: Parameters<typeof annotated>[0]): string[] =>
    parseAnnotations(annotated(settings), NOW).faults.map(({ field }) => field);

  it("reads every setting", () => {
    const { declaration, faults } = parseAnnotations(
      annotated({
        deadline: "2026-01-02T06:00:00+01:00",
        release: "+600",
        maxDelay: "7200",
        duration: "1800.5",
        interruptible: "true",
        checkpoint: "5",
        startup: "10",
        minChunk: "60",
        regions: "DE, FR,DE",
        watts: "250",
        carbonBudget: "99.5",
        recurringKey: "reports/nightly",
        decision: "dec_1",
      }),
      NOW,
    );
    assert.deepEqual(faults, []);
    assert.deepEqual(declaration, {
      releaseAt: NOW + 600_000,
      deadline: Date.parse("2026-01-02T05:00:00Z"),
      maxDelaySeconds: 7200,
      durationSeconds: 1800.5,
      interruptible: true,
      checkpointSeconds: 5,
      startupSeconds: 10,
      minChunkSeconds: 60,
      watts: 250,
      regions: ["DE", "FR"],
      pinned: true,
      carbonBudgetGrams: 99.5,
      recurringKey: "reports/nightly",
      schedule: null,
      scale: [],
    });
  });

  it("needs a deadline and nothing else", () => {
    assert.deepEqual(faultsOf({ deadline: "+3600" }), []);
    assert.deepEqual(faultsOf({}), [GREEN_ANNOTATIONS.deadline]);
  });

  it("takes a deadline that has passed: the job is late, not wrong", () => {
    const past = { deadline: "2025-12-31T00:00:00Z", release: "2025-12-30T00:00:00Z" };
    assert.deepEqual(faultsOf(past), []);
  });

  it("says every fault at once, with what would be right", () => {
    const { faults } = parseAnnotations(
      {
        ...annotated({ deadline: "tomorrow", duration: "0", interruptible: "yes", watts: "1e3", regions: "DE,,FR" }),
        "machine-native-ops/green.power": "1",
      },
      NOW,
    );
    const said = faults.map(({ field, message }) => `${field} ${message}`).join("\n");
    for (const name of ["deadline", "duration", "interruptible", "watts", "regions", "power"]) {
      assert.match(said, new RegExp(`green\\.${name} `));
    }
    assert.match(said, /green\.deadline must be an RFC 3339 time or \+<seconds>, and is "tomorrow"/);
    assert.equal(faults.length, 6);
  });

  it("refuses a release after the deadline", () => {
    assert.deepEqual(faultsOf({ deadline: "+60", release: "+60" }), [GREEN_ANNOTATIONS.deadline]);
  });

  describe("of a recurring job", () => {
    const parse = (settings: Parameters<typeof annotated>[0], from = NOW) =>
      parseAnnotations(annotated({ deadline: "+7200", ...settings }), from);

    it("counts from the first time of the schedule at the look or after it, in its time zone", () => {
      const nightly = { schedule: "30 22 * * *", timeZone: "Europe/Madrid", release: "+60" };
      const { declaration } = parse(nightly);
      const at = Date.parse("2026-01-01T21:30:00Z");
      assert.deepEqual([declaration?.releaseAt, declaration?.deadline], [at + 60_000, at + 7_200_000]);
      assert.deepEqual(declaration?.schedule, { cron: "30 22 * * *", timeZone: "Europe/Madrid" });
      assert.equal(parse(nightly, at).declaration?.releaseAt, at + 60_000, "its very time counts");
      assert.equal(parse(nightly, at + 1).declaration?.releaseAt, at + 86_400_000 + 60_000);
      assert.deepEqual(parse({ schedule: "0 * * * *" }).declaration?.schedule?.timeZone, "UTC");
    });

    it("keeps its hour when the clocks change", () => {
      const { declaration } = parse(
        { schedule: "0 3 * * *", timeZone: "Europe/Madrid" },
        Date.parse("2026-03-28T12:00:00Z"),
      );
      assert.equal(declaration?.releaseAt, Date.parse("2026-03-29T01:00:00Z"));
    });

    it("says what is wrong with it", () => {
      const said = (settings: Parameters<typeof annotated>[0]): string =>
        parse(settings)
          .faults.map(({ field, message }) => `${field} ${message}`)
          .join("\n");
      assert.match(said({ schedule: "at night" }), /green\.schedule must be a cron expression .* "at night"/);
      assert.match(
        said({ schedule: "0 3 * * *", timeZone: "Mars/Olympus" }),
        /green\.schedule must be .* Mars\/Olympus/,
      );
      assert.match(said({ schedule: "0 0 30 2 *" }), /green\.schedule never comes again/);
      assert.match(said({ timeZone: "UTC" }), /green\.time-zone is of a schedule/);
      const absolute = { schedule: "0 3 * * *", deadline: "2026-01-02T06:00:00Z" };
      assert.match(said(absolute), /green\.deadline must be \+<seconds> after each time of the schedule/);
    });
  });

  it("does not depend on what the scheduler writes itself, nor on order", () => {
    const one = annotated({ deadline: "+60", watts: "5" });
    const other = annotated({ watts: "5", deadline: "+60", decision: "dec_1", fault: "none" });
    assert.equal(declarationKey(one), declarationKey(other));
    assert.notEqual(declarationKey(one), declarationKey(annotated({ deadline: "+61", watts: "5" })));
  });
});
