import assert from "node:assert/strict";
import { areaUnderCurve } from "../../../bench/threat-detection/measures";
import { syntheticStreams } from "../../../bench/threat-detection/synthetic";
import { seeded } from "../../../runtime/kernel/random";
import { finish } from "../../../runtime/security/threat-detection/detectors/detector";
import { Committee } from "../../../runtime/security/threat-detection/ensemble/committee";
import { CONCENTRATORS, FAMILIES } from "../../../runtime/security/threat-detection/ensemble/families";
import { StreamingEnsemble } from "../../../runtime/security/threat-detection/ensemble/streaming";
import { select } from "../../../runtime/security/threat-detection/ensemble/training";
import { Transformation } from "../../../runtime/security/threat-detection/ensemble/transformation";
import { gaussians, normalRows } from "./support";

const SHAPE = { numeric: 2, categorical: 0 };
const ensemble = (seed: number) => new StreamingEnsemble(SHAPE, FAMILIES, seeded(seed));

/** Scores and learns each row; the scores. */
function run(stream: StreamingEnsemble, raw: Float64Array, stride: number): Float64Array {
  return Float64Array.from({ length: raw.length / stride }, (_, row) => {
    const score = stream.score(raw, row * stride);
    stream.learn(raw, row * stride, score);
    return score;
  });
}

describe("threat detection: ensemble", function () {
  this.timeout(20_000);

  it("tells anomalies of each kind from the usual, scoring before it learns", () => {
    const least: Record<string, number> = {
      "clusters, anomalies all over": 0.95,
      "heavy tails": 0.85,
      "rare categories": 0.95,
      "anomalies in a cluster": 0.85,
      "near a dense cluster": 0.75,
    };
    for (const set of syntheticStreams(5, 3000)) {
      if (least[set.name] === undefined) continue;
      const stream = new StreamingEnsemble(set, FAMILIES, seeded(1));
      const area = areaUnderCurve(run(stream, set.raw, set.numeric + set.categorical), set.labels);
      assert.ok(area > least[set.name]!, `${set.name}: ${area}`);
    }
  });

  it("is the same for the same stream and random numbers", () => {
    const { raw } = normalRows(600, 2, 3);
    assert.deepEqual(run(ensemble(4), raw, 2), run(ensemble(4), raw, 2));
  });

  it("does not let a burst of attacks become the usual", () => {
    const stream = ensemble(5);
    run(stream, normalRows(4000, 2, 6).raw, 2);
    const attack = Float64Array.of(7, -7);
    const first = stream.score(attack);
    for (let i = 0; i < 1000; i++) stream.learn(attack, 0, stream.score(attack));
    run(stream, normalRows(500, 2, 7).raw, 2);
    const ordinary = run(stream, normalRows(500, 2, 8).raw, 2).sort();
    assert.ok(stream.score(attack) > ordinary[497]!);
    assert.ok(first > ordinary[497]!);
  });

  it("takes for the usual what stays for longer than half the regime", () => {
    const stream = ensemble(5);
    run(stream, normalRows(4000, 2, 6).raw, 2);
    const next = gaussians(9);
    const moved = Float64Array.from({ length: 2 * 8000 }, () => 12 + next());
    const scores = run(stream, moved, 2);
    const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
    assert.ok(mean(scores.subarray(7500)) < mean(scores.subarray(0, 500)) / 2);
  });

  it("goes on from the rows that it kept", () => {
    const stream = ensemble(5);
    run(stream, normalRows(2000, 2, 6).raw, 2);
    const { learning, heldOut } = stream.rows();
    const again = ensemble(6);
    again.restore(finish(Committee.assemble(SHAPE, FAMILIES, learning, heldOut, seeded(1))), learning, heldOut);
    assert.ok(again.score(Float64Array.of(8, 8)) > again.score(Float64Array.of(0, 0)) + 3);
    assert.deepEqual(again.rows(), stream.rows());
  });

  it("keeps no more than its reservoirs", () => {
    const stream = ensemble(5);
    const bytes = stream.stateBytes;
    run(stream, normalRows(6000, 2, 6).raw, 2);
    assert.equal(stream.stateBytes, bytes);
    assert.equal(stream.rows().learning.count, 1024);
  });

  it("concentrates an unlabelled sample on its ordinary half", () => {
    const rows = normalRows(2000, 2, 10);
    // Four in ten are attacks, in a crowd.
    for (let row = 0; row < 800; row++)
      for (let c = 0; c < 2; c++) rows.raw[row * 2 + c] = rows.raw[row * 2 + c]! * 0.1 + 9;
    const share = (assumption: "normals" | "unlabelled") => {
      const { learning } = finish(select(SHAPE, CONCENTRATORS, rows, assumption, seeded(1)));
      return learning.raw.filter((value) => value > 6).length / learning.raw.length;
    };
    const [before, after] = [share("normals"), share("unlabelled")];
    assert.ok(before > 0.35 && after < 0.65 * before, `${before} and then ${after}`);
  });

  it("decides by the data which columns are logarithms, and bounds what is far out", () => {
    const next = gaussians(11);
    const raw = Float64Array.from({ length: 2000 }, (_, index) =>
      index % 2 === 0 ? Math.exp(6 + 2 * next()) : next(),
    );
    const transformation = new Transformation(SHAPE, raw, 1000);
    const point = new Float64Array(2);
    transformation.apply(Float64Array.of(Math.exp(8), 1), 0, point, 0);
    assert.ok(Math.abs(point[0]! - 1) < 0.15 && Math.abs(point[1]! - 1) < 0.15);
    transformation.apply(Float64Array.of(1e300, -1e300), 0, point, 0);
    assert.ok(point.every((value) => Math.abs(value) <= 12));
  });

  it("finds a category that it never saw rarer than all others", () => {
    const shape = { numeric: 1, categorical: 1 };
    const raw = Float64Array.from({ length: 200 }, (_, index) => (index % 2 === 0 ? 0 : index < 190 ? 5 : 6));
    const transformation = new Transformation(shape, raw, 100);
    const rarity = (code: number) => {
      const point = new Float64Array(transformation.width);
      transformation.apply(Float64Array.of(0, code), 0, point, 0);
      return point[1]!;
    };
    assert.ok(rarity(5) < rarity(6) && rarity(6) < rarity(99));
  });
});
