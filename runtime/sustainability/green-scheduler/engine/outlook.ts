import type { Grid, RegionOutlook } from "./types";
import { denoise } from "./smoothing";

/** Intensity over time, with the integral of any stretch in constant time. Beyond the grid it goes on at its mean. */
export class Curve {
  readonly mean: number;
  /** Of a step. */
  readonly hours: number;
  /** sums[i]: of the steps before i. */
  private readonly sums: Float64Array;

  constructor(
    private readonly grid: Grid,
    readonly values: Float64Array,
  ) {
    this.hours = grid.stepMs / 3_600_000;
    this.sums = new Float64Array(values.length + 1);
    for (let i = 0; i < values.length; i++) this.sums[i + 1] = this.sums[i]! + values[i]!;
    this.mean = this.sums[values.length]! / values.length;
  }

  /** Sum of intensity times hours over [from, to): with kW it is grams. */
  integral(from: number, to: number): number {
    return (this.upTo(to) - this.upTo(from)) * this.hours;
  }

  /** The integral up to a part of a step, by steps instead of hours: differences of it are what counts. */
  at(step: number, part: number): number {
    const { values, sums } = this;
    if (step < 0) return (step + part) * this.mean;
    if (step < values.length) return sums[step]! + part * values[step]!;
    return sums[values.length]! + (step + part - values.length) * this.mean;
  }

  private upTo(time: number): number {
    const place = (time - this.grid.from) / this.grid.stepMs;
    if (place <= 0) return place * this.mean;
    const step = Math.floor(place);
    return this.at(step, place - step);
  }
}

/** Cores free in each step, taken and given back as plans are made. */
export class Room {
  constructor(
    private readonly grid: Grid,
    readonly free: Float64Array | null,
  ) {}

  get limited(): boolean {
    return this.free !== null;
  }

  /** More was taken than there is. */
  get isOverdrawn(): boolean {
    return this.free !== null && this.free.some((cores) => cores < -1e-9);
  }

  /** First step that [from, to) touches, and the step after the last one; within the grid. */
  private span(from: number, to: number): [number, number] {
    const { from: origin, stepMs, steps } = this.grid;
    return [Math.max(0, Math.floor((from - origin) / stepMs)), Math.min(steps, Math.ceil((to - origin) / stepMs))];
  }

  isFreeAt(step: number, cores: number): boolean {
    return this.free === null || step < 0 || step >= this.free.length || this.free[step]! >= cores - 1e-9;
  }

  /** The first step in [from, to) without room for `cores`, -1 where all have it. */
  blockedAt(from: number, to: number, cores: number): number {
    if (this.free === null) return -1;
    const [first, end] = this.span(from, to);
    // From the end, so that who searches for a start may jump beyond the whole obstacle.
    for (let step = end - 1; step >= first; step--) if (this.free[step]! < cores - 1e-9) return step;
    return -1;
  }

  /** Takes (or with negative cores gives back) room; a step that a stretch only touches is taken whole. */
  take(from: number, to: number, cores: number): void {
    if (this.free === null) return;
    const [first, end] = this.span(from, to);
    for (let step = first; step < end; step++) this.free[step] = this.free[step]! - cores;
  }
}

const UNLIMITED = new Room({ from: 0, stepMs: 1, steps: 0 }, null);

/** What one core costs in each step, in grams: what others would have to emit more if it were taken from them. */
export class Prices {
  readonly values: Float64Array;
  /** sums[i]: of the steps before i. */
  private readonly sums: Float64Array;

  constructor(
    private readonly grid: Grid,
    values: ArrayLike<number>,
  ) {
    this.values = Float64Array.from(values);
    this.sums = new Float64Array(grid.steps + 1);
    for (let i = 0; i < grid.steps; i++) this.sums[i + 1] = this.sums[i]! + this.values[i]!;
  }

  /** Of one core for all steps that [from, to) touches: as room is taken. */
  touched(from: number, to: number): number {
    const { from: origin, stepMs } = this.grid;
    return this.between(Math.floor((from - origin) / stepMs), Math.ceil((to - origin) / stepMs));
  }

  /** Of one core from one step up to another; there are no prices beyond the grid. */
  between(first: number, end: number): number {
    const { steps } = this.grid;
    if (end <= 0 || first >= steps) return 0;
    return this.sums[end > steps ? steps : end]! - this.sums[first < 0 ? 0 : first]!;
  }
}

/** One region as the planner sees it. */
export interface Place {
  region: string;
  grid: Grid;
  /** What plans are chosen by: the forecast without its independent errors. */
  choice: Curve;
  /** The forecast as it was given: what plans are reckoned by. */
  given: Curve;
  room: Room;
  /** What cores are worth to others; null: no more than they emit. */
  prices: Prices | null;
  pue: number;
  /** The place itself, of which this may be another view. */
  real: Place | null;
}

function known(region: string, values: ArrayLike<number>, grid: Grid): Float64Array {
  if (values.length !== grid.steps) {
    throw new RangeError(`${region}: ${String(values.length)} values for a grid of ${String(grid.steps)} steps`);
  }
  const filled = Float64Array.from(values);
  const finite = filled.filter((value) => Number.isFinite(value));
  const mean = finite.length === 0 ? 0 : finite.reduce((sum, value) => sum + value, 0) / finite.length;
  return filled.map((value) => (Number.isFinite(value) ? value : mean));
}

/** The same place without a limit, or with what its cores are worth to others, or both. */
export function viewOf(place: Place, isLimited: boolean, prices: Prices | null): Place {
  return { ...place, room: isLimited ? place.room : UNLIMITED, prices, real: place };
}

/** What is negative or not known is no room. */
function atLeastNone(cores: number): number {
  return cores > 0 ? cores : 0;
}

/** Throws RangeError where a series is not as long as the grid. */
export function placeOf(outlook: RegionOutlook, grid: Grid): Place {
  const given = known(outlook.region, outlook.gramsPerKwh, grid);
  const choice = denoise(given, outlook.errorShare);
  const curve = new Curve(grid, given);
  if (outlook.freeCores !== undefined && outlook.freeCores.length !== grid.steps) {
    throw new RangeError(`${outlook.region}: freeCores must have ${String(grid.steps)} values, one per step`);
  }
  return {
    region: outlook.region,
    grid,
    given: curve,
    choice: choice === given ? curve : new Curve(grid, choice),
    room: new Room(grid, outlook.freeCores === undefined ? null : Float64Array.from(outlook.freeCores, atLeastNone)),
    prices: null,
    pue: outlook.pue ?? 1,
    real: null,
  };
}
