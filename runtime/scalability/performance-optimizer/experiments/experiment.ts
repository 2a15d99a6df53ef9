import { evidence } from "./evidence";
import type { Arm, Experiment, ExperimentInput, Measurement } from "./schemas";

/**
 * A trial of another value of one knob, as a state machine without input or output. Windows of the present value (baseline)
 * and of the new one (candidate) alternate in the order ABBA, so that a trend falls on both alike; each pair gives one
 * difference of the objective. It ends when the evidence suffices, either way, when the guard is broken, or after the most
 * windows. The knob goes back to its old value at the end, unless the candidate was better and is to be kept.
 */

/** Pairs before anything is concluded: the first ones tell the spread. */
const FEWEST_PAIRS = 3;

export function begin(id: string, input: ExperimentInput, now: number): Experiment {
  const { knob } = input;
  return {
    id,
    input,
    state: "running",
    startedAt: new Date(now).toISOString(),
    endedAt: null,
    windows: [],
    outcome: null,
    evidence: 1,
    effect: null,
    reasons: [`${knob.name}: ${String(knob.current)} against ${String(input.candidate)}, in turn`],
  };
}

/** Which value the knob is to have in the next window. */
export function nextArm({ windows }: Experiment): Arm {
  return (["baseline", "candidate", "candidate", "baseline"] as const)[windows.length % 4]!;
}

export function valueOf({ input }: Experiment, arm: Arm): number {
  return arm === "candidate" ? input.candidate : input.knob.current;
}

/** Takes in what one window measured. Anything but a finite number ends the experiment: it would decide on a lie. */
export function observe(experiment: Experiment, measurement: Measurement, now: number): Experiment {
  const { input } = experiment;
  const arm = nextArm(experiment);
  const windows = [...experiment.windows, { arm, ...measurement }];
  const next = { ...experiment, windows };
  if (!Number.isFinite(measurement.objective) || !Number.isFinite(measurement.guard ?? 0)) {
    return end(next, "failed", `the window of the ${arm} measured something that is no number`, now);
  }
  const { guard } = input;
  if (arm === "candidate" && guard && (measurement.guard === undefined || measurement.guard > guard.maximum)) {
    const found = measurement.guard === undefined ? "was not measured" : `is ${String(measurement.guard)}`;
    return end(next, "worse", `the guard ${found}; ${String(guard.maximum)} is the most that is allowed`, now);
  }
  const differences = pairDifferences(next);
  const weighed = { ...next, evidence: evidence(differences), effect: effectOf(next, differences) };
  if (differences.length >= FEWEST_PAIRS && weighed.evidence >= 1 / input.significance) {
    const mean = differences.reduce((sum, one) => sum + one, 0) / differences.length;
    const better = input.objective.better === "lower" ? mean < 0 : mean > 0;
    const odds = `evidence ${weighed.evidence.toPrecision(3)} after ${String(differences.length)} pairs`;
    return end(weighed, better ? "better" : "worse", `the candidate is ${better ? "better" : "worse"}: ${odds}`, now);
  }
  if (windows.length >= input.mostWindows) {
    return end(weighed, "inconclusive", `no difference was shown in ${String(windows.length)} windows`, now);
  }
  return weighed;
}

/** Ends it from outside: a request, a restart, an address that does not answer. */
export function end(
  experiment: Experiment,
  outcome: NonNullable<Experiment["outcome"]>,
  reason: string,
  now: number,
): Experiment {
  const kept = outcome === "better" && experiment.input.keep;
  const { knob, candidate } = experiment.input;
  const back = kept
    ? `${knob.name} stays at ${String(candidate)}`
    : `${knob.name} goes back to ${String(knob.current)}`;
  return {
    ...experiment,
    outcome,
    // Until the knob has been set for the last time, and only then, the experiment is over.
    state: kept ? "keeping" : "reverting",
    endedAt: new Date(now).toISOString(),
    reasons: [...experiment.reasons, reason, back],
  };
}

/** Candidate less baseline of each complete pair of windows. */
function pairDifferences({ windows }: Experiment): number[] {
  const differences: number[] = [];
  for (let at = 0; at + 1 < windows.length; at += 2) {
    const [one, other] = [windows[at]!, windows[at + 1]!];
    differences.push(one.arm === "candidate" ? one.objective - other.objective : other.objective - one.objective);
  }
  return differences;
}

/** Mean difference, as a share of the baseline's mean; null where there is none yet. */
function effectOf({ windows }: Experiment, differences: readonly number[]): number | null {
  const baseline = windows.filter(({ arm }) => arm === "baseline");
  const level = baseline.reduce((sum, { objective }) => sum + objective, 0) / baseline.length;
  if (differences.length === 0 || level === 0) return null;
  return differences.reduce((sum, one) => sum + one, 0) / differences.length / Math.abs(level);
}
