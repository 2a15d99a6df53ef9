import { MnoError } from "../../exports";

/** What a score rests on. Market-based measures (certificates, offsets) never belong here (ISO/IEC 21031:2024, 7.2). */
export interface SciInput {
  /** E: energy of all hardware reserved or used, kWh. */
  energyKwh: number;
  /** I: location-based intensity, gCO2e/kWh; average or marginal, never mixed. */
  gramsPerKwh: number;
  /** M: share of the making of the hardware, gCO2e. */
  embodiedGrams: number;
  /** R: how many requests, users or jobs the energy served. */
  functionalUnits: number;
}

export interface Sci {
  /** O = E * I, gCO2e. */
  operationalGrams: number;
  embodiedGrams: number;
  /** (O + M) / R, gCO2e per functional unit. */
  gramsPerUnit: number;
}

/**
 * Software Carbon Intensity, (E * I + M) per R. Source: ISO/IEC 21031:2024.
 * Errors: MNO_SCI_INVALID where there is nothing to divide by, or a figure is negative.
 */
export function sci({ energyKwh, gramsPerKwh, embodiedGrams, functionalUnits }: SciInput): Sci {
  return sciOf(
    nonNegative("energyKwh", energyKwh) * nonNegative("gramsPerKwh", gramsPerKwh),
    embodiedGrams,
    functionalUnits,
  );
}

/** The same from operational emissions that are known already, gCO2e. Errors: MNO_SCI_INVALID. */
export function sciOf(operationalGrams: number, embodiedGrams: number, functionalUnits: number): Sci {
  if (!(functionalUnits > 0 && Number.isFinite(functionalUnits))) {
    throw new MnoError("MNO_SCI_INVALID", `functionalUnits must be above 0, not ${String(functionalUnits)}`);
  }
  const total = nonNegative("operationalGrams", operationalGrams) + nonNegative("embodiedGrams", embodiedGrams);
  return { operationalGrams, embodiedGrams, gramsPerUnit: total / functionalUnits };
}

export interface EmbodiedShare {
  /** TE: gCO2e of making the whole server. */
  totalGrams: number;
  /** TiR: time reserved, and EL: expected life, in the same unit. */
  reserved: number;
  expectedLife: number;
  /** RR: resources reserved, and ToR: resources of the server, in the same unit (vCPUs, say). */
  resourcesReserved: number;
  totalResources: number;
}

/** M = TE * (TiR / EL) * (RR / ToR), gCO2e. Source: ISO/IEC 21031:2024. */
export function embodiedShare({
  totalGrams,
  reserved,
  expectedLife,
  resourcesReserved,
  totalResources,
}: EmbodiedShare): number {
  return totalGrams * (reserved / expectedLife) * (resourcesReserved / totalResources);
}

function nonNegative(name: string, value: number): number {
  if (value >= 0 && Number.isFinite(value)) return value;
  throw new MnoError("MNO_SCI_INVALID", `${name} must be finite and not negative, not ${String(value)}`);
}
