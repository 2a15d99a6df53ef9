import type { Sample } from "./template";

/** One touch of a key; times in ms from the first one's beginning. */
export interface Press {
  down: number;
  up: number;
  pressure?: number | undefined;
  size?: number | undefined;
}

/** Features of one group share their unit and about their dispersion. */
export type FeatureGroup =
  "hold" | "down-down" | "up-down" | "pressure" | "size" | "mean-hold" | "mean-pressure" | "mean-size";

export interface Features {
  readonly groups: readonly FeatureGroup[];
  readonly values: Sample;
}

/** ms below which the time from release to press, which may be negative, is taken as it is, and above it as a logarithm. */
const UP_DOWN_UNIT = 100;
/** Least ms, or pressure, that a logarithm is taken of. */
const LEAST = 1e-3;

/** Times and forces are positive and their dispersion grows with them: their logarithms are what is compared. */
export function logScale(group: FeatureGroup, value: number): number {
  if (group === "up-down") return Math.sign(value) * Math.log1p(Math.abs(value) / UP_DOWN_UNIT);
  return Math.log(Math.max(value, LEAST));
}

/**
 * Hold, down-down and up-down times of the text, pressure and size where the device tells them for every press, and the
 * means: the features of the CMU and MEU-Mobile data sets. Presses are taken in the order of their beginning.
 */
export function keystrokeFeatures(presses: readonly Press[]): Features {
  const ordered = presses.toSorted((a, b) => a.down - b.down);
  const pairs = ordered.slice(1).map((next, index) => [ordered[index]!, next] as const);
  const holds = ordered.map(({ down, up }) => Math.max(up - down, 0));
  const pressures = complete(ordered.map(({ pressure }) => pressure));
  const sizes = complete(ordered.map(({ size }) => size));
  const columns: [FeatureGroup, number[]][] = [
    ["hold", holds],
    ["down-down", pairs.map(([one, next]) => next.down - one.down)],
    ["up-down", pairs.map(([one, next]) => next.down - one.up)],
    ["pressure", pressures],
    ["size", sizes],
    ["mean-hold", mean(holds)],
    ["mean-pressure", mean(pressures)],
    ["mean-size", mean(sizes)],
  ];
  const flat = columns.flatMap(([group, values]) => values.map((value) => ({ group, value: logScale(group, value) })));
  return { groups: flat.map(({ group }) => group), values: flat.map(({ value }) => value) };
}

/** All of them, or none where one is missing. */
function complete(values: readonly (number | undefined)[]): number[] {
  const told = values.filter((value) => value !== undefined);
  return told.length === values.length ? told : [];
}

const mean = (values: readonly number[]): number[] =>
  values.length === 0 ? [] : [values.reduce((total, value) => total + value, 0) / values.length];
