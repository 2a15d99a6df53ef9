import type { PowerModel } from "../../kernel/energy/power-model";
import { toMicrograms, toNanoKwh } from "../../kernel/energy/exact";
import type { IntensityNow } from "../../kernel/intensity/intensity";
import { attribute, type Claim, claimKey, type IdleRule, type Part, type SystemRule } from "./attribution";
import type { NodeProfile } from "./node-profile";
import type { ProcessUse } from "./process-table";
import type { RaplEnergy } from "./rapl";

/** What was seen of a node since the last look. */
export interface NodeSample {
  seconds: number;
  /** CPU time of the whole node. */
  cpuSeconds: number;
  claims: readonly Claim[];
  /** Measured energy of the processors, or why a model has to do. */
  rapl: RaplEnergy | { fault: string };
  /** Bytes moved over the network between machines. */
  networkBytes: number;
  /** Why the load is not known as it should be; null where it is. */
  loadFault: string | null;
  /** The load was not seen at all, but assumed. */
  isLoadAssumed: boolean;
  /** Pods whose use nobody has measured yet; what they used is the system's. */
  unmeasuredPods: number;
  /** Mean frequency of the cores as a share of their highest; undefined where nobody can tell. */
  frequencyShare?: number | undefined;
  /** Processes that used CPU time; none where they can not be looked at. */
  processes: readonly ProcessUse[];
}

/** What a node used since a time, in J at the machine (PUE apart); grows sample by sample. */
export interface Stretch {
  from: number;
  to: number;
  seconds: number;
  cpuSeconds: number;
  processorJoules: number;
  idleProcessorJoules: number;
  /** Memory and disks; all of it counts as idle, for it hardly follows the load. */
  otherJoules: number;
  networkBytes: number;
  /** Seconds that RAPL covered. */
  measuredSeconds: number;
  /** Why RAPL did not cover the rest, the last time; null where it covered all. */
  raplFault: string | null;
  /** Why the load was not known as it should be, the last time. */
  loadFault: string | null;
  /** Seconds for which the load was assumed. */
  assumedSeconds: number;
  /** Frequency shares times the seconds that each held; NaN where one is not known. */
  frequencySeconds: number;
  /** The most at one time. */
  unmeasuredPods: number;
  claims: ReadonlyMap<string, Claim>;
  processes: ReadonlyMap<string, ProcessUse>;
}

export function emptyStretch(from: number): Stretch {
  return {
    from,
    to: from,
    seconds: 0,
    cpuSeconds: 0,
    processorJoules: 0,
    idleProcessorJoules: 0,
    otherJoules: 0,
    networkBytes: 0,
    measuredSeconds: 0,
    raplFault: null,
    loadFault: null,
    assumedSeconds: 0,
    frequencySeconds: 0,
    unmeasuredPods: 0,
    claims: new Map(),
    processes: new Map(),
  };
}

/** The share of the node's processors that was busy. */
export function utilisationOf({ cpuSeconds, seconds }: Pick<Stretch, "cpuSeconds" | "seconds">, cores: number): number {
  return seconds > 0 ? Math.min(1, cpuSeconds / (seconds * cores)) : 0;
}

/**
 * The stretch with one more sample. `model` is the node's calibrated model where there is one. The stretch's end follows from
 * what the samples lasted, not from the time of day, which may have been set meanwhile.
 */
export function extend(
  stretch: Stretch,
  sample: NodeSample,
  { cores, memoryWatts, storageWatts }: NodeProfile,
  model: PowerModel,
): Stretch {
  const { seconds } = sample;
  const rapl = "fault" in sample.rapl ? undefined : sample.rapl;
  // Pods may have used more than the node was seen to, where only they were seen.
  const cpuSeconds = Math.max(
    sample.cpuSeconds,
    sample.claims.reduce((sum, claim) => sum + claim.cpuSeconds, 0),
  );
  const joules = rapl
    ? rapl.joules
    : model.watts(utilisationOf({ cpuSeconds, seconds }, cores), sample.frequencyShare) * seconds;
  const processes = new Map(stretch.processes);
  for (const one of sample.processes) {
    const past = processes.get(one.id);
    processes.set(one.id, past ? { ...one, cpuSeconds: one.cpuSeconds + past.cpuSeconds } : one);
  }
  return {
    from: stretch.from,
    to: stretch.from + Math.round((stretch.seconds + seconds) * 1000),
    seconds: stretch.seconds + seconds,
    cpuSeconds: stretch.cpuSeconds + cpuSeconds,
    processorJoules: stretch.processorJoules + joules,
    idleProcessorJoules: stretch.idleProcessorJoules + Math.min(joules, model.idleWatts * seconds),
    otherJoules: stretch.otherJoules + (rapl?.dramJoules ?? memoryWatts * seconds) + storageWatts * seconds,
    networkBytes: stretch.networkBytes + sample.networkBytes,
    measuredSeconds: stretch.measuredSeconds + (rapl ? seconds : 0),
    raplFault: "fault" in sample.rapl ? sample.rapl.fault : stretch.raplFault,
    loadFault: sample.loadFault ?? stretch.loadFault,
    assumedSeconds: stretch.assumedSeconds + (sample.isLoadAssumed ? seconds : 0),
    frequencySeconds: stretch.frequencySeconds + (sample.frequencyShare ?? NaN) * seconds,
    unmeasuredPods: Math.max(stretch.unmeasuredPods, sample.unmeasuredPods),
    claims: joined(stretch, sample),
    processes,
  };
}

