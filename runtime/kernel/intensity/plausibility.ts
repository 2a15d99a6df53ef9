import type { IntensityPoint } from "./intensity";
import { DAY_MS, HOUR_MS, median, MINUTE_MS } from "./series";

/** Above it no grid is: lignite plants of the worst kind reach about 1,400 gCO2e/kWh with all they need. */
const MOST_GRAMS_PER_KWH = 2000;
/** No grid changes so many times over from one stretch to the next; a change of unit does. */
const JUMP_FACTOR = 10;
/** So many stretches in a row that agree (within twice of each other) confirm a jump. */
const CONFIRMING_POINTS = 3;
/** The same value for so long, to the last digit, is a feed that repeats itself. */
const FLAT_MS = 24 * HOUR_MS;
/** Clocks differ; what begins later than that after now was not measured. */
const AHEAD_MS = 15 * MINUTE_MS;
/** Figures of a whole year are the longest that anybody publishes; what claims more has its times wrong. */
const LONGEST_MS = 366 * DAY_MS;
/** A feed of which more than this share cannot be believed is not believed at all. */
const REFUSED_SHARE = 0.1;

export interface Judged {
  points: IntensityPoint[];
  /** What was left out and why; empty when nothing was. */
  notes: string[];
  /** The value has stood still for long, up to the last point. */
  flat: boolean;
  /** Set when nothing of the answer can be believed, and why. */
  refused?: string;
}

export interface Judging {
  now: number;
  zeroIsReal: boolean;
  /** What was believed of this feed and region before, in order of time. */
  before: readonly IntensityPoint[];
  /** Points of the future are what was asked for. */
  forecast: boolean;
}

/** Why a point is not one of an intensity; undefined when it may be one. */
function pointFault({ from, to, gramsPerKwh }: IntensityPoint, zeroIsReal: boolean): string | undefined {
  if (!(to - from <= LONGEST_MS)) return "lasts longer than a year";
  if (!Number.isFinite(gramsPerKwh)) return "is not a number";
  if (gramsPerKwh < 0) return `${String(gramsPerKwh)} g/kWh is negative`;
  if (gramsPerKwh === 0 && !zeroIsReal) return "is 0, which no grid is";
  if (gramsPerKwh > MOST_GRAMS_PER_KWH) return `${String(gramsPerKwh)} g/kWh is above ${String(MOST_GRAMS_PER_KWH)}`;
  return undefined;
}

/** Sorts what can be believed of an answer from what cannot. `points` are in order of time. */
export function judge(points: readonly IntensityPoint[], judging: Judging): Judged {
  const notes: string[] = [];
  const leaveOut = (point: IntensityPoint, why: string): void => {
    notes.push(`left out ${new Date(point.from).toISOString()} ${why}`);
  };
  const timely = points.filter((point) => {
    const why =
      pointFault(point, judging.zeroIsReal) ??
      (!judging.forecast && point.from > judging.now + AHEAD_MS ? "is in the future" : undefined);
    if (why !== undefined) leaveOut(point, why);
    return why === undefined;
  });
  const contradicted = contradiction(timely, judging);
  if (contradicted !== undefined) return { points: [], notes, flat: false, refused: contradicted };
  const believed = withoutJumps(timely, referenceOf(timely, judging), leaveOut);
  const judged = { points: believed, notes, flat: !judging.forecast && standsStill(believed) };
  if (points.length > 0 && notes.length > Math.max(points.length * REFUSED_SHARE, believed.length === 0 ? 0 : 1)) {
    return { ...judged, refused: `${String(notes.length)} of ${String(points.length)} points: ${notes[0]!}` };
  }
  return judged;
}

/**
 * A feed that restates most of the past many times over, or foretells another world, has changed its unit, or was wrong
 * before; either way who knows.
 */
function contradiction(points: readonly IntensityPoint[], { before, forecast }: Judging): string | undefined {
  if (forecast) {
    const foretold = median(points.map(({ gramsPerKwh }) => gramsPerKwh));
    const measured = median(before.map(({ gramsPerKwh }) => gramsPerKwh));
    if (foretold === undefined || measured === undefined || !jumps(foretold, measured)) return undefined;
    return `it is about ${foretold.toPrecision(3)} g/kWh, where ${measured.toPrecision(3)} was measured`;
  }
  const known = new Map(before.map(({ from, gramsPerKwh }) => [from, gramsPerKwh]));
  const restated = points.filter(({ from }) => known.has(from));
  const jumped = restated.filter(({ from, gramsPerKwh }) => jumps(gramsPerKwh, known.get(from)!));
  if (jumped.length * 2 <= restated.length) return undefined;
  const [first] = jumped;
  return `it contradicts itself: ${new Date(first!.from).toISOString()} was ${String(known.get(first!.from))} and is now ${String(first!.gramsPerKwh)} g/kWh`;
}

/** What the first point is held against. */
function referenceOf(points: readonly IntensityPoint[], { before, forecast }: Judging): number | undefined {
  const start = points[0]?.from;
  if (start === undefined) return undefined;
  const earlier = forecast ? before : before.filter(({ from }) => from < start);
  return median((earlier.length > 0 ? earlier : points).map(({ gramsPerKwh }) => gramsPerKwh));
}

function withoutJumps(
  points: readonly IntensityPoint[],
  start: number | undefined,
  leaveOut: (point: IntensityPoint, why: string) => void,
): IntensityPoint[] {
  const believed: IntensityPoint[] = [];
  let reference = start;
  let doubted: IntensityPoint[] = [];
  const giveUp = (): void => {
    for (const point of doubted) {
      leaveOut(point, `jumps to ${String(point.gramsPerKwh)} from ${String(reference)} g/kWh and nothing confirms it`);
    }
    doubted = [];
  };
  for (const point of points) {
    if (reference === undefined || !jumps(point.gramsPerKwh, reference)) {
      giveUp();
      believed.push(point);
      reference = point.gramsPerKwh;
      continue;
    }
    const last = doubted.at(-1);
    if (last && !agree(last.gramsPerKwh, point.gramsPerKwh)) giveUp();
    doubted.push(point);
    if (doubted.length === CONFIRMING_POINTS) {
      believed.push(...doubted);
      doubted = [];
      reference = point.gramsPerKwh;
    }
  }
  giveUp();
  return believed;
}

/** Below a gram everything is near everything: a share of so little means nothing. */
const ratio = (a: number, b: number): number => Math.max(a, b, 1) / Math.max(Math.min(a, b), 1);
const agree = (a: number, b: number): boolean => ratio(a, b) <= 2;
/** Of zero only what is far from it jumps; at the margin curtailment makes true zeros, after any value. */
const jumps = (a: number, b: number): boolean => a > 0 && b > 0 && ratio(a, b) > JUMP_FACTOR;

function standsStill(points: readonly IntensityPoint[]): boolean {
  const last = points.at(-1);
  if (!last) return false;
  let first = last;
  for (let i = points.length - 2; i >= 0 && points[i]!.gramsPerKwh === last.gramsPerKwh; i -= 1) first = points[i]!;
  return first !== last && last.to - first.from >= FLAT_MS;
}
