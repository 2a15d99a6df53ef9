import type { ResourceQuantities } from "../../exports";
import type { ReplicaStatus } from "../../kernel/cluster/cluster";
import { approximateFloat, divide, milli, percentOf, sum } from "./milli";
import type { MetricSpec, ScalerSpec } from "./spec";

/**
 * One metric's proposal, by the rules of Kubernetes' replica calculator (pkg/controller/podautoscaler/replica_calculator.go, v1.36.3).
 * Quantities are whole thousandths and utilisation is whole percent, as there (milli.ts). `npm run oracle:hpa` compares it with
 * the Go code itself.
 */
export interface CalculatorOptions {
  /** Seconds after a replica's start during which its CPU counts only while it is ready. Kubernetes: 300. */
  cpuInitializationSeconds: number;
  /** Seconds after its start within which a replica's last change to unready means that it was never ready. Kubernetes: 30. */
  initialReadinessSeconds: number;
  /** Seconds that one CPU sample covers; during initialisation a sample must lie wholly after the replica became ready. */
  cpuSampleSeconds: number;
  /** Values that were measured longer ago, or are stamped further ahead, count as missing. */
  mostSampleAgeSeconds: number;
  /** A metric's total so many times the last one believed has to be confirmed first (plausibility.ts). */
  mostGrowth: number;
}

export const DEFAULT_OPTIONS: CalculatorOptions = {
  cpuInitializationSeconds: 300,
  initialReadinessSeconds: 30,
  cpuSampleSeconds: 15,
  mostSampleAgeSeconds: 120,
  mostGrowth: 1000,
};

/** The workload as the calculator sees it. `now` is milliseconds since the epoch. */
export interface Situation {
  spec: ScalerSpec;
  current: number;
  replicas: readonly ReplicaStatus[];
  requests: ResourceQuantities;
  now: number;
  options: CalculatorOptions;
}

interface Counts {
  ready: number;
  unready: number;
  missing: number;
}

type Proposal = { counts: Counts } & (
  { ratio: number; raw: number; replicas: number; arithmetic: string } | { error: string }
);

/** When and over how long a replica's value was measured. */
export interface SampleTime {
  /** End of the sample in milliseconds since the epoch. */
  time: number;
  windowSeconds: number;
}

/** Kubernetes' replica counts are 32-bit; a proposal beyond is cut. */
const MOST_REPLICAS = 2 ** 31 - 1;
const ceil = (replicas: number): number => Math.min(Math.ceil(replicas), MOST_REPLICAS);
const show = (number: number): string => String(Math.round(number * 1000) / 1000);

/** Replicas that are not on their way out. */
export function liveReplicas(replicas: readonly ReplicaStatus[]): ReplicaStatus[] {
  return replicas.filter(({ phase }) => phase !== "stopping" && phase !== "failed" && phase !== "succeeded");
}

export function readyReplicas(replicas: readonly ReplicaStatus[]): ReplicaStatus[] {
  return replicas.filter(({ phase }) => phase === "ready");
}

/**
 * A proposal from a value per replica: resource and pods metrics. `values` holds trustworthy values only; one without a time
 * was measured now, over the option's seconds.
 */
export function proposeFromReplicas(
  metric: Exclude<MetricSpec, { type: "external" }>,
  values: ReadonlyMap<string, number>,
  situation: Situation,
  times: ReadonlyMap<string, SampleTime> = new Map(),
): Proposal {
  const { spec, current, replicas } = situation;
  const isCpu = metric.type === "resource" && metric.name === "cpu";
  const groups = groupReplicas(replicas, values, (replica) => !isCpu || cpuCounts(replica, situation, times));
  const counts = { ready: groups.ready.length, unready: groups.unready, missing: groups.missing };
  const failed = (error: string): Proposal => ({ counts, error });

  const request =
    metric.type === "pods" ? 0n : milli(situation.requests[metric.name === "cpu" ? "cpuCores" : "memoryBytes"]);
  if ("averageUtilization" in metric.target && request === 0n) return failed(`the workload requests no ${metric.name}`);
  if (replicas.length === 0) return failed("there is no replica");
  if (groups.ready.length === 0) return failed("no replica has a usable value (they may be starting)");

  const { ratioOf, whenMissing, describe } = gauge(metric.target, request);
  const known = groups.ready.map(milli);
  const ratio = ratioOf(known);
  const seen = `${describe(known)} over ${String(counts.ready)} replica(s): ratio ${show(ratio)}`;

  const unready = ratio > 1 ? counts.unready : 0;
  const missing = ratio === 1 ? 0 : counts.missing;
  if (unready === 0 && counts.missing === 0) {
    const raw = ceil(ratio * counts.ready);
    if (isWithinTolerance(spec, ratio)) {
      return {
        counts,
        ratio,
        raw,
        replicas: current,
        arithmetic: `${seen}, within tolerance: keep ${String(current)}`,
      };
    }
    return {
      counts,
      ratio,
      raw,
      replicas: raw,
      arithmetic: `${seen}; ceil(${show(ratio)} × ${String(counts.ready)}) = ${String(raw)}`,
    };
  }

  // Whoever says nothing must not amplify the change: at the target (or its whole request) on the way down, idle on the way up.
  const assumed = ratio < 1 ? whenMissing : 0n;
  const filled = [...known, ...Array<bigint>(missing).fill(assumed), ...Array<bigint>(unready).fill(0n)];
  const newRatio = ratioOf(filled);
  const raw = ceil(newRatio * filled.length);
  const story =
    `${seen}; with ${String(missing)} missing at ${show(Number(assumed) / 1000)} and ${String(unready)} unready at 0: ` +
    `ratio ${show(newRatio)}, ceil(${show(newRatio)} × ${String(filled.length)}) = ${String(raw)}`;
  const keep = (why: string): Proposal => ({
    counts,
    ratio: newRatio,
    raw,
    replicas: current,
    arithmetic: `${story}; ${why}: keep ${String(current)}`,
  });
  if (isWithinTolerance(spec, newRatio)) return keep("within tolerance");
  if ((ratio < 1 && newRatio > 1) || (ratio > 1 && newRatio < 1)) return keep("the direction would turn");
  if ((newRatio < 1 && raw > current) || (newRatio > 1 && raw < current))
    return keep("the number would go against the ratio");
  return { counts, ratio: newRatio, raw, replicas: raw, arithmetic: story };
}

