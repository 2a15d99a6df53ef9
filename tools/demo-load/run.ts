import type { Clock } from "../../runtime/kernel/clock";
import type { LoadOptions } from "./arguments";
import type { Fabric, FabricState } from "./fabric";
import { replay } from "./replay";
import { ReplicaTrack } from "./replicas";
import type { Reporter } from "./reporters";
import { Tally } from "./tally";
import type { Arrival } from "./trace";
import type { Sample } from "./view";

const SAMPLE_MS = 1000;

interface RunResult {
  tally: Tally;
  replicas: ReplicaTrack;
  /** The engines, as they were seen last. */
  fabric: FabricState;
  /** What became of the replicas after the load had ended. */
  settled: string;
}

interface RunDependencies {
  schedule: readonly Arrival[];
  fabric: Fabric;
  reporter: Reporter;
  /** Monotonic, milliseconds. */
  clock: Clock;
  /** Ends the run early: nothing more is sent, what is in flight is awaited. */
  signal: AbortSignal;
  /** What the run had and lost. */
  losses(): readonly string[];
}

type RunOptions = Pick<LoadOptions, "url" | "maxInFlight" | "timeoutSeconds" | "sloMs" | "settleSeconds">;

/** Replays the schedule, sampling once a second, and then watches until the replicas are back at the minimum. */
export async function runLoad(options: RunOptions, dependencies: RunDependencies): Promise<RunResult> {
  const { schedule, fabric, reporter, clock, signal } = dependencies;
  const tally = new Tally(options.sloMs);
  const replicas = new ReplicaTrack();
  const samples: Sample[] = [];
  let seen = await fabric.observe(); // from here on decisions count
  const replaySeconds = (schedule.at(-1)?.atMs ?? 0) / 1000;
  const startedAt = clock.now();
  if (seen.scaling) replicas.add({ atSeconds: 0, ready: seen.scaling.ready, desired: seen.scaling.desired });

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
  const sample = async (phase: string): Promise<void> => {
    const due = startedAt + (samples.length + 1) * SAMPLE_MS;
    const [state] = await Promise.all([
      fabric.observe(),
      clock.sleep(Math.max(0, due - clock.now()), signal).catch(() => undefined),
    ]);
    seen = state;
    const atSeconds = (clock.now() - startedAt) / 1000;
    const { scaling } = state;
    const counts = scaling && { ready: scaling.ready, desired: scaling.desired };
    samples.push({ ...tally.second(), atSeconds, inFlight: tally.inFlight, ...counts });
    if (counts) replicas.add({ atSeconds, ...counts });
    reporter.show({
      url: options.url,
      samples,
      replaySeconds,
      totals: tally.totals(),
      sloMs: options.sloMs,
      fabric: state,
      phase,
      losses: dependencies.losses(),
    });
  };

  try {
    while (!replayed && !signal.aborted) await sample("replaying");
    await replaying;
    const settled = await settle();
    return { tally, replicas, fabric: seen, settled };
  } finally {
    reporter.close();
  }

  async function settle(): Promise<string> {
    const endedAt = clock.now();
    const elapsed = (): number => (clock.now() - endedAt) / 1000;
    let minimum = seen.scaling?.minimum;
    for (;;) {
      minimum = seen.scaling?.minimum ?? minimum;
      if (minimum === undefined || !replicas.last) return "their minimum is unknown";
      const { ready, desired } = replicas.last;
      const target = String(minimum);
      if (ready === minimum && desired === minimum)
        return `back at the minimum of ${target} ${elapsed().toFixed(0)} s after the load`;
      if (signal.aborted) return "interrupted";
      if (elapsed() >= options.settleSeconds)
        return `not back at the minimum of ${target} ${elapsed().toFixed(0)} s after the load`;
      await sample(`the load is over, back to ${target}`);
    }
  }
}
