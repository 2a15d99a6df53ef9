import { MnoError } from "../../exports";
import { MEAN_WATTS_PER_VCPU, MODEL_ERROR_SHARE, SUSPECT_ARCHITECTURE, WATTS_PER_VCPU } from "../../../factors/power";
import { POWER_CURVE_TABLE, POWER_TABLE } from "../../../factors/tables";
import { clampUtilisation, intervalOf, type PowerModel } from "./power-model";

/** A point of a power curve: utilisation of all cores (0 to 1) and W. */
export interface PowerPoint {
  readonly utilisation: number;
  readonly watts: number;
}

/** Teads' curve, as multiples of the thermal design power (TDP). Source: Impact Framework, pipeline-teads-sci. */
const TEADS_CURVE: readonly (readonly [utilisation: number, ofTdp: number])[] = [
  [0, 0.12],
  [0.1, 0.32],
  [0.5, 0.75],
  [1, 1.02],
];

/** Linear between idle and full load, W of the whole node. Errors: MNO_POWER_MODEL_INVALID. */
export function linearPower(idleWatts: number, fullWatts: number, source: string, named: Named = {}): PowerModel {
  return curvePower(
    [
      { utilisation: 0, watts: idleWatts },
      { utilisation: 1, watts: fullWatts },
    ],
    source,
    { name: "linear", ...named },
  );
}

/**
 * Cloud Carbon Footprint's compute model: W = min + utilisation * (max - min) per vCPU, by processor architecture. An
 * architecture that the table does not have is counted with the mean over those it has; the source says so, and the uncertainty
 * is wider.
 */
export function ccfPower(architecture: string | undefined, vcpus: number): PowerModel {
  const known = architecture === undefined ? undefined : WATTS_PER_VCPU[architecture];
  const [idle, full] = known ?? MEAN_WATTS_PER_VCPU;
  const whose = known ? architecture : `${architecture ?? "unknown processor"}: mean of all architectures`;
  const caveat = architecture === SUSPECT_ARCHITECTURE ? ", figures look too high in the source" : "";
  return linearPower(idle * vcpus, full * vcpus, `${POWER_TABLE.source}, ${POWER_TABLE.asOf} (${whose}${caveat})`, {
    name: "ccf-linear",
    meanErrorShare: known ? MODEL_ERROR_SHARE.perVcpu : MODEL_ERROR_SHARE.unknown,
  });
}

/** Teads' four-point curve times the thermal design power of all sockets, W. */
export function teadsPower(tdpWatts: number, source: string): PowerModel {
  const points = TEADS_CURVE.map(([utilisation, ofTdp]) => ({ utilisation, watts: ofTdp * tdpWatts }));
  return curvePower(points, `Teads curve x TDP ${String(tdpWatts)} W (${source})`, {
    name: "teads-tdp",
    meanErrorShare: MODEL_ERROR_SHARE.curve,
  });
}

/** Loads that Teads measured whole instances at. */
const INSTANCE_LOADS = [0, 0.1, 0.5, 1] as const;

/** Teads' measurements of a whole instance, memory and its share of the rest of the server included: W at 0, 10, 50 and 100 %. */
export function instancePower(watts: readonly number[], type: string): PowerModel {
  const points = INSTANCE_LOADS.map((utilisation, index) => ({ utilisation, watts: watts[index]! }));
  return curvePower(points, `${POWER_CURVE_TABLE.source}, ${POWER_CURVE_TABLE.asOf} (${type}, memory included)`, {
    name: "teads-instance",
    meanErrorShare: MODEL_ERROR_SHARE.curve,
  });
}

/**
 * The form of a SPECpower_ssj2008 result: W at active idle and at equally spaced target loads up to 100 % (ten in a full
 * result, one where only idle and full load are published). Linear between them.
 */
export function specPower(wattsFromIdleToFull: readonly number[], source: string): PowerModel {
  const steps = wattsFromIdleToFull.length - 1;
  const points = wattsFromIdleToFull.map((watts, index) => ({ utilisation: index / steps, watts }));
  return curvePower(points, source, { name: "specpower" });
}

/** How a model is called, and how far its like are off: mean absolute error as a share. */
interface Named {
  name?: string;
  meanErrorShare?: number;
}

/**
 * Linear between the points, flat outside them. Errors: MNO_POWER_MODEL_INVALID where there are fewer than two points,
 * utilisations do not rise within 0 to 1, or watts are negative or fall.
 */
export function curvePower(
  points: readonly PowerPoint[],
  source: string,
  { name = "curve", meanErrorShare }: Named = {},
): PowerModel {
  const fault = faultOf(points);
  if (fault !== undefined) throw new MnoError("MNO_POWER_MODEL_INVALID", `The power model ${name}: ${fault}`);
  const watts = (utilisation: number): number => interpolate(points, clampUtilisation(utilisation));
  const uncertaintyPercent = meanErrorShare === undefined ? null : intervalOf(100 * meanErrorShare);
  return { name, source, watts, idleWatts: watts(0), uncertaintyPercent };
}

/** Linear between the points (two or more, utilisations rising), flat outside. */
export function interpolate(points: readonly PowerPoint[], utilisation: number): number {
  const after = points.findIndex((point) => point.utilisation >= utilisation);
  if (after === 0) return points[0]!.watts;
  if (after < 0) return points.at(-1)!.watts;
  const [a, b] = [points[after - 1]!, points[after]!];
  return a.watts + ((b.watts - a.watts) * (utilisation - a.utilisation)) / (b.utilisation - a.utilisation);
}

function faultOf(points: readonly PowerPoint[]): string | undefined {
  if (points.length < 2) return "needs two points or more";
  for (const [index, { utilisation, watts }] of points.entries()) {
    const before = points[index - 1];
    if (!(utilisation >= 0 && utilisation <= 1)) return `utilisation must be 0 to 1, not ${String(utilisation)}`;
    if (!(watts >= 0 && Number.isFinite(watts))) return `watts must be finite and not negative, not ${String(watts)}`;
    if (before && utilisation <= before.utilisation) return "utilisations must rise from point to point";
    if (before && watts < before.watts) return "watts must not fall as utilisation rises";
  }
  return undefined;
}
