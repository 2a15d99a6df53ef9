/** Power of processors and memory, from Cloud Carbon Footprint (see SOURCES.md; Apache-2.0, changed: rounded). */

/** Watts of one vCPU, idle and full, by processor architecture. */
export const WATTS_PER_VCPU: Readonly<Record<string, readonly [idle: number, full: number]>> = {
  Broadwell: [0.7128, 3.6853],
  "Cascade Lake": [0.6903, 4.0632],
  "Coffee Lake": [1.1384, 5.4218],
  "EPYC 1st Gen": [0.8468, 2.6042],
  "EPYC 2nd Gen": [0.4743, 1.693],
  "EPYC 3rd Gen": [0.4556, 1.9573],
  "EPYC 4th Gen": [0.7391, 2.2822],
  "EPYC 5th Gen": [3.6824, 8.9614],
  "Emerald Rapids": [0.814, 4.482],
  "Granite Rapids": [0.5816, 2.5275],
  Graviton2: [0.4743, 1.693],
  Graviton3: [0.4743, 1.693],
  Graviton3E: [0.4743, 1.693],
  Graviton4: [0.4743, 1.693],
  Haswell: [1.8574, 5.5954],
  "Ice Lake": [0.7668, 3.7582],
  "Ivy Bridge": [1.7074, 5.5569],
  "Sandy Bridge": [2.2122, 8.6309],
  "Sapphire Rapids": [1.0363, 4.1605],
  Skylake: [0.613, 4.1042],
};

/** The architecture whose figures look wrong in the source (SOURCES.md); estimates that use it say so. */
export const SUSPECT_ARCHITECTURE = "EPYC 5th Gen";

/** Watts per GiB of memory. */
export const WATTS_PER_GIB = 0.392;

/** Power usage effectiveness of the providers that state one; anything else is counted with the highest. */
export const PUE: Readonly<Record<string, number>> = { aws: 1.135, gcp: 1.1, azure: 1.125 };

/** Watts of a terabyte held, once. */
export const WATTS_PER_TERABYTE = { ssd: 1.2, hdd: 0.65 } as const;

/**
 * How far the power models are off, as a share: mean over three machines of their mean absolute error against measured RAPL
 * (SOURCES.md). `curve`: Teads' four points; `perVcpu`: Cloud Carbon Footprint's watts per vCPU; `unknown`: the worst of the
 * latter, for processors that nobody named.
 */
export const MODEL_ERROR_SHARE = { curve: 0.32, perVcpu: 0.51, unknown: 0.66 } as const;

const known = Object.entries(WATTS_PER_VCPU)
  .filter(([architecture]) => architecture !== SUSPECT_ARCHITECTURE)
  .map(([, watts]) => watts);

/** Mean over the architectures: what a core of an unknown processor is counted with. */
export const MEAN_WATTS_PER_VCPU: readonly [idle: number, full: number] = [
  known.reduce((sum, [idle]) => sum + idle, 0) / known.length,
  known.reduce((sum, [, full]) => sum + full, 0) / known.length,
];
