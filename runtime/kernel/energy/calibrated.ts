import { interpolate, type PowerPoint } from "./curve";
import { exponentOf, type MeasuredPoint, usualFrequency, workOf } from "./frequency";
import { clampUtilisation, intervalOf, type PowerModel } from "./power-model";

/** Measurements closer together than this are one point: their medians. Half of the usual step of a load test. */
const BIN = 0.05;
/** Fewer points, or a narrower range, say too little about the shape: then the shape of the prior is kept and scaled. */
const LEAST_POINTS = 4;
const LEAST_RANGE = 0.3;
/** Each measurement is foretold without it where there are few, and without so large a part of all where there are many. */
const MOST_FOLDS = 40;
/** Beyond the measured range the curve goes on with this share of its last slope: power flattens towards its limit. */
const SLOPE_KEPT = 0.5;

/** A model fitted to one node's own measurements. */
export interface CalibratedModel extends PowerModel {
  /** Measurements that it rests on. */
  readonly measurements: number;
  /** Mean absolute error in percent, each point predicted from the others; null where there are too few to tell. */
  readonly leaveOneOutPercent: number | null;
  /** Half of the 95 % interval, in percent, from the leave-one-out error; null as that is. */
  readonly uncertaintyPercent: number | null;
}

/**
 * Fits a node's power curve to what was measured there. Measurements are gathered into bins of utilisation by their medians
 * (one wild reading does not move it), made monotone by pool-adjacent-violators (Ayer et al. 1955), and joined by lines. With
 * fewer than four points, or a range under 30 %, the prior's curve is scaled to the measurements instead. Where the measurements
 * know the cores' frequency, and the fit foretells better with it, the curve is over work done instead of time busy: a few
 * cores at full speed draw more than many that are held back, at the same utilisation.
 * Returns undefined where there is nothing usable: no measurement, or too few and no prior.
 */
export function calibrate(
  measurements: readonly MeasuredPoint[],
  source: string,
  prior?: PowerModel,
): CalibratedModel | undefined {
  const usable = measurements.filter(isUsable);
  const exponent = exponentOf(usable, foretell);
  const points = binned(usable.map((point) => workOf(point, exponent)));
  const fitted = fit(points, prior);
  if (!fitted) return undefined;
  const error = leaveOneOut(points, prior);
  const usual = usualFrequency(usable);
  return {
    name: fitted.shaped ? "calibrated" : `calibrated-${prior!.name}`,
    source: [
      `${source}, ${String(usable.length)} measurements`,
      ...(fitted.shaped ? [] : [`shape of ${prior!.source}`]),
      ...(exponent > 0 ? [`over utilisation x frequency^${String(exponent)}`] : []),
    ].join(", "),
    watts: (utilisation, frequencyShare = usual) =>
      fitted.watts(workOf({ utilisation, watts: 0, frequencyShare }, exponent).utilisation),
    idleWatts: fitted.watts(0),
    measurements: usable.length,
    leaveOneOutPercent: error,
    uncertaintyPercent: error === null ? null : intervalOf(error),
  };
}

function isUsable({ utilisation, watts }: PowerPoint): boolean {
  return utilisation >= 0 && utilisation <= 1 && watts > 0 && Number.isFinite(watts);
}

interface Fitted {
  watts: (utilisation: number) => number;
  /** Whether the shape is the node's own, not the prior's. */
  shaped: boolean;
}

function fit(points: readonly PowerPoint[], prior: PowerModel | undefined): Fitted | undefined {
  if (points.length === 0) return undefined;
  const range = points.at(-1)!.utilisation - points[0]!.utilisation;
  if (points.length < LEAST_POINTS || range < LEAST_RANGE)
    return prior && { watts: scaled(points, prior), shaped: false };
  const monotone = poolAdjacentViolators(points);
  const ends = [extrapolated(monotone, 0), ...monotone, extrapolated(monotone, 1)].filter(
    (point) => point !== undefined,
  );
  return { watts: (utilisation) => interpolate(ends, clampUtilisation(utilisation)), shaped: true };
}

/** The prior times the median of measured over predicted. */
function scaled(points: readonly PowerPoint[], prior: PowerModel): (utilisation: number) => number {
  const ratios = points.flatMap(({ utilisation, watts }) => {
    const predicted = prior.watts(utilisation);
    return predicted > 0 ? [watts / predicted] : [];
  });
  const factor = ratios.length === 0 ? 1 : medianOf(ratios);
  return (utilisation) => prior.watts(utilisation) * factor;
}

function binned(measurements: readonly PowerPoint[]): PowerPoint[] {
  const bins = Map.groupBy(measurements, ({ utilisation }) => Math.round(utilisation / BIN));
  return [...bins.entries()]
    .sort(([a], [b]) => a - b)
    .map(([, members]) => ({
      utilisation: medianOf(members.map((member) => member.utilisation)),
      watts: medianOf(members.map((member) => member.watts)),
    }));
}

/** Least-squares fit that never falls: neighbours in the wrong order share their mean. */
function poolAdjacentViolators(points: readonly PowerPoint[]): PowerPoint[] {
  const pools: { sum: number; count: number }[] = [];
  for (const { watts } of points) {
    let pool = { sum: watts, count: 1 };
    for (let last = pools.at(-1); last && last.sum / last.count > pool.sum / pool.count; last = pools.at(-1)) {
      pool = { sum: last.sum + pool.sum, count: last.count + pool.count };
      pools.pop();
    }
    pools.push(pool);
  }
  const watts = pools.flatMap(({ sum, count }) => Array<number>(count).fill(sum / count));
  return points.map(({ utilisation }, index) => ({ utilisation, watts: watts[index]! }));
}

/** The curve's end at 0 or 1; undefined where a measurement is there. Four points at least. */
function extrapolated(points: readonly PowerPoint[], at: 0 | 1): PowerPoint | undefined {
  const [end, inner] = at === 0 ? [points[0]!, points[1]!] : [points.at(-1)!, points.at(-2)!];
  if (end.utilisation === at) return undefined;
  const slope = (end.watts - inner.watts) / (end.utilisation - inner.utilisation);
  return { utilisation: at, watts: Math.max(0, end.watts + SLOPE_KEPT * slope * (at - end.utilisation)) };
}

/** Mean absolute error in percent of measurements foretold by those of the other folds; each is its own where they are few. */
function foretell(points: readonly PowerPoint[]): number | null {
  const folds = Math.min(points.length, MOST_FOLDS);
  const errors: number[] = [];
  for (let fold = 0; fold < folds; fold += 1) {
    const others = fit(binned(points.filter((_, index) => index % folds !== fold)), undefined);
    if (!others) return null;
    for (const { utilisation, watts } of points.filter((_, index) => index % folds === fold)) {
      // At next to no load a percentage says nothing.
      if (utilisation >= BIN) errors.push(Math.abs(others.watts(utilisation) - watts) / watts);
    }
  }
  return errors.length === 0 ? null : (100 * errors.reduce((sum, error) => sum + error, 0)) / errors.length;
}

function leaveOneOut(points: readonly PowerPoint[], prior: PowerModel | undefined): number | null {
  if (points.length < 2) return null;
  const errors = points.flatMap(({ utilisation, watts }, index) => {
    const others = fit(points.toSpliced(index, 1), prior);
    return others ? [Math.abs(others.watts(utilisation) - watts) / watts] : [];
  });
  return errors.length < points.length ? null : (100 * errors.reduce((sum, error) => sum + error, 0)) / errors.length;
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
}
