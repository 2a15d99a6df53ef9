import type { ResourceQuantities } from "../../../exports";

/** Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ */
const SUFFIXES: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** The number that a quantity stands for: cores of `250m` are 0.25. Throws a RangeError where it is none. */
export function parseQuantity(text: string): number {
  const [, digits = "", suffix = ""] = /^([+-]?[\d.]+(?:[eE][+-]?\d+)?)([a-zA-Z]*)$/.exec(text) ?? [];
  const factor = SUFFIXES[suffix];
  const value = Number(digits) * (factor ?? NaN);
  if (digits === "" || Number.isNaN(value)) throw new RangeError(`"${text}" is not a quantity`);
  return value;
}

/** CPU and memory of a resource list; what it does not name is none. */
export function quantitiesOf(list: Readonly<Record<string, string>> | undefined): ResourceQuantities {
  return { cpuCores: parseQuantity(list?.cpu ?? "0"), memoryBytes: parseQuantity(list?.memory ?? "0") };
}

/** As a resource list. The API server's finest step is a thousandth of a core and one byte; it is rounded up to that. */
export function resourceList({ cpuCores, memoryBytes }: ResourceQuantities): Record<string, string> {
  return { cpu: `${String(Math.ceil(round(cpuCores * 1000)))}m`, memory: String(Math.ceil(memoryBytes)) };
}

export function add(a: ResourceQuantities, b: ResourceQuantities): ResourceQuantities {
  return { cpuCores: round(a.cpuCores + b.cpuCores), memoryBytes: a.memoryBytes + b.memoryBytes };
}

export function larger(a: ResourceQuantities, b: ResourceQuantities): ResourceQuantities {
  return { cpuCores: Math.max(a.cpuCores, b.cpuCores), memoryBytes: Math.max(a.memoryBytes, b.memoryBytes) };
}

/** What is left of `a`, never less than nothing. */
export function subtract(a: ResourceQuantities, b: ResourceQuantities): ResourceQuantities {
  return {
    cpuCores: Math.max(0, round(a.cpuCores - b.cpuCores)),
    memoryBytes: Math.max(0, a.memoryBytes - b.memoryBytes),
  };
}

export const NONE: ResourceQuantities = { cpuCores: 0, memoryBytes: 0 };

/** Takes away what binary fractions add: 0.1 + 0.2 cores are 0.3. */
function round(value: number): number {
  return Math.round(value * 1e9) / 1e9;
}
