import { PUE, WATTS_PER_GIB } from "../../../factors/power";

/**
 * What a node draws beside its processors, and what its making cost. Formulas and constants of Cloud Carbon Footprint
 * (https://www.cloudcarbonfootprint.org/docs/methodology, core 1.0.0 and ccf-coefficients; Apache-2.0).
 */

/** W per TB held: 1.2 Wh per TB-hour on solid state, 0.65 on spinning disks. */
const WATTS_PER_TB = { ssd: 1.2, hdd: 0.65 } as const;
/** Between data centres; traffic within one is not counted. */
const KWH_PER_NETWORK_GB = 0.001;

/** gCO2e of making a server with one processor and 16 GiB, and of each part beyond. */
const EMBODIED_GRAMS = {
  base: 1_000_000,
  baseMemoryGib: 16,
  perMemoryGib: (533 / 384) * 1000,
  perFurtherProcessor: 100_000,
  perHdd: 50_000,
  perSsd: 100_000,
  perGpu: 150_000,
} as const;

/** Four years, in hours. */
export const HARDWARE_LIFE_HOURS = 35_040;

/** W of installed memory: it is refreshed whether it is used or not. */
export function memoryWatts(gib: number): number {
  return gib * WATTS_PER_GIB;
}

/** W of disks, by TB of their size. */
export function storageWatts({ ssdTb, hddTb }: { ssdTb: number; hddTb: number }): number {
  return ssdTb * WATTS_PER_TB.ssd + hddTb * WATTS_PER_TB.hdd;
}

/** kWh of moving so many bytes. */
export function networkKwh(bytes: number, kwhPerGb = KWH_PER_NETWORK_GB): number {
  return (bytes / 1e9) * kwhPerGb;
}

/** Power usage effectiveness of a provider; one that states none is counted with the highest known. */
export function pueOf(provider: string | undefined): number {
  return (provider === undefined ? undefined : PUE[provider]) ?? Math.max(...Object.values(PUE));
}

export interface ServerParts {
  /** Processors, that is sockets. */
  processors: number;
  memoryGib: number;
  ssds: number;
  hdds: number;
  gpus: number;
}

/**
 * gCO2e of making the whole server. Solid-state disks count 100 kg and spinning ones 50 kg, as Cloud Carbon Footprint has it;
 * Impact Framework's sci-embodied (1.1.0) has the two the other way round. Memory under 16 GiB is not credited.
 */
export function embodiedGrams({ processors, memoryGib, ssds, hdds, gpus }: ServerParts): number {
  const { base, baseMemoryGib, perMemoryGib, perFurtherProcessor, perHdd, perSsd, perGpu } = EMBODIED_GRAMS;
  return (
    base +
    Math.max(0, memoryGib - baseMemoryGib) * perMemoryGib +
    Math.max(0, processors - 1) * perFurtherProcessor +
    hdds * perHdd +
    ssds * perSsd +
    gpus * perGpu
  );
}