/** A proposal from one number about the whole workload: external metrics. */
export function proposeFromTotal(
  metric: Extract<MetricSpec, { type: "external" }>,
  value: number,
  situation: Situation,
): Proposal {
  const { spec, current } = situation;
  const live = liveReplicas(situation.replicas).length;
  const ready = readyReplicas(situation.replicas).length;
  const counts = { ready, unready: 0, missing: 0 };
  const perReplica = "averageValue" in metric.target;
  const target = "averageValue" in metric.target ? metric.target.averageValue : metric.target.value;
  const usage = Number(milli(value));
  const whole = usage / Number(milli(target));
  const ratio = perReplica ? usage / (Number(milli(target)) * live) : whole;
  const quotient = `${metric.name} ${show(value)} / target ${show(target)}`;
  const seen = perReplica
    ? `${quotient} over ${String(live)} live replica(s): ratio ${show(ratio)}`
    : `${quotient}: ratio ${show(ratio)}`;
  // From zero there is no ready replica to multiply by and no average to deviate from.
  const raw = ceil(perReplica || current === 0 ? whole : ratio * ready);
  if ((perReplica || current > 0) && isWithinTolerance(spec, ratio)) {
    const kept = perReplica ? live : current;
    return { counts, ratio, raw, replicas: kept, arithmetic: `${seen}, within tolerance: keep ${String(kept)}` };
  }
  // No replica at all, though some are wanted, is no reason to want none.
  if (!perReplica && current > 0 && situation.replicas.length === 0) return { counts, error: "there is no replica" };
  const product = perReplica || current === 0 ? show(whole) : `${show(ratio)} × ${String(ready)}`;
  return { counts, ratio, raw, replicas: raw, arithmetic: `${seen}; ceil(${product}) = ${String(raw)}` };
}

/** How a target measures values (thousandths): the ratio to it, and what a missing replica counts as on the way down. */
function gauge(target: { averageUtilization: number } | { averageValue: number }, request: bigint) {
  if ("averageUtilization" in target) {
    const percent = (values: readonly bigint[]): number => percentOf(sum(values), request * BigInt(values.length));
    return {
      ratioOf: (values: readonly bigint[]) => percent(values) / target.averageUtilization,
      // A target above 100 % means that replicas normally use more than they request.
      whenMissing: (request * BigInt(Math.max(100, target.averageUtilization))) / 100n,
      describe: (values: readonly bigint[]) =>
        `${String(percent(values))} % of request / target ${String(target.averageUtilization)} %`,
    };
  }
  const goal = milli(target.averageValue);
  const average = (values: readonly bigint[]): bigint => divide(sum(values), values.length);
  return {
    ratioOf: (values: readonly bigint[]) => Number(average(values)) / Number(goal),
    whenMissing: goal,
    describe: (values: readonly bigint[]) =>
      `average ${show(Number(average(values)) / 1000)} / target ${show(Number(goal) / 1000)}`,
  };
}

function isWithinTolerance({ behavior }: ScalerSpec, ratio: number): boolean {
  const [down, up] = [approximateFloat(behavior.scaleDown.tolerance), approximateFloat(behavior.scaleUp.tolerance)];
  return 1 - down <= ratio && ratio <= 1 + up;
}

/** Replicas on their way out do not count; those that ended well do, for as long as the workload still has them. */
function groupReplicas(
  replicas: readonly ReplicaStatus[],
  values: ReadonlyMap<string, number>,
  counts: (replica: ReplicaStatus) => boolean,
): { ready: number[]; unready: number; missing: number } {
  const groups = { ready: [] as number[], unready: 0, missing: 0 };
  for (const replica of replicas) {
    if (replica.phase === "stopping" || replica.phase === "failed") continue;
    const value = values.get(replica.name);
    const pending = replica.startedAt === undefined && (replica.phase === "starting" || replica.phase === "backoff");
    if (pending) groups.unready += 1;
    else if (value === undefined) groups.missing += 1;
    else if (!counts(replica)) groups.unready += 1;
    else groups.ready.push(value);
  }
  return groups;
}

/** Start-up work is not load: CPU of a replica that starts, or was never ready, says nothing about the replicas needed. */
function cpuCounts(
  replica: ReplicaStatus,
  { now, options }: Situation,
  times: ReadonlyMap<string, SampleTime>,
): boolean {
  if (replica.startedAt === undefined) return false;
  const ready = replica.phase === "ready";
  if (!ready && replica.readyChangedAt === undefined) return false;
  const started = Date.parse(replica.startedAt);
  const changed = replica.readyChangedAt === undefined ? started : Date.parse(replica.readyChangedAt);
  if (started + options.cpuInitializationSeconds * 1000 > now) {
    const { time, windowSeconds } = times.get(replica.name) ?? { time: now, windowSeconds: options.cpuSampleSeconds };
    return ready && time >= changed + windowSeconds * 1000;
  }
  return ready || started + options.initialReadinessSeconds * 1000 <= changed;
}
