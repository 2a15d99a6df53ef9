import type { ResourceQuantities, WorkloadSpec } from "../../../exports";
import type { CpuTarget } from "../right-sizing/fleet";
import type { UsageHistory } from "../right-sizing/usage-history";
import { recommendAsVpa } from "../right-sizing/vpa";
import type { Advice } from "./schemas";

/** A request that is nearer to its target than this share is left alone: each change restarts replicas. */
const WORTHWHILE = 0.1;

interface AdviseInput {
  id: string;
  now: number;
  spec: WorkloadSpec;
  replicas: number;
  history: UsageHistory;
  target: CpuTarget;
  /** Workloads that shared the budget. */
  fleet: number;
}

/** What a workload ought to request; undefined where its request is about right. */
export function advise(input: AdviseInput): Advice | undefined {
  const { id, now, spec, replicas, history, target, fleet } = input;
  const vpa = recommendAsVpa(history);
  const from = amounts(spec.requests);
  const to = {
    cpuCores: millicores(target.cpuCores),
    // A sample above the memory limit ends the process: there is nothing to trade with.
    memoryBytes: vpa.target.memoryBytes,
  };
  if (!worthwhile(from.cpuCores, to.cpuCores) && !worthwhile(from.memoryBytes, to.memoryBytes)) return undefined;
  const present = history.cpu.exceedance().findLast(({ limit }) => limit <= from.cpuCores);
  return {
    id,
    kind: "right-size",
    workload: spec.name,
    time: new Date(now).toISOString(),
    state: "open",
    from,
    to,
    lower: vpa.lower,
    upper: vpa.upper,
    confidence: confidenceIn(history),
    expected: {
      cpuCoresSaved: (from.cpuCores - to.cpuCores) * replicas,
      memoryBytesSaved: (from.memoryBytes - to.memoryBytes) * replicas,
      shareAbove: target.above,
      shareAboveNow: present?.above ?? 1,
    },
    inputs: {
      replicas,
      cpuSamples: history.cpuSamples,
      days: history.confidenceDays,
      coverage: coverageOf(history),
      vpa: vpa.target,
      fleet,
    },
    reasons: reasonsFor(from, to, input),
    patch: JSON.stringify({ requests: to }),
    obstacle: obstacleOf(spec),
  };
}

/** 0 to 1: half after a day's worth of samples without a gap, as the Vertical Pod Autoscaler's upper bound narrows. */
export function confidenceIn(history: UsageHistory): number {
  const days = history.confidenceDays;
  return (days / (days + 1)) * coverageOf(history);
}

function coverageOf(history: UsageHistory): number {
  const span = (history.lastSample ?? 0) - (history.firstSample ?? 0);
  return span <= 0 ? 0 : Math.max(0, 1 - history.missingMilliseconds / span);
}

function reasonsFor(from: ResourceQuantities, to: ResourceQuantities, { target, fleet }: AdviseInput): string[] {
  const percent = (share: number): string => `${String(Number((share * 100).toPrecision(3)))} %`;
  const reasons: string[] = [];
  if (worthwhile(from.cpuCores, to.cpuCores)) {
    const budget = fleet > 1 ? `, its part of one budget for ${String(fleet)} workloads` : "";
    reasons.push(
      `CPU: ${percent(target.above)} of past samples lie above ${String(to.cpuCores)} cores${budget}; ` +
        `the 90th percentile and 15 % would be ${String(target.vpaCores)} cores`,
    );
  }
  if (worthwhile(from.memoryBytes, to.memoryBytes)) {
    reasons.push(`memory: the 90th percentile of the daily peaks and 15 % is ${String(to.memoryBytes)} bytes`);
  }
  return reasons;
}

/** Why the specification that the cluster gives cannot be handed back to it with other requests. */
export function obstacleOf(spec: WorkloadSpec): string | null {
  const secrets = Object.keys(spec.secretEnvironment ?? {});
  if (secrets.length === 0) return null;
  return `the workload has secrets (${secrets.join(", ")}) whose values are not given out: apply the patch where it is declared`;
}

function worthwhile(from: number, to: number): boolean {
  return Math.abs(to - from) > WORTHWHILE * Math.max(from, Number.MIN_VALUE);
}

export function amounts({ cpuCores, memoryBytes }: ResourceQuantities): { cpuCores: number; memoryBytes: number } {
  return { cpuCores, memoryBytes };
}

const millicores = (cores: number): number => Math.ceil(Number((cores * 1000).toFixed(6))) / 1000;
