import { DEFAULT_PREDICTOR_OPTIONS } from "../../runtime/scalability/auto-scaling-engine/prediction/predictor";
import { holtWinters, knownMean, oracle, seasonalNaive } from "./baselines";
import { hpa } from "./hpa";
import { kpa } from "./kpa";
import { ours } from "./ours";
import { type Outcome, type PolicyFactory, replay, type Setting, type Window } from "./replay";
import type { Trace } from "./trace";

/** One knob swept per policy: for ours the wanted share of time under-provisioned, for the peers the target. */
interface Contender {
  name: string;
  policy: (knob: number) => PolicyFactory;
  knobs: readonly number[];
}

const TARGETS = [1, 0.95, 0.9, 0.85, 0.8];
const MARGINS = [0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5];

export const CONTENDERS: readonly Contender[] = [
  { name: "ours", policy: ours, knobs: [0.001, 0.002, DEFAULT_PREDICTOR_OPTIONS.missRate, 0.01, 0.02, 0.05, 0.1] },
  { name: "HPA", policy: hpa, knobs: TARGETS },
  { name: "KPA", policy: kpa, knobs: TARGETS },
  { name: "PHPA Holt-Winters", policy: holtWinters, knobs: TARGETS },
  { name: "max(HPA, seasonal-naive)", policy: seasonalNaive, knobs: TARGETS },
  { name: "reference: knows the mean of ±2 min", policy: knownMean, knobs: MARGINS },
];

export interface FrontPoint extends Outcome {
  knob: number;
}

export interface Front {
  name: string;
  points: FrontPoint[];
}

export function sweep(trace: Trace, window: Window, setting: Setting): { fronts: Front[]; bound: Outcome } {
  const fronts = CONTENDERS.map(({ name, policy, knobs }) => ({
    name,
    points: knobs.map((knob) => ({ knob, ...replay(trace, window, policy(knob), setting) })),
  }));
  return { fronts, bound: replay(trace, window, oracle, setting) };
}

export interface Comparison {
  ours: Outcome;
  peers: Record<string, Outcome>;
  bound: Outcome;
}

/** Each at its defaults, and HPA with the usual reserve. */
export function compare(trace: Trace, window: Window, setting: Setting): Comparison {
  const of = (factory: PolicyFactory): Outcome => replay(trace, window, factory, setting);
  return {
    ours: of(ours()),
    peers: {
      HPA: of(hpa()),
      "HPA at target x0.85": of(hpa(0.85)),
      KPA: of(kpa()),
      "PHPA Holt-Winters": of(holtWinters()),
      "max(HPA, seasonal-naive)": of(seasonalNaive()),
    },
    bound: of(oracle),
  };
}

/** The waste of a front at this share of time under-provisioned, straight between its points; undefined where it does not reach it. */
export function wasteAt({ points }: Front, timeUnderPercent: number): number | undefined {
  const sorted = points.toSorted((a, b) => a.timeUnderPercent - b.timeUnderPercent);
  for (let i = 1; i < sorted.length; i++) {
    const [left, right] = [sorted[i - 1]!, sorted[i]!];
    if (left.timeUnderPercent > timeUnderPercent || right.timeUnderPercent < timeUnderPercent) continue;
    const width = right.timeUnderPercent - left.timeUnderPercent;
    const share = width === 0 ? 0 : (timeUnderPercent - left.timeUnderPercent) / width;
    return left.wastePercent + share * (right.wastePercent - left.wastePercent);
  }
  return undefined;
}
