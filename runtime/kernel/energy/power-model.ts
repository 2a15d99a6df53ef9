/** A node's electrical power as a function of how busy its processors are. */
export interface PowerModel {
  /** Stable name of the method; goes with every figure it makes. */
  readonly name: string;
  /** Where the numbers are from: table, licence and date, or the measurements. */
  readonly source: string;
  /** W at a utilisation of 0 to 1 of all cores; values outside are taken as the nearest end. Never falls as load rises. */
  watts(utilisation: number): number;
  /** W at no load: what `watts(0)` gives. */
  readonly idleWatts: number;
}

/** Utilisation as models take it; what is not a number is no load. */
export function clampUtilisation(utilisation: number): number {
  return utilisation > 0 ? Math.min(utilisation, 1) : 0;
}
