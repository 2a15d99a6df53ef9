import assert from "node:assert/strict";
import fc from "fast-check";
import { areaUnderCurve } from "../../../bench/threat-detection/measures";
import { seeded } from "../../../runtime/kernel/random";
import { finish } from "../../../runtime/security/threat-detection/detectors/detector";
import { TailTable } from "../../../runtime/security/threat-detection/detectors/tail-table";
import { countBelow } from "../../../runtime/security/threat-detection/detectors/tails";
import { Calibration } from "../../../runtime/security/threat-detection/ensemble/calibration";
import { Committee } from "../../../runtime/security/threat-detection/ensemble/committee";
import { FAMILIES } from "../../../runtime/security/threat-detection/ensemble/families";
import { Distinct } from "../../../runtime/security/threat-detection/patterns/distinct";
import { BUILT_IN, derived } from "../../../runtime/security/threat-detection/pipeline/built-in";
import { Pipeline } from "../../../runtime/security/threat-detection/pipeline/pipeline";

const numbers = fc.array(fc.double({ noNaN: true, min: -1e12, max: 1e12 }), { minLength: 1, maxLength: 60 });

describe("threat detection: scores", () => {
  it("p-values are in (0, 1], and neither they nor surprise go back as a score grows", () => {
    fc.assert(
      fc.property(numbers, numbers, (earlier, scores) => {
        const calibration = new Calibration(Float64Array.from(earlier));
        let p = 1;
        let surprise = -Infinity;
        for (const score of scores.sort((a, b) => a - b)) {
          const [nextP, next] = [calibration.pValue(score), calibration.surprise(score)];
          assert.ok(nextP > 0 && nextP <= p && Number.isFinite(next) && next >= surprise - 1e-9);
          [p, surprise] = [nextP, next];
        }
      }),
    );
  });

  it("at most a share `a` of exchangeable scores has a p-value of at most `a`", () => {
    const random = seeded(1);
    let below = 0;
    for (let round = 0; round < 4000; round++) {
      const calibration = new Calibration(Float64Array.from({ length: 99 }, random));
      if (calibration.pValue(random()) <= 0.05) below++;
    }
    assert.ok(Math.abs(below / 4000 - 0.05) < 0.012, String(below));
  });

  it("a table of tails gives what counting the rows gives", () => {
    const cell = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ noNaN: true, min: -12, max: 12 }));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 60 }),
        fc.tuple(cell, cell),
        (rows, point) => {
          const columns = [0, 1].map((c) => Float64Array.from(rows, (row) => row[c as 0 | 1]).sort());
          for (const asked of [point, ...rows]) {
            const sides = columns.map((column, c) => {
              const value = asked[c as 0 | 1];
              const share = (count: number) => -Math.log((count + 1) / (rows.length + 1));
              const mean = column.reduce((sum, one) => sum + one, 0) / rows.length;
              return {
                left: share(countBelow(column, value, true)) + Math.log1p(Math.max(0, column[0]! - value)),
                right:
                  share(rows.length - countBelow(column, value, false)) +
                  Math.log1p(Math.max(0, value - column[rows.length - 1]!)),
                isRight: column.reduce((sum, one) => sum + (one - mean) ** 3, 0) >= 0,
              };
            });
            const sum = (of: (side: (typeof sides)[number]) => number) =>
              sides.reduce((total, side) => total + of(side), 0);
            const expected =
              sum(({ left, right }) => Math.max(left, right)) +
              Math.max(
                sum(({ left }) => left),
                sum(({ right }) => right),
                sum(({ left, right, isRight }) => (isRight ? right : left)),
              );
            assert.ok(Math.abs(new TailTable(columns).score(Float64Array.from(asked)) - expected) < 1e-9);
          }
        },
      ),
    );
  });

  it("strangeness is finite and not negative for whatever rows", () => {
    const rows = fc.array(
      fc.tuple(fc.double({ noNaN: true, min: -1e12, max: 1e12 }), fc.integer({ min: -1, max: 5 })),
      {
        minLength: 1,
        maxLength: 40,
      },
    );
    fc.assert(
      fc.property(rows, rows, (learning, others) => {
        const shape = { numeric: 1, categorical: 1 };
        const set = (list: [number, number][]) => ({ raw: Float64Array.from(list.flat()), count: list.length });
        const work = Committee.assemble(shape, FAMILIES, set(learning), set(others), seeded(1));
        const committee = finish(work);
        for (const row of [...learning, ...others]) {
          const score = committee.score(Float64Array.from(row));
          assert.ok(Number.isFinite(score) && score >= 0);
        }
      }),
      { numRuns: 40 },
    );
  });

  it("the area under the curve is the share of pairs in the right order", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.boolean()), { minLength: 2, maxLength: 40 }),
        (rows) => {
          const [attacks, normals] = [rows.filter(([, label]) => label), rows.filter(([, label]) => !label)];
          fc.pre(attacks.length > 0 && normals.length > 0);
          let right = 0;
          for (const [attack] of attacks)
            for (const [normal] of normals) right += attack > normal ? 1 : attack === normal ? 0.5 : 0;
          const area = areaUnderCurve(
            Float64Array.from(rows, ([score]) => score),
            Uint8Array.from(rows, ([, label]) => (label ? 1 : 0)),
          );
          assert.ok(Math.abs(area - right / (attacks.length * normals.length)) < 1e-12);
        },
      ),
    );
  });

  it("distinct texts are counted exactly up to 64, and within a quarter beyond", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3000 }), fc.string({ maxLength: 5 }), (count, prefix) => {
        const halves = [new Distinct(), new Distinct()];
        for (let i = 0; i < count; i++) for (let twice = 0; twice < 2; twice++) halves[i % 2]!.add(`${prefix}${i}`);
        const union = Distinct.union(halves);
        if (count <= 64) assert.equal(union, count);
        else assert.ok(Math.abs(union - count) <= count / 4, `${union} of ${count}`);
      }),
      { numRuns: 60 },
    );
  });

  it("pipelines make finite rows of whatever events", () => {
    const pipelines = BUILT_IN.map((spec) => new Pipeline(spec));
    fc.assert(
      fc.property(fc.object({ maxDepth: 4 }), fc.integer({ min: 0, max: 4e12 }), (event, time) => {
        for (const pipeline of pipelines) {
          const { raw } = pipeline.encode({ ...event, derived: derived(event, time) }, time);
          assert.ok(raw.every(Number.isFinite));
        }
      }),
    );
  });
});
