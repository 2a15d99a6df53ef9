import { seeded } from "../../runtime/kernel/random";
import { draw } from "../../runtime/security/threat-detection/detectors/detector";
import { FAMILIES } from "../../runtime/security/threat-detection/ensemble/families";
import { StreamingEnsemble } from "../../runtime/security/threat-detection/ensemble/streaming";
import { type BenchRow, median, spread } from "../contract";
import { plainEncoding } from "./encoding";
import { differenceInterval, Ranking } from "./measures";
import type { Labelled } from "./nsl-kdd";
import { say } from "./say";
import { PEERS, scoresOf, streamedHalfSpaceTrees } from "./peers";

/** Rows that a peer in batch mode learns from: its time is not what is compared. */
const PEER_ROWS = 100_000;

/**
 * One data set as a stream, in its own order and in seeded shuffles. Peers that are batch detectors learn from all rows
 * and score the same rows, which is easier; half-space trees run as a stream too.
 */
export function streamRows(name: string, set: Labelled, shuffles: readonly number[]): BenchRow[] {
  const inOrder = oneStream(set, undefined, 7);
  const shuffled = shuffles.map((seed) => oneStream(set, draw(set.rows, set.rows, seeded(seed)), 7 + seed));
  const sample = plainEncoding(set, { raw: set.raw, count: set.rows })({ raw: set.raw, count: set.rows });
  const step = Math.ceil(set.rows / PEER_ROWS);
  const every = Array.from({ length: Math.floor(set.rows / step) }, (_, index) => index * step);
  const training = {
    ...sample,
    rows: every.length,
    data: Float64Array.from(
      every.flatMap((row) => [...sample.data.subarray(row * sample.width, (row + 1) * sample.width)]),
    ),
  };
  const peers: Record<string, number> = {};
  let forest: Ranking | undefined;
  for (const [peer, detector] of Object.entries(PEERS)) {
    if (peer === "half-space trees" || (peer === "kNN k=5" && set.rows > PEER_ROWS)) continue;
    const ranking = new Ranking(scoresOf(detector, training, sample, seeded(1)), set.labels);
    peers[peer] = ranking.area();
    forest ??= ranking;
  }
  peers["half-space trees, stream"] = new Ranking(streamedHalfSpaceTrees(sample, seeded(1)), set.labels).area();
  const [low, high] = differenceInterval(inOrder.ranking, forest!, set.rows, seeded(9));
  say(`${name}: AUC minus that of isolation forest: 95 % interval ${low.toFixed(4)} to ${high.toFixed(4)}`);
  const row = (
    work: string,
    metric: string,
    unit: string,
    better: "higher" | "lower",
    values: number[],
    others = {},
  ): BenchRow => ({
    work,
    metric,
    unit,
    better,
    ours: median(values),
    spread: spread(values),
    peers: others,
  });
  const runs = [inOrder, ...shuffled];
  return [
    row(`${name}, file order`, "auc", "area", "higher", [inOrder.area], peers),
    ...(shuffled.length > 0
      ? [
          row(
            `${name}, shuffled`,
            "auc",
            "area",
            "higher",
            shuffled.map(({ area }) => area),
            peers,
          ),
        ]
      : []),
    row(
      name,
      "us_per_event",
      "us",
      "lower",
      runs.map(({ microseconds }) => microseconds),
    ),
    row(name, "state_bytes", "bytes", "lower", [inOrder.stateBytes]),
  ];
}

function oneStream(set: Labelled, order: Int32Array | undefined, seed: number) {
  const ensemble = new StreamingEnsemble(set, FAMILIES, seeded(seed));
  const stride = set.numeric + set.categorical;
  const scores = new Float64Array(set.rows);
  const start = performance.now();
  for (let event = 0; event < set.rows; event++) {
    const row = order === undefined ? event : order[event]!;
    scores[row] = ensemble.score(set.raw, row * stride);
    ensemble.learn(set.raw, row * stride, scores[row]);
  }
  const microseconds = ((performance.now() - start) * 1000) / set.rows;
  const ranking = new Ranking(scores, set.labels);
  return { ranking, area: ranking.area(), microseconds, stateBytes: ensemble.stateBytes };
}
