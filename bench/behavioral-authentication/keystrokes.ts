import { genuinePValue } from "../../runtime/security/behavioral-authentication/behaviour/evidence";
import { type FeatureGroup, logScale } from "../../runtime/security/behavioral-authentication/behaviour/keystrokes";
import { leaveOneOut } from "../../runtime/security/behavioral-authentication/behaviour/template";
import { LEARNED_P_VALUE, MOST_SAMPLES } from "../../runtime/security/behavioral-authentication/templates";
import { type BenchRow, median } from "../contract";
import { equalError } from "./equal-error";
import type { KeystrokeSet } from "./keystroke-data";
import { type Detector, ours, PEERS } from "./keystroke-detectors";

/** What each impostor tries: the first repetitions, when the text is as new to him as an attacker's. */
const TRIES = 5;
const TIMING = new Set<FeatureGroup>(["hold", "down-down", "up-down"]);

/**
 * Protocol of Killourhy and Maxion 2009: for each subject in turn, the first samples enrol, the rest are genuine, and the first
 * five of each other subject are impostors; the mean of the subjects' equal error rates. No subject's template knows of others.
 */
export function keystrokeRows(set: KeystrokeSet): BenchRow[] {
  const who = `${set.name}, ${String(set.subjects.length)} subjects`;
  const timing = only(set, TIMING);
  const halves = [0, 1].map((rest) => ({ ...set, subjects: set.subjects.filter((_, index) => index % 2 === rest) }));
  const hasMore = timing.columns.length < set.columns.length;
  const rows = [30, 10].flatMap((enrolled) => [
    errorRow(`${who}, all features`, `eer_${String(enrolled)}`, set, enrolled),
    ...(hasMore ? [errorRow(`${who}, timing only`, `eer_${String(enrolled)}_timing`, timing, enrolled)] : []),
    ...halves.map((half, index) =>
      errorRow(`${who}, half ${String(index + 1)} alone, all features`, `eer_${String(enrolled)}`, half, enrolled),
    ),
  ]);
  const long = set.subjects.every((repetitions) => repetitions.length >= 400);
  if (long) rows.push(errorRow(`${who}, all features`, "eer_200", set, 200));
  return [...rows, imitationRow(who, set), ageingRow(who, set, false), ageingRow(who, set, true)];
}

function errorRow(work: string, metric: string, set: KeystrokeSet, enrolled: number): BenchRow {
  const rate = (detector: Detector): number => mean(ratesOf(set, enrolled, detector).map((one) => one.rate));
  const peers = Object.fromEntries(Object.entries(PEERS).map(([name, detector]) => [name, rate(detector)]));
  return { work, metric, unit: "rate", better: "lower", ours: rate(ours), spread: 0, peers };
}

function ratesOf({ columns, subjects }: KeystrokeSet, enrolled: number, detector: Detector) {
  return subjects.map((repetitions, index) => {
    const score = detector(repetitions.slice(0, enrolled), columns);
    const impostors = subjects.flatMap((other, at) => (at === index ? [] : other.slice(0, TRIES).map(score)));
    return { score, ...equalError(repetitions.slice(enrolled).map(score), impostors) };
  });
}

/** A forger who knows how people type the text, but not how this one does: the median of all others, feature by feature. */
function imitationRow(who: string, set: KeystrokeSet): BenchRow {
  const accepted = (detector: Detector): number => {
    const rates = ratesOf(set, 30, detector);
    const passes = rates.filter(({ score, threshold }, index) => {
      const others = set.subjects.flatMap((other, at) => (at === index ? [] : other.slice(0, TRIES)));
      const forged = set.columns.map((_, feature) => median(others.map((row) => row[feature]!)));
      return score(forged) <= threshold;
    });
    return (100 * passes.length) / rates.length;
  };
  return {
    work: `${who}, imitation of the population's medians, 30 enrolled, at each user's equal error threshold`,
    metric: "imitations_accepted_percent",
    unit: "%",
    better: "lower",
    ours: accepted(ours),
    spread: 0,
    peers: Object.fromEntries(Object.entries(PEERS).map(([name, detector]) => [name, accepted(detector)])),
  };
}

/**
 * Ten samples enrol; then the template learns from what it accepts, as the engine does: `flooded` counts impostors' tries, three
 * of four samples, among what it may learn from.
 */
function ageingRow(who: string, set: KeystrokeSet, flooded: boolean): BenchRow {
  const rate = (learns: Learns): number => mean(set.subjects.map((_, index) => aged(set, index, learns)));
  return {
    work: `${who}, 10 enrolled, then learning from what is accepted${flooded ? ", impostors included" : ""}`,
    metric: "eer_10_updated",
    unit: "rate",
    better: "lower",
    ours: rate({ genuine: true, impostors: flooded }),
    spread: 0,
    peers: { "no update": rate({ genuine: false, impostors: false }) },
  };
}

interface Learns {
  genuine: boolean;
  impostors: boolean;
}

function aged({ columns, subjects }: KeystrokeSet, index: number, learns: Learns): number {
  const scaled = (row: readonly number[]): number[] => row.map((value, at) => logScale(columns[at]!, value));
  let kept = subjects[index]!.slice(0, 10);
  let detector = ours(kept, columns);
  let genuine = leaveOneOut(kept.map(scaled), columns);
  const meet = (row: readonly number[], may: boolean): number => {
    // Templates change meanwhile: what is comparable is how unlike the template's own samples it is.
    const p = genuinePValue(detector(row), genuine);
    if (may && p >= LEARNED_P_VALUE) {
      kept = [...kept, row].slice(-MOST_SAMPLES);
      detector = ours(kept, columns);
      genuine = leaveOneOut(kept.map(scaled), columns);
    }
    return -p;
  };
  const own = subjects[index]!.slice(10);
  const impostors = subjects.flatMap((other, at) => (at === index ? [] : other.slice(0, TRIES)));
  const turn = (at: number): number => Math.floor((at * impostors.length) / own.length);
  const scores = own.map((row, at) => ({
    genuine: meet(row, learns.genuine),
    impostors: impostors.slice(turn(at), turn(at + 1)).map((forged) => meet(forged, learns.impostors)),
  }));
  return equalError(
    scores.map((one) => one.genuine),
    scores.flatMap((one) => one.impostors),
  ).rate;
}

function only({ columns, subjects, name }: KeystrokeSet, groups: ReadonlySet<FeatureGroup>): KeystrokeSet {
  const kept = columns.flatMap((group, index) => (groups.has(group) ? [index] : []));
  return {
    name,
    columns: kept.map((index) => columns[index]!),
    subjects: subjects.map((repetitions) => repetitions.map((row) => kept.map((index) => row[index]!))),
  };
}

const mean = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0) / values.length;
