import type { Count, FabricState } from "./fabric";
import { SCALABILITY_ENGINES } from "./observers/observer";
import type { ReplicaTrack } from "./replicas";
import type { Tally } from "./tally";
import { formatCount } from "./text";
import { missedFraction } from "./view";

/** More than this share of requests not served makes the run a failed one. */
export const MAX_FAILED_FRACTION = 0.01;

interface RunSummary {
  tally: Tally;
  sloMs: number;
  replicas: ReplicaTrack;
  settled: string;
  decided: FabricState["decided"];
}

/** The run in a few lines. */
export function summarise({ tally, sloMs, replicas, settled, decided }: RunSummary): string {
  const causes = [...tally.failures].map(([cause, count]) => `${cause}: ${formatCount(count)}`).join(", ");
  const latency = ([0.5, 0.95, 0.99] as const).map((fraction) => {
    const value = tally.latency.percentile(fraction);
    return `p${String(fraction * 100)} ${value === undefined ? "–" : value.toFixed(1)} ms`;
  });
  const missed = `${formatCount(tally.late)} late, ${formatCount(tally.failed + tally.shed)} not served`;
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
    [`SLO of ${formatCount(sloMs)} ms`, `missed by ${(missedFraction(tally.totals()) * 100).toFixed(2)} % (${missed})`],
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
    rows.push(["replicas", "unknown: the auto-scaling engine did not answer"]);
  }
  rows.push(
    ["decided by", ""],
    ...SCALABILITY_ENGINES.map((name): [string, string] => [`  ${name}`, describe(decided[name])]),
  );
  return rows.map(([name, value]) => (value === "" ? name : `${name.padEnd(28)}${value}`)).join("\n");
}

function describe({ counts, atLeast }: Count): string {
  if (counts.size === 0) return "nothing during the run";
  const parts = [...counts].sort(([, a], [, b]) => b - a).map(([kind, count]) => `${formatCount(count)} ${kind}`);
  return `${atLeast ? "at least " : ""}${parts.join(", ")}`;
}
