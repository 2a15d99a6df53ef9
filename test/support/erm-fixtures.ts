import type { Claim, NodeSupply } from "../../runtime/scalability/elastic-resource-manager/capacity";
import type { Demand } from "../../runtime/scalability/elastic-resource-manager/demand";
import type { Amount } from "../../runtime/scalability/elastic-resource-manager/quantities";

/** Short constructors of the elastic resource manager's inputs, in its whole units: milli-cores and bytes. */

export const amount = (cpuMilli: number, memoryBytes: number): Amount => ({ cpuMilli, memoryBytes });

export const node = (
  name: string,
  cpuMilli: number,
  memoryBytes: number,
  more: Partial<NodeSupply> = {},
): NodeSupply => ({ name, zone: "z1", ready: true, allocatable: amount(cpuMilli, memoryBytes), ...more });

export const claim = (
  tenant: string,
  workload: string | null,
  cpuMilli: number,
  memoryBytes: number,
  nodes: string[],
): Claim => ({ tenant, workload, amount: amount(cpuMilli, memoryBytes), nodes });

export const demand = (tenant: string, cpuMilli: number, memoryBytes: number, more: Partial<Demand> = {}): Demand => ({
  tenant,
  workload: null,
  replicas: 1,
  amount: amount(cpuMilli, memoryBytes),
  strategy: "best-fit",
  zone: null,
  leaseSeconds: 0,
  ...more,
});

/** Numbered ids, so that decisions can be compared whole. */
export function numbered(): { time: string; nextId: () => string } {
  let next = 0;
  return { time: "2026-01-01T00:00:00.000Z", nextId: () => `dec_${String((next += 1))}` };
}
