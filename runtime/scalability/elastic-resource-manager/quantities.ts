import type { ResourceQuantities } from "../../exports";

/**
 * Amounts as the engine adds and compares them: whole milli-cores and whole bytes, so that any order of additions and
 * subtractions gives the same, exact sum (0.1 + 0.2 cores is 300 milli-cores). Exact up to 2^53: 9 PB, 9e12 cores.
 */
export interface Amount {
  readonly cpuMilli: number;
  readonly memoryBytes: number;
}

export const RESOURCES = ["cpuMilli", "memoryBytes"] as const;

export const ZERO: Amount = { cpuMilli: 0, memoryBytes: 0 };

/** Decimal fractions of a core are not binary ones: 0.57 * 1000 is 569.9999…. Anything closer than this is that milli-core. */
const ROUNDING = 1e-6;

/** What is asked for, rounded up to whole units: never grants less than was asked. */
export function demandOf(quantities: ResourceQuantities): Amount {
  return {
    cpuMilli: Math.ceil(quantities.cpuCores * 1000 - ROUNDING),
    memoryBytes: Math.ceil(quantities.memoryBytes),
  };
}

/** What there is, rounded down to whole units: never promises more than there is. */
export function supplyOf(quantities: ResourceQuantities): Amount {
  return {
    cpuMilli: Math.floor(quantities.cpuCores * 1000 + ROUNDING),
    memoryBytes: Math.floor(quantities.memoryBytes),
  };
}

export function quantitiesOf(amount: Amount): ResourceQuantities {
  return { cpuCores: amount.cpuMilli / 1000, memoryBytes: amount.memoryBytes };
}

/** a + factor * b. */
export function plus(a: Amount, b: Amount, factor = 1): Amount {
  return { cpuMilli: a.cpuMilli + factor * b.cpuMilli, memoryBytes: a.memoryBytes + factor * b.memoryBytes };
}

export function larger(a: Amount, b: Amount): Amount {
  return { cpuMilli: Math.max(a.cpuMilli, b.cpuMilli), memoryBytes: Math.max(a.memoryBytes, b.memoryBytes) };
}
