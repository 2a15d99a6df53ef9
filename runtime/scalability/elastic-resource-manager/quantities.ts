import type { ResourceQuantities } from "../../exports";

/**
 * Amounts as the engine adds and compares them: whole milli-cores, bytes, milli-GPUs and pieces, so that any order of
 * additions and subtractions gives the same, exact sum (0.1 + 0.2 cores is 300 milli-cores). Exact up to 2^53: 9 PB, 9e12
 * cores. What is absent is none, and what is none is absent: equal amounts have equal members.
 */
export interface Amount {
  readonly cpuMilli: number;
  readonly memoryBytes: number;
  /** Thousandths of GPUs. Of a request: below 1000 a share of one device, else whole devices. */
  readonly gpuMilli?: number;
  /** Countable resources of other kinds, by name: pieces. */
  readonly custom?: Readonly<Record<string, number>>;
}

/** Resources that every cluster has; custom ones follow them by name. */
export const CPU = 0;
export const MEMORY = 1;
export const GPU = 2;
export const BUILT_IN = ["cpu", "memory", "gpu"] as const;

/** One GPU, in thousandths. */
export const WHOLE_GPU = 1000;

export const ZERO: Amount = { cpuMilli: 0, memoryBytes: 0 };

/** Decimal fractions of a core are not binary ones: 0.57 * 1000 is 569.9999…. Anything closer than this is that milli-core. */
const ROUNDING = 1e-6;

/** What is asked for, rounded up to whole units: never grants less than was asked. (+ 0 makes 0 of -0.) */
export function demandOf(quantities: ResourceQuantities): Amount {
  return wholeUnits(quantities, (value) => Math.ceil(value - ROUNDING) + 0);
}

/** What there is, rounded down to whole units: never promises more than there is. */
export function supplyOf(quantities: ResourceQuantities): Amount {
  return wholeUnits(quantities, (value) => Math.floor(value + ROUNDING));
}

export function quantitiesOf({ cpuMilli, memoryBytes, gpuMilli, custom }: Amount): ResourceQuantities {
  return {
    cpuCores: cpuMilli / 1000,
    memoryBytes,
    ...(gpuMilli !== undefined && { gpus: gpuMilli / WHOLE_GPU }),
    ...(custom !== undefined && { custom: { ...custom } }),
  };
}

/** a + factor * b. */
export function plus(a: Amount, b: Amount, factor = 1): Amount {
  return combine(a, b, (x, y) => x + factor * y);
}

export function larger(a: Amount, b: Amount): Amount {
  return combine(a, b, Math.max);
}

export function isSome({ cpuMilli, memoryBytes, gpuMilli, custom }: Amount): boolean {
  return cpuMilli !== 0 || memoryBytes !== 0 || gpuMilli !== undefined || custom !== undefined;
}

/** By resource: cpu, memory, gpu, then custom ones by name; what it has none of may be left out. */
export function entriesOf({
  cpuMilli,
  memoryBytes,
  gpuMilli = 0,
  custom = {},
}: Amount): [resource: string, value: number][] {
  return [["cpu", cpuMilli], ["memory", memoryBytes], ["gpu", gpuMilli], ...Object.entries(custom)];
}

/** In whole units again, from one value per resource. */
export function amountOf(resources: readonly string[], valueOf: (resource: number) => number): Amount {
  const custom: Record<string, number> = {};
  for (let each = BUILT_IN.length; each < resources.length; each++) custom[resources[each] as string] = valueOf(each);
  return canonical(valueOf(CPU), valueOf(MEMORY), valueOf(GPU), custom);
}

function wholeUnits(
  { cpuCores, memoryBytes, gpus = 0, custom = {} }: ResourceQuantities,
  round: (value: number) => number,
): Amount {
  const pieces = Object.entries(custom).map(([name, count]) => [name, round(count)]);
  return canonical(
    round(cpuCores * 1000),
    round(memoryBytes),
    round(gpus * WHOLE_GPU),
    Object.fromEntries(pieces) as Record<string, number>,
  );
}

function combine(a: Amount, b: Amount, of: (x: number, y: number) => number): Amount {
  const custom: Record<string, number> = {};
  if (a.custom || b.custom) {
    for (const name of new Set([...Object.keys(a.custom ?? {}), ...Object.keys(b.custom ?? {})])) {
      custom[name] = of(a.custom?.[name] ?? 0, b.custom?.[name] ?? 0);
    }
  }
  return canonical(
    of(a.cpuMilli, b.cpuMilli),
    of(a.memoryBytes, b.memoryBytes),
    a.gpuMilli === undefined && b.gpuMilli === undefined ? 0 : of(a.gpuMilli ?? 0, b.gpuMilli ?? 0),
    custom,
  );
}

function canonical(cpuMilli: number, memoryBytes: number, gpuMilli: number, custom: Record<string, number>): Amount {
  const names = Object.keys(custom).filter((name) => custom[name] !== 0);
  if (gpuMilli === 0 && names.length === 0) return { cpuMilli, memoryBytes };
  return {
    cpuMilli,
    memoryBytes,
    ...(gpuMilli !== 0 && { gpuMilli }),
    ...(names.length > 0 && { custom: Object.fromEntries(names.sort().map((name) => [name, custom[name] as number])) }),
  };
}
