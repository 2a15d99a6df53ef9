import type { PowerModel } from "../../kernel/energy/power-model";
import { toMicrograms, toNanoKwh } from "../../kernel/energy/exact";
import type { IntensityNow } from "../../kernel/intensity/intensity";
import { attribute, type Claim, type IdleRule, type Part } from "./attribution";
import type { NodeProfile } from "./node-profile";
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
  claims: ReadonlyMap<string, Claim>;
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
    claims: new Map(),
  };
}

/** The share of the node's processors that was busy. */
export function utilisationOf({ cpuSeconds, seconds }: Pick<Stretch, "cpuSeconds" | "seconds">, cores: number): number {
  return seconds > 0 ? Math.min(1, cpuSeconds / (seconds * cores)) : 0;
}

/** The stretch with one more sample. `model` is the node's calibrated model where there is one. */
export function extend(
  stretch: Stretch,
  sample: NodeSample,
  { cores, memoryWatts, storageWatts }: NodeProfile,
  model: PowerModel,
  now: number,
): Stretch {
  const { seconds } = sample;
  const rapl = "fault" in sample.rapl ? undefined : sample.rapl;
  // Workloads may have used more than the node was seen to, where only they were seen.
  const cpuSeconds = Math.max(
    sample.cpuSeconds,
    sample.claims.reduce((sum, claim) => sum + claim.cpuSeconds, 0),
  );
  const joules = rapl ? rapl.joules : model.watts(utilisationOf({ cpuSeconds, seconds }, cores)) * seconds;
  const claims = new Map(stretch.claims);
  for (const claim of sample.claims) {
    const past = claims.get(claim.workload);
    // Requests are averaged over time: a workload that came half-way pays for half.
    const coreSeconds = claim.requestedCores * seconds + (past?.requestedCores ?? 0) * stretch.seconds;
    claims.set(claim.workload, {
      ...claim,
      cpuSeconds: claim.cpuSeconds + (past?.cpuSeconds ?? 0),
      requestedCores: coreSeconds / (stretch.seconds + seconds),
    });
  }
  for (const [workload, past] of stretch.claims) {
    if (sample.claims.some((claim) => claim.workload === workload)) continue;
    const requestedCores = (past.requestedCores * stretch.seconds) / (stretch.seconds + seconds);
    claims.set(workload, { ...past, requestedCores });
  }
  return {
    from: stretch.from,
    to: now,
    seconds: stretch.seconds + seconds,
    cpuSeconds: stretch.cpuSeconds + cpuSeconds,
    processorJoules: stretch.processorJoules + joules,
    idleProcessorJoules: stretch.idleProcessorJoules + Math.min(joules, model.idleWatts * seconds),
    otherJoules: stretch.otherJoules + (rapl?.dramJoules ?? memoryWatts * seconds) + storageWatts * seconds,
    networkBytes: stretch.networkBytes + sample.networkBytes,
    measuredSeconds: stretch.measuredSeconds + (rapl ? seconds : 0),
    raplFault: "fault" in sample.rapl ? sample.rapl.fault : stretch.raplFault,
    claims,
  };
}

export interface Measured {
  /** In 1e-9 kWh, at the meter. */
  energy: bigint;
  idle: bigint;
  /** In 1e-6 g. */
  embodied: bigint;
  method: string;
  parts: Part[];
}

const JOULES_PER_KWH = 3.6e6;
const SECONDS_PER_HOUR = 3600;

/** What a stretch comes to: energy with PUE, and whose it was. Traffic is not cooled by this data centre, so PUE is not on it. */
export function settle(
  stretch: Stretch,
  profile: NodeProfile,
  model: PowerModel,
  intensity: IntensityNow,
  rule: IdleRule,
  networkKwh: number,
): Measured {
  const { processorJoules, idleProcessorJoules, otherJoules, seconds, measuredSeconds } = stretch;
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
  const method = measuredSeconds === 0 ? model.name : measuredSeconds === seconds ? "rapl" : `rapl+${model.name}`;
  return { energy, idle, embodied, method, parts: attribute(node, [...stretch.claims.values()], rule) };
}
