import type { Amount } from "./quantities";
import { demandOf, entriesOf, WHOLE_GPU } from "./quantities";

/** The most that a tenant may hold, by resource, as it is declared; what is not named is not limited. */
export interface Quota {
  readonly cpuCores?: number;
  readonly memoryBytes?: number;
  readonly gpus?: number;
  readonly custom?: Readonly<Record<string, number>>;
}

/** One resource that a request is over its tenant's quota in: cores, bytes, GPUs or pieces. */
export interface Excess {
  resource: string;
  held: number;
  asked: number;
  allowed: number;
}

/** Declared quotas, and those set over HTTP, which win. A tenant may be called what an object's prototype has. */
export function quotaOf(
  tenant: string,
  declared: Readonly<Record<string, Quota>>,
  stored: ReadonlyMap<string, Quota>,
): Quota | undefined {
  return stored.get(tenant) ?? (Object.hasOwn(declared, tenant) ? declared[tenant] : undefined);
}

/** What holding `held` and getting `replicas` of `amount` would exceed; what is not asked for cannot be exceeded. */
export function overQuota(quota: Quota, held: Amount, amount: Amount, replicas: number): Excess[] {
  const limits = limitsOf(quota);
  const holding = new Map(entriesOf(held));
  const excesses: Excess[] = [];
  for (const [resource, each] of entriesOf(amount)) {
    const limit = limits.get(resource);
    if (limit === undefined || each === 0) continue;
    const has = holding.get(resource) ?? 0;
    if (has + each * replicas <= limit) continue;
    const unit = unitOf(resource);
    excesses.push({ resource, held: has / unit, asked: (each * replicas) / unit, allowed: limit / unit });
  }
  return excesses;
}

export function explainExcess({ resource, held, asked, allowed }: Excess): string {
  return `${resource}: holds ${held}, asks for ${asked} more, may hold ${allowed}`;
}

/** By resource, in the whole units of amounts. */
function limitsOf({ cpuCores, memoryBytes, gpus, custom = {} }: Quota): Map<string, number> {
  const {
    cpuMilli,
    memoryBytes: bytes,
    gpuMilli = 0,
  } = demandOf({
    cpuCores: cpuCores ?? 0,
    memoryBytes: memoryBytes ?? 0,
    gpus: gpus ?? 0,
  });
  return new Map([
    ...(cpuCores === undefined ? [] : [["cpu", cpuMilli] as const]),
    ...(memoryBytes === undefined ? [] : [["memory", bytes] as const]),
    ...(gpus === undefined ? [] : [["gpu", gpuMilli] as const]),
    ...Object.entries(custom),
  ]);
}

function unitOf(resource: string): number {
  if (resource === "cpu") return 1000;
  return resource === "gpu" ? WHOLE_GPU : 1;
}
