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

/** What NVIDIA's device plugin calls a whole GPU. Others' are extended resources like any other, under their own names. */
const GPU = "nvidia.com/gpu";

/** CPU, memory, GPUs and extended resources of a resource list; what it does not name, or names none of, is none. */
export function quantitiesOf(list: Readonly<Record<string, string>> | undefined): ResourceQuantities {
  const { cpu = "0", memory = "0", [GPU]: gpus = "0", ...others } = list ?? {};
  const extended = Object.entries(others).filter(([name]) => isExtended(name));
  return quantities(
    parseQuantity(cpu),
    parseQuantity(memory),
    parseQuantity(gpus),
    Object.fromEntries(extended.map(([name, value]) => [name, parseQuantity(value)])),
  );
}

/** Source: https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/#extended-resources */
function isExtended(name: string): boolean {
  return name.includes("/") && !/(^|\.)kubernetes\.io\//.test(name);
}

/** As a resource list. The API server's finest step is a thousandth of a core and one byte; it is rounded up to that. */
export function resourceList({ cpuCores, memoryBytes }: ResourceQuantities): Record<string, string> {
  return { cpu: `${String(Math.ceil(round(cpuCores * 1000)))}m`, memory: String(Math.ceil(memoryBytes)) };
}

export function add(a: ResourceQuantities, b: ResourceQuantities): ResourceQuantities {
  return combine(a, b, (x, y) => x + y);
}

export function larger(a: ResourceQuantities, b: ResourceQuantities): ResourceQuantities {
  return combine(a, b, Math.max);
}

/** What is left of `a`, never less than nothing. */
export function subtract(a: ResourceQuantities, b: ResourceQuantities): ResourceQuantities {
  return combine(a, b, (x, y) => Math.max(0, x - y));
}

export const NONE: ResourceQuantities = { cpuCores: 0, memoryBytes: 0 };

/** Takes away what binary fractions add: 0.1 + 0.2 cores are 0.3. */
function round(value: number): number {
  return Math.round(value * 1e9) / 1e9;
}

/** Of each resource; what there is none of is left out. */
function combine(
  a: ResourceQuantities,
  b: ResourceQuantities,
  of: (x: number, y: number) => number,
): ResourceQuantities {
  const names = new Set([...Object.keys(a.custom ?? {}), ...Object.keys(b.custom ?? {})]);
  return quantities(
    round(of(a.cpuCores, b.cpuCores)),
    of(a.memoryBytes, b.memoryBytes),
    of(a.gpus ?? 0, b.gpus ?? 0),
    Object.fromEntries([...names].map((name) => [name, of(a.custom?.[name] ?? 0, b.custom?.[name] ?? 0)])),
  );
}

function quantities(
  cpuCores: number,
  memoryBytes: number,
  gpus: number,
  pieces: Readonly<Record<string, number>>,
): ResourceQuantities {
  const custom = Object.fromEntries(Object.entries(pieces).filter(([, count]) => count > 0));
  return {
    cpuCores,
    memoryBytes,
    ...(gpus > 0 && { gpus }),
    ...(Object.keys(custom).length > 0 && { custom }),
  };
}
