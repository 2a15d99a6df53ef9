import { sampler, type Trace } from "./trace";

/** The machine-room side of a replay; research/scaling.md 1.3. */
export interface Setting {
  /** Between evaluations. */
  tickSeconds: number;
  /** A metric is this old when it is seen. */
  lagSeconds: number;
  /** From a decision to a ready replica. Removal takes no time. */
  startSeconds: number;
  /** Replicas that the highest load of the window requires. */
  peakReplicas: number;
  minReplicas: number;
  maxReplicas: number;
  /** Replayed before the window, for policies to learn from, as far as the trace goes back. */
  warmupDays: number;
}

export const DEFAULT_SETTING: Setting = {
  tickSeconds: 15,
  lagSeconds: 30,
  startSeconds: 60,
  peakReplicas: 100,
  minReplicas: 1,
  maxReplicas: 200,
  warmupDays: 14,
};

/** What a policy sees. Loads are in replicas' worth: 1 is what one replica carries at its target. */
export interface View {
  /** Milliseconds since the epoch. */
  now: number;
  /** The load `lagSeconds` ago. */
  observed: { time: number; demand: number };
  /** The load at an earlier moment. */
  past: (time: number) => number;
  /** Replicas that serve, and those asked for. */
  ready: number;
  desired: number;
  /** What only the oracle may look at: the load at any moment. */
  truth: (time: number) => number;
}

/** Decides the number of replicas; one instance per replay. */
export type Policy = (view: View) => number;
export type PolicyFactory = (setting: Setting) => Policy;

const DAY_MS = 86_400_000;

export interface Outcome {
  /** Share of ticks with fewer ready replicas than the load requires at target, percent. */
  timeUnderPercent: number;
  /** Ready replicas beyond the load, in percent of the load: sum over sum. */
  wastePercent: number;
  /** Changes of the number of replicas. */
  changesPerDay: number;
}

export interface Window {
  from: number;
  to: number;
}

/**
 * Replays the window and the days before it; what happens inside the window counts. Replicas become ready `startSeconds` after the
 * decision; removed ones are taken from those still starting, newest first.
 */
export function replay(trace: Trace, window: Window, factory: PolicyFactory, setting: Setting): Outcome {
  const scale = setting.peakReplicas / peakIn(trace, window);
  const load = sampler(trace);
  const [seen, past, truth] = [sampler(trace), sampler(trace), sampler(trace)];
  const policy = factory(setting);
  const [tick, lag, start] = [setting.tickSeconds * 1000, setting.lagSeconds * 1000, setting.startSeconds * 1000];
  const begin = Math.max(trace.times[0]! + lag, window.from - setting.warmupDays * DAY_MS);
  const starting: { at: number; count: number }[] = [];
  let ready = Math.min(Math.max(Math.ceil(load(begin) * scale), setting.minReplicas), setting.maxReplicas);
  let desired = ready;
  const sums = { ticks: 0, under: 0, idle: 0, demand: 0, changes: 0 };
  for (let now = begin; now < window.to; now += tick) {
    while (starting.length > 0 && starting[0]!.at <= now) ready += starting.shift()!.count;
    const view: View = {
      now,
      observed: { time: now - lag, demand: seen(now - lag) * scale },
      past: (time) => past(Math.min(time, now - lag)) * scale,
      ready,
      desired,
      truth: (time) => truth(time) * scale,
    };
    const wanted = Math.min(Math.max(policy(view), setting.minReplicas), setting.maxReplicas);
    const counts = now >= window.from;
    if (wanted !== desired && counts) sums.changes++;
    if (wanted > desired) starting.push({ at: now + start, count: wanted - desired });
    for (let surplus = desired - wanted; surplus > 0;) {
      const newest = starting.at(-1);
      const taken = Math.min(surplus, newest?.count ?? surplus);
      if (newest === undefined) ready -= taken;
      else if ((newest.count -= taken) === 0) starting.pop();
      surplus -= taken;
    }
    desired = wanted;
    if (!counts) continue;
    const demand = load(now) * scale;
    sums.ticks++;
    // The load is a sum of rounded numbers: an excess of a billionth is no excess.
    if (ready < demand - 1e-9) sums.under++;
    sums.idle += Math.max(ready - demand, 0);
    sums.demand += demand;
  }
  const days = (sums.ticks * tick) / DAY_MS;
  return {
    timeUnderPercent: (100 * sums.under) / sums.ticks,
    wastePercent: (100 * sums.idle) / sums.demand,
    changesPerDay: sums.changes / days,
  };
}

function peakIn({ times, values }: Trace, { from, to }: Window): number {
  let peak = 0;
  for (let i = 0; i < times.length; i++) if (times[i]! >= from && times[i]! <= to) peak = Math.max(peak, values[i]!);
  if (!(peak > 0)) throw new RangeError("the window holds no load");
  return peak;
}
