import type { Clock } from "../../runtime/kernel/clock";
import type { LoadOptions } from "./arguments";
import type { Decision } from "./decisions";
import type { Sample, View } from "./frame";
import type { Platform } from "./platform";
import { replay } from "./replay";
import { ReplicaTrack } from "./replicas";
import { Tally } from "./tally";
import type { Arrival } from "./trace";

const SAMPLE_MS = 1000;

/** Shows a run while it goes on. `decisions` are those that came in since the last call, oldest first. */
export interface Reporter {
  show(view: View, decisions: readonly Decision[]): void;
  close(): void;
}

export interface RunResult {
  tally: Tally;
  replicas: ReplicaTrack;
  /** What became of the replicas after the load had ended. */
  settled: string;
}

export interface RunDependencies {
  schedule: readonly Arrival[];
  platform: Platform;
  reporter: Reporter;
  /** Monotonic, milliseconds. */
  clock: Clock;
  /** Ends the run early: nothing more is sent, what is in flight is awaited. */
  signal: AbortSignal;
}

type RunOptions = Pick<LoadOptions, "url" | "maxInFlight" | "timeoutSeconds" | "sloMs" | "settleSeconds">;

/** Replays the schedule, sampling once a second, and then watches until the replicas are back at the minimum. */
export async function runLoad(options: RunOptions, dependencies: RunDependencies): Promise<RunResult> {
  const { schedule, platform, reporter, clock, signal } = dependencies;
  const tally = new Tally();
  const replicas = new ReplicaTrack();
  const samples: Sample[] = [];
  const scalings: Decision[] = [];
  const replaySeconds = (schedule.at(-1)?.atMs ?? 0) / 1000;
  const minReplicas = await platform.minReplicas();
  const startedAt = clock.now();

  let replayed = false;
  const replaying = replay(
    {
      url: options.url,
      schedule,
      maxInFlight: options.maxInFlight,
      timeoutMs: options.timeoutSeconds * 1000,
      clock,
      signal,
    },
    tally,
  ).finally(() => (replayed = true));

  /** Waits for the end of the present second and takes note of what happened in it. */
  const sample = async (note: string): Promise<void> => {
    const due = startedAt + (samples.length + 1) * SAMPLE_MS;
    const [observation] = await Promise.all([
      platform.observe(),
      clock.sleep(Math.max(0, due - clock.now()), signal).catch(() => undefined),
    ]);
    const atSeconds = (clock.now() - startedAt) / 1000;
    samples.push({ ...tally.second(), atSeconds, inFlight: tally.inFlight, ...observation.replicas });
    if (observation.replicas) replicas.add({ atSeconds, ...observation.replicas });
    const fresh = observation.decisions.filter((decision) => decision.action === "scaled");
    scalings.unshift(...[...fresh].reverse());
    const { offered, ok, failed, shed } = tally;
    const totals = { offered, ok, failed, shed };
    const latest =
      observation.fault ?? `${note}${observation.latest ? `; autoscaler: ${observation.latest.reason}` : ""}`;
    reporter.show(
      { url: options.url, samples, replaySeconds, totals, sloMs: options.sloMs, decisions: scalings, note: latest },
      fresh,
    );
  };

  try {
    while (!replayed && !signal.aborted) await sample("replaying");
    await replaying;
    return { tally, replicas, settled: await settle() };
  } finally {
    reporter.close();
  }

  async function settle(): Promise<string> {
    const endedAt = clock.now();
    const elapsed = (): number => (clock.now() - endedAt) / 1000;
    for (;;) {
      if (minReplicas === undefined || !replicas.last) return "their minimum is unknown";
      const { ready, desired } = replicas.last;
      const target = String(minReplicas);
      if (ready === minReplicas && desired === minReplicas)
        return `back at the minimum of ${target} ${elapsed().toFixed(0)} s after the load`;
      if (signal.aborted) return "interrupted";
      if (elapsed() >= options.settleSeconds)
        return `not back at the minimum of ${target} ${elapsed().toFixed(0)} s after the load`;
      await sample(`the load has ended; waiting for the replicas to come back to ${target}`);
    }
  }
}
