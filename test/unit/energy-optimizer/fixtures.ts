import { linearPower } from "../../../runtime/kernel/energy/curve";
import type { IntensityFigure } from "../../../runtime/sustainability/energy-optimizer/expectation";
import type { FleetNode, Item } from "../../../runtime/sustainability/energy-optimizer/fleet";
import { nodePower } from "../../../runtime/sustainability/energy-optimizer/node-power";
import { HOUR, type UsageHour } from "../../../runtime/sustainability/energy-optimizer/usage";

export const GIB = 2 ** 30;
/** A Monday, 00:00 UTC. */
export const MONDAY = Date.parse("2026-01-05T00:00:00Z");

export const INTENSITY: IntensityFigure = {
  gramsPerKwh: 400,
  signal: "average",
  source: "test table",
  asOf: "2025-12-31T00:00:00.000Z",
  estimated: false,
  stale: false,
};

/** So many hours until `end`, with the cores that `cores` gives each. */
export function hoursUntil(end: number, count: number, cores: (hour: number) => number): UsageHour[] {
  return Array.from({ length: count }, (_, index) => {
    const hour = end - (count - index) * HOUR;
    return { hour, coverage: 1, meanCores: cores(hour), mostCores: cores(hour) };
  });
}

export function node(name: string, idleWatts: number, fullWatts: number, more: Partial<FleetNode> = {}): FleetNode {
  const supply = { cpuCores: 10, memoryBytes: 100 * GIB };
  return {
    name,
    zone: "a",
    on: true,
    eligible: true,
    supply,
    watts: nodePower(linearPower(idleWatts, fullWatts, "made up"), supply.cpuCores),
    ...more,
  };
}

export function item(id: string, on: string, cpuCores: number, more: Partial<Item> = {}): Item {
  return {
    id,
    workload: id,
    node: on,
    need: { cpuCores, memoryBytes: GIB },
    load: { cores: cpuCores / 2, gpus: 0 },
    movable: true,
    moveKwh: 0.001,
    priority: 0,
    ...more,
  };
}
