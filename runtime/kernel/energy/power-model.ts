/** A node's electrical power as a function of how busy its processors are. */
export interface PowerModel {
  /** Stable name of the method; goes with every figure it makes. */
  readonly name: string;
  /** Where the numbers are from: table, licence and date, or the measurements. */
  readonly source: string;
  /**
   * W at a utilisation of 0 to 1 of all cores; values outside are taken as the nearest end. Never falls as load rises. The
   * cores' mean frequency, as a share of their highest, is heeded by models that were fitted to it; without it they take the usual.
   */
  watts(utilisation: number, frequencyShare?: number): number;
  /** W at no load: what `watts(0)` gives. */
  readonly idleWatts: number;
  /** Half of the 95 % interval, in percent; null or absent where nobody can tell. May be above 100: so little is known then. */
  readonly uncertaintyPercent?: number | null;
}

/** Half of the 95 % interval of a normal distribution, in mean absolute errors: 1.96 * sqrt(pi / 2). */
const INTERVAL_PER_MEAN_ERROR = 1.96 * Math.sqrt(Math.PI / 2);

/** Half of the 95 % interval in percent, from a mean absolute error in percent. */
export const intervalOf = (meanErrorPercent: number): number => meanErrorPercent * INTERVAL_PER_MEAN_ERROR;

/** Utilisation as models take it; what is not a number is no load. */
export function clampUtilisation(utilisation: number): number {
  return utilisation > 0 ? Math.min(utilisation, 1) : 0;
}
