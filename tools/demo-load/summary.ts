import { formatCount } from "./chart";
import type { ReplicaTrack } from "./replicas";
import type { Tally } from "./tally";

/** More than this share of requests not served makes the run a failed one. */
export const MAX_FAILED_FRACTION = 0.01;

/** The run in a few lines. */
export function summarise(tally: Tally, replicas: ReplicaTrack, settled: string): string {
  const causes = [...tally.failures].map(([cause, count]) => `${cause}: ${formatCount(count)}`).join(", ");
  const latency = ([0.5, 0.95, 0.99] as const).map((fraction) => {
    const value = tally.latency.percentile(fraction);
    return `p${String(fraction * 100)} ${value === undefined ? "–" : value.toFixed(1)} ms`;
  });
  const rows: [string, string][] = [
    ["requests", `${formatCount(tally.offered)} offered, ${formatCount(tally.ok)} ok`],
    [
      "not served",
      `${formatCount(tally.failed)} failed${causes && ` (${causes})`}, ${formatCount(tally.shed)} shed by the client`,
    ],
    [
      "share not served",
      `${(tally.failedFraction * 100).toFixed(2)} % (at most ${String(MAX_FAILED_FRACTION * 100)} % is a pass)`,
    ],
    ["latency", `${latency.join(", ")}; from the intended send time, of ok requests`],
  ];
  if (replicas.last) {
    rows.push(
      [
        "replicas",
        `${formatCount(replicas.highest)} at the most, ${formatCount(replicas.last.ready)} at the end; ${settled}`,
      ],
      ["scaling", `${formatCount(replicas.scaleUps)} up, ${formatCount(replicas.scaleDowns)} down`],
      ["replica-seconds", formatCount(replicas.replicaSeconds)],
    );
  } else {
    rows.push(["replicas", "unknown: the platform's API did not answer"]);
  }
  return rows.map(([name, value]) => `${name.padEnd(18)}${value}`).join("\n");
}
