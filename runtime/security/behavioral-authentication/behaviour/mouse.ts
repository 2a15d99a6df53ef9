import type { Sample } from "./template";

/** Times in ms, places in pixels. */
export interface PointerSample {
  t: number;
  x: number;
  y: number;
  button?: boolean | undefined;
}

/** A pause as long as this ends an action, as the release of a button does (Antal and Egyed-Zsigmond 2019). */
const PAUSE_MILLISECONDS = 1000;
/** ms; points that lie closer are one: no screen is faster, and speeds stay finite whatever a client sends. */
const LEAST_STEP = 1;
/** Fewer points have no jerk. */
const FEWEST_POINTS = 5;
/** Actions whose features are averaged into one sample: a single movement says little. */
export const ACTIONS_PER_WINDOW = 10;

export const MOUSE_FEATURES = [
  ...["duration", "points", "path", "distance", "efficiency", "deviation", "turning", "direction changes"],
  ...["speed mean", "speed deviation", "speed max", "time to speed max", "horizontal speed", "vertical speed"],
  ...["acceleration mean", "acceleration deviation", "acceleration max", "jerk mean", "jerk deviation", "jerk max"],
  ...["angular velocity mean", "angular velocity deviation", "curvature mean", "curvature deviation"],
] as const;

/**
 * Windows of a session's movements, each the mean of the 24 features over ACTIONS_PER_WINDOW actions; what is left over does
 * not count. Samples that go back in time are left out.
 */
export function mouseWindows(samples: readonly PointerSample[]): Sample[] {
  const features = actionsOf(samples).map(featuresOf);
  const windows: Sample[] = [];
  for (let at = 0; at + ACTIONS_PER_WINDOW <= features.length; at += ACTIONS_PER_WINDOW) {
    const window = features.slice(at, at + ACTIONS_PER_WINDOW);
    windows.push(MOUSE_FEATURES.map((_, feature) => mean(window.map((one) => one[feature]!))));
  }
  return windows;
}

/** Movements without a pause. */
export function actionsOf(samples: readonly PointerSample[]): PointerSample[][] {
  const actions: PointerSample[][] = [];
  let action: PointerSample[] = [];
  const end = (): void => {
    if (action.length >= FEWEST_POINTS) actions.push(action);
    action = [];
  };
  for (const sample of samples) {
    const last = action.at(-1);
    if (last !== undefined) {
      if (sample.t - last.t < LEAST_STEP) continue;
      if (sample.t - last.t >= PAUSE_MILLISECONDS) end();
    }
    action.push(sample);
    if (last?.button === true && sample.button !== true) end();
  }
  end();
  return actions;
}

/** In the order of MOUSE_FEATURES; amounts that are never negative as logarithms, for they are skewed. */
export function featuresOf(action: readonly PointerSample[]): Sample {
  const first = action[0]!;
  const last = action.at(-1)!;
  const times = pairs(action).map(([a, b]) => (b.t - a.t) / 1000);
  const steps = pairs(action).map(([a, b]) => [b.x - a.x, b.y - a.y] as const);
  const lengths = steps.map(([dx, dy]) => Math.hypot(dx, dy));
  const speeds = lengths.map((length, index) => length / times[index]!);
  const accelerations = rates(speeds, times);
  const jerks = rates(accelerations, times.slice(1));
  const turns = pairs(steps.map(([dx, dy]) => Math.atan2(dy, dx))).map(([a, b]) => shortestTurn(b - a));
  const angular = turns.map((turn, index) => turn / times[index + 1]!);
  const curvatures = turns.map((turn, index) => Math.abs(turn) / Math.max(lengths[index + 1]!, 1));
  const path = total(lengths);
  const straight = Math.hypot(last.x - first.x, last.y - first.y);
  const duration = (last.t - first.t) / 1000;
  const fastest = Math.max(...speeds);
  return [
    log(duration),
    log(action.length),
    log(path),
    log(straight),
    path === 0 ? 1 : straight / path,
    log(Math.max(...action.map((point) => distanceToLine(point, first, last)))),
    log(total(turns.map(Math.abs))),
    log(pairs(turns).filter(([a, b]) => a * b < 0).length),
    log(mean(speeds)),
    log(deviation(speeds)),
    log(fastest),
    duration === 0 ? 0 : total(times.slice(0, speeds.indexOf(fastest) + 1)) / duration,
    log(mean(steps.map(([dx], index) => Math.abs(dx) / times[index]!))),
    log(mean(steps.map(([, dy], index) => Math.abs(dy) / times[index]!))),
    log(mean(accelerations.map(Math.abs))),
    log(deviation(accelerations)),
    log(Math.max(...accelerations)),
    log(mean(jerks.map(Math.abs))),
    log(deviation(jerks)),
    log(Math.max(...jerks)),
    log(mean(angular.map(Math.abs))),
    log(deviation(angular)),
    log(mean(curvatures) * 1000),
    log(deviation(curvatures) * 1000),
  ];
}

const log = (value: number): number => Math.log1p(Math.max(value, 0));
const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
const mean = (values: readonly number[]): number => (values.length === 0 ? 0 : total(values) / values.length);
const pairs = <T>(values: readonly T[]): [T, T][] => values.slice(1).map((value, index) => [values[index]!, value]);

function deviation(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
}

const rates = (values: readonly number[], times: readonly number[]): number[] =>
  pairs(values).map(([a, b], index) => (b - a) / times[index + 1]!);

const shortestTurn = (angle: number): number => Math.atan2(Math.sin(angle), Math.cos(angle));

function distanceToLine(point: PointerSample, from: PointerSample, to: PointerSample): number {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  if (length === 0) return Math.hypot(point.x - from.x, point.y - from.y);
  return Math.abs((to.x - from.x) * (from.y - point.y) - (from.x - point.x) * (to.y - from.y)) / length;
}
