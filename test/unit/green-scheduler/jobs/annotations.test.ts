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
      carbonBudgetGrams: 99.5,
      recurringKey: "reports/nightly",
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

  it("does not depend on what the scheduler writes itself, nor on order", () => {
    const one = annotated({ deadline: "+60", watts: "5" });
    const other = annotated({ watts: "5", deadline: "+60", decision: "dec_1", fault: "none" });
    assert.equal(declarationKey(one), declarationKey(other));
    assert.notEqual(declarationKey(one), declarationKey(annotated({ deadline: "+61", watts: "5" })));
  });
});
