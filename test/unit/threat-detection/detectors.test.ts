import assert from "node:assert/strict";
import { seeded } from "../../../runtime/kernel/random";
import { type Detector, draw, finish } from "../../../runtime/security/threat-detection/detectors/detector";
import { halfSpaceTrees } from "../../../runtime/security/threat-detection/detectors/half-space-trees";
import {
  averagePathLength,
  isolationForest,
} from "../../../runtime/security/threat-detection/detectors/isolation-forest";
import { nearestNeighbours } from "../../../runtime/security/threat-detection/detectors/nearest-neighbours";
import { principalComponents } from "../../../runtime/security/threat-detection/detectors/principal-components";
import { randomCutForest } from "../../../runtime/security/threat-detection/detectors/random-cut-forest";
import { countBelow, empiricalTails } from "../../../runtime/security/threat-detection/detectors/tails";
import { gaussians, normalRows, sampleOf } from "./support";

const DETECTORS: Detector[] = [
  isolationForest({ trees: 50, samples: 256 }),
  halfSpaceTrees({ trees: 25, depth: 8 }),
  randomCutForest({ trees: 10, samples: 64, columns: 2 }),
  nearestNeighbours({ samples: 10, rows: 16, columns: 2 }),
  principalComponents({ ridge: 0.1 }),
  empiricalTails(),
];

describe("threat detection: detectors", () => {
  for (const detector of DETECTORS) {
    describe(detector.name, () => {
      const learn = (seed: number) => finish(detector.fit(sampleOf(normalRows(1000, 3, 1), 3), seeded(seed)));

      it("finds what is far out stranger than nearly all of what is usual", () => {
        const model = learn(2);
        const far = model.score(Float64Array.of(6, -6, 6));
        const usual = gaussians(3);
        const below = Array.from({ length: 200 }, () => model.score(Float64Array.of(usual(), usual(), usual())));
        assert.ok(below.filter((score) => score < far).length >= 199);
      });

      it("is the same for the same random numbers", () => {
        const point = Float64Array.of(0.5, -1, 2);
        assert.equal(learn(7).score(point), learn(7).score(point));
      });

      it("learns from rows that are all the same, and from one", () => {
        for (const rows of [1, 50]) {
          const sample = sampleOf({ raw: new Float64Array(rows * 3).fill(4), count: rows }, 3);
          const model = finish(detector.fit(sample, seeded(1)));
          for (const value of [4, 5]) assert.ok(Number.isFinite(model.score(new Float64Array(3).fill(value))));
        }
      });
    });
  }

  it("knows the mean path length of a search tree", () => {
    assert.equal(averagePathLength(1), 0);
    assert.equal(averagePathLength(2), 1);
    assert.ok(Math.abs(averagePathLength(256) - 10.2448) < 1e-3);
  });

  it("sees a correlation that is broken, in which no column is far out", () => {
    const next = gaussians(4);
    const raw = new Float64Array(2000);
    for (let row = 0; row < 1000; row++) {
      raw[2 * row] = next();
      raw[2 * row + 1] = raw[2 * row]! + 0.1 * next();
    }
    const model = finish(principalComponents({ ridge: 0.05 }).fit(sampleOf({ raw, count: 1000 }, 2), seeded(1)));
    assert.ok(model.score(Float64Array.of(1, -1)) > 2 * model.score(Float64Array.of(1.5, 1.5)));
  });

  it("counts a category that differs, and only that", () => {
    const sample = { data: Float64Array.of(0, 7, 0, 7, 0, 7), rows: 3, width: 2, numeric: 1 };
    const model = finish(nearestNeighbours({ samples: 2, rows: 2, columns: 8 }).fit(sample, seeded(1)));
    assert.equal(model.score(Float64Array.of(0, 7)), 0);
    assert.equal(model.score(Float64Array.of(0, 8)), 2);
  });

  it("draws each of the numbers at most once", () => {
    const drawn = draw(10, 4, seeded(1));
    assert.equal(new Set(drawn).size, 4);
    assert.deepEqual([...draw(3, 9, seeded(1))].sort(), [0, 1, 2]);
  });

  it("counts below and up to a value", () => {
    const values = Float64Array.of(1, 2, 2, 3);
    assert.deepEqual(
      [countBelow(values, 2, false), countBelow(values, 2, true), countBelow(values, 9, false)],
      [1, 3, 4],
    );
  });
});
