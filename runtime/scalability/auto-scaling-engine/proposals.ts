import type { ResourceQuantities } from "../../exports";
import type { MetricProposal, Reading } from "./decision";
import type { Memory } from "./memory";
import { type Belief, carryOver, doubt } from "./plausibility";
import { proposeFromReplicas, proposeFromTotal, type SampleTime, type Situation } from "./replica-calculator";
import { metricName, type MetricSpec } from "./spec";

/** What a metric source said: a value per replica, one value for the workload, or why there is none. */
export type MetricReading =
  | {
      values: ReadonlyMap<string, number>;
      /** When the values were measured; one that is not here was measured just now. */
      times?: ReadonlyMap<string, SampleTime>;
      faults?: readonly string[];
    }
  | { value: number; time?: number }
  | { error: string };

/** What one metric says and proposes. What of it is believed goes into `belief`, for the next evaluation. */
export function proposeFor(
  metric: MetricSpec,
  raw: MetricReading | undefined,
  situation: Situation,
  memory: Memory,
  belief: Belief,
): { reading: Reading; proposal: MetricProposal; reasons: string[] } {
  const name = metricName(metric);
  const { reading, reasons } = trust(name, raw ?? { error: "it was not read" }, situation);
  const fail = (error: string): ReturnType<typeof proposeFor> => ({
    reading: { ...reading, error },
    proposal: { metric: name, ratio: null, raw: null, proposal: null, arithmetic: error },
    reasons: [...reasons, `${name}: ${error}`],
  });
  const isRead = reading.value !== null || Object.keys(reading.values).length > 0;
  if (!isRead) carryOver(name, memory, belief);
  if (reading.error !== null) return fail(reading.error);
  const total = reading.value ?? Object.values(reading.values).reduce((sum, value) => sum + value, 0);
  const goal = goalOf(metric, situation.requests);
  const doubtful = isRead ? doubt(name, total, goal, situation.options.mostGrowth, memory, belief) : undefined;
  if (doubtful !== undefined) return fail(doubtful);
  let result;
  if (metric.type !== "external") {
    const times = raw && "values" in raw ? raw.times : undefined;
    result = proposeFromReplicas(metric, new Map(Object.entries(reading.values)), situation, times);
  } else {
    if (reading.value === null) return fail("it has no value");
    result = proposeFromTotal(metric, reading.value, situation);
  }
  Object.assign(reading, result.counts);
  if ("error" in result) return fail(result.error);
  const ratio = Number.isFinite(result.ratio) ? result.ratio : null; // no replica to divide by
  return {
    reading,
    proposal: { metric: name, ratio, raw: result.raw, proposal: result.replicas, arithmetic: result.arithmetic },
    reasons,
  };
}

/** NaN, infinite and negative values are lies about a quantity, those of another time tell of that: they count as missing, and are named. */
function trust(name: string, raw: MetricReading, { now, options }: Situation): { reading: Reading; reasons: string[] } {
  const reading: Reading = { metric: name, values: {}, value: null, ready: 0, unready: 0, missing: 0, error: null };
  const lie = (value: number): boolean => !Number.isFinite(value) || value < 0;
  if ("error" in raw) return { reading: { ...reading, error: raw.error }, reasons: [] };
  if ("value" in raw) {
    if (lie(raw.value))
      return { reading: { ...reading, error: `reports ${String(raw.value)}, which cannot be` }, reasons: [] };
    const time = otherTime(raw.time, now, options);
    if (time !== undefined) return { reading: { ...reading, error: `reports a value of ${time}` }, reasons: [] };
    return { reading: { ...reading, value: raw.value }, reasons: [] };
  }
  const reasons = (raw.faults ?? []).map((fault) => `${name}: ${fault}`);
  for (const [replica, value] of raw.values) {
    const time = otherTime(raw.times?.get(replica)?.time, now, options);
    if (lie(value)) reasons.push(`${name}: ${replica} reports ${String(value)}, which cannot be; it counts as missing`);
    else if (time !== undefined) reasons.push(`${name}: ${replica} reports a value of ${time}; it counts as missing`);
    else reading.values[replica] = value;
  }
  return { reading, reasons };
}

/**
 * How far off a value's time is, where that is too far to tell of now. Also where it lies ahead, beyond what clocks differ by: such a
 * value would count as new until its time has come and gone.
 */
function otherTime(
  time: number | undefined,
  now: number,
  { mostSampleAgeSeconds }: Situation["options"],
): string | undefined {
  const age = (now - (time ?? now)) / 1000;
  if (Math.abs(age) <= mostSampleAgeSeconds) return undefined;
  return age > 0 ? `${String(Math.round(age))} s ago` : `${String(Math.round(-age))} s ahead`;
}

/** What one replica at the target would show; of a metric about the whole, the target itself. */
export function goalOf({ target, ...metric }: MetricSpec, { cpuCores, memoryBytes }: ResourceQuantities): number {
  if ("averageValue" in target) return target.averageValue;
  if ("value" in target) return target.value;
  return ((metric.name === "cpu" ? cpuCores : memoryBytes) * target.averageUtilization) / 100;
}