/** Requests are averaged over time: a pod that came half-way, or went, pays for half. */
function joined(stretch: Stretch, { claims, seconds }: NodeSample): Map<string, Claim> {
  const all = new Map<string, Claim>();
  const total = stretch.seconds + seconds;
  for (const [key, past] of stretch.claims) {
    all.set(key, { ...past, requestedCores: (past.requestedCores * stretch.seconds) / total });
  }
  for (const claim of claims) {
    const past = all.get(claimKey(claim));
    all.set(claimKey(claim), {
      ...claim,
      cpuSeconds: claim.cpuSeconds + (past?.cpuSeconds ?? 0),
      requestedCores: (claim.requestedCores * seconds) / total + (past?.requestedCores ?? 0),
    });
  }
  return all;
}

export interface Measured {
  /** In 1e-9 kWh, at the meter. */
  energy: bigint;
  idle: bigint;
  /** In 1e-6 g. */
  embodied: bigint;
  method: string;
  /** Half of the 95 % interval, in percent; null where nobody can tell. */
  uncertaintyPercent: number | null;
  parts: Part[];
}

/** The load of a node that nobody has measured: Cloud Carbon Footprint's default. */
export const ASSUMED_LOAD = 0.5;
const JOULES_PER_KWH = 3.6e6;
const SECONDS_PER_HOUR = 3600;

/** What a stretch comes to: energy with PUE, and whose it was. Traffic is not cooled by this data centre, so PUE is not on it. */
export function settle(
  stretch: Stretch,
  profile: NodeProfile,
  model: PowerModel,
  intensity: IntensityNow,
  rules: { idle: IdleRule; system: SystemRule },
  networkKwh: number,
): Measured {
  const { processorJoules, idleProcessorJoules, otherJoules, seconds, measuredSeconds, assumedSeconds } = stretch;
  const kwh = (joules: number): number => (joules * profile.pue) / JOULES_PER_KWH;
  const energy = toNanoKwh(kwh(processorJoules + otherJoules) + networkKwh);
  const idle = toNanoKwh(kwh(idleProcessorJoules + otherJoules));
  const embodied = toMicrograms((profile.embodiedGramsPerHour * seconds) / SECONDS_PER_HOUR);
  const node = {
    energy,
    idle,
    embodied,
    gramsPerKwh: intensity.point.gramsPerKwh,
    cpuSeconds: stretch.cpuSeconds,
    cores: profile.cores,
  };
  const source = measuredSeconds === 0 ? model.name : measuredSeconds === seconds ? "rapl" : `rapl+${model.name}`;
  return {
    energy,
    idle,
    embodied,
    method: assumedSeconds > 0 ? `${source}+assumed-load` : source,
    // RAPL states no error of its own, and the model's says nothing about it.
    uncertaintyPercent: measuredSeconds === 0 ? uncertaintyOf(stretch, model) : null,
    parts: attribute(node, [...stretch.claims.values()], rules.idle, rules.system),
  };
}

/**
 * The model's own, and where the load was assumed also half of what lies between no load and full load; the two have nothing to
 * do with each other, so their squares add up.
 */
function uncertaintyOf({ assumedSeconds, seconds }: Stretch, model: PowerModel): number | null {
  const own = model.uncertaintyPercent ?? null;
  if (assumedSeconds === 0 || own === null) return own;
  const range = (50 * (model.watts(1) - model.idleWatts)) / model.watts(ASSUMED_LOAD);
  return Math.hypot(own, (range * assumedSeconds) / seconds);
}
