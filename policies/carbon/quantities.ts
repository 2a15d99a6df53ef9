/** Kubernetes resource quantities. */

const SUFFIXES: Readonly<Record<string, number>> = {
  "": 1,
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
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

/** "250m" is 0.25, "1Gi" is 1073741824; undefined for what is no quantity above zero. */
export function parseQuantity(quantity: unknown): number | undefined {
  if (typeof quantity !== "string" && typeof quantity !== "number") return undefined;
  const match = /^(\d+(?:\.\d*)?|\.\d+)(?:[eE]([+-]?\d+))?([A-Za-z]*)$/.exec(String(quantity).trim());
  const factor = SUFFIXES[match?.[3] ?? ""];
  if (!match || factor === undefined) return undefined;
  const value = Number(match[1]) * 10 ** Number(match[2] ?? 0) * factor;
  return value > 0 ? value : undefined;
}
