import type { EventData } from "../../runtime/kernel/events/catalogue";
import { DAY, energyRecord, type EnergyRecord } from "../../runtime/sustainability/sustainability-reporter/record";
import {
  addSums,
  type Cell,
  emptySums,
  type Presence,
  rollUp,
} from "../../runtime/sustainability/sustainability-reporter/rollup";

type EnergyMeasured = EventData<"mno.sustainability.energy.measured">;

export const YEAR_START = Date.UTC(2025, 0, 1);
const REGIONS = [
  ["eu-central-1", 371],
  ["eu-north-1", 25],
  ["us-east-1", 396],
  ["ap-south-1", 747],
] as const;

export interface Plant {
  workloads: number;
  workloadsPerNode: number;
  tenants: number;
}

/** Minute events of synthetic nodes: each has its workloads, its idle energy, and a daily wave of load and of intensity. */
export function minuteEvent(plant: Plant, node: number, minute: number): [id: string, data: EnergyMeasured] {
  const from = YEAR_START + minute * 60_000;
  const [region, grams] = REGIONS[node % REGIONS.length]!;
  const wave = 1 + 0.4 * Math.sin((2 * Math.PI * ((minute % 1440) + 60 * (node % 24))) / 1440);
  const intensity = Math.round(grams * (1 + 0.2 * Math.sin((2 * Math.PI * minute) / 1440)) * 10) / 10;
  const first = node * plant.workloadsPerNode;
  const count = Math.min(plant.workloadsPerNode, plant.workloads - first);
  let energy = 0;
  let carbon = 0;
  const part = (nano: number, workload: number | null): EnergyMeasured["parts"][number] => {
    const micro = Math.round((nano * intensity) / 1000);
    energy += nano;
    carbon += micro;
    return {
      kind: workload === null ? "idle" : "workload",
      workload: workload === null ? null : `workload-${workload}`,
      tenant: workload === null ? null : `tenant-${workload % plant.tenants}`,
      energyKwh: nano / 1e9,
      idleKwh: Math.floor(nano / 3) / 1e9,
      gramsCo2e: micro / 1e6,
      embodiedGramsCo2e: Math.round(micro / 7) / 1e6,
    };
  };
  // About 6 W a workload: 100,000 x 1e-9 kWh a minute.
  const parts = Array.from({ length: count }, (_, index) =>
    part(Math.round(100_000 * wave * (1 + ((first + index) % 17) / 17)), first + index),
  );
  parts.push(part(250_000, null));
  const data: EnergyMeasured = {
    node: `node-${node}`,
    region,
    from: new Date(from).toISOString(),
    to: new Date(from + 60_000).toISOString(),
    method: node % 5 === 0 ? "rapl" : "teads-curve",
    uncertaintyPercent: node % 5 === 0 ? 3 : 12,
    intensity: {
      gramsPerKwh: intensity,
      signal: "average",
      source: "synthetic",
      asOf: new Date(from).toISOString(),
      estimated: minute % 10 === 0,
      stale: false,
    },
    idleRule: "idle energy is its own part",
    energyKwh: energy / 1e9,
    gramsCo2e: carbon / 1e6,
    parts,
  };
  return [`${node}-${minute}`, data];
}

/** The same as the engine takes it: checked, and in exact parts. */
export const minuteRecord = (plant: Plant, node: number, minute: number): EnergyRecord =>
  energyRecord(...minuteEvent(plant, node, minute));

export const nodesOf = ({ workloads, workloadsPerNode }: Plant): number => Math.ceil(workloads / workloadsPerNode);

/** Every minute record of one day, rolled up node by node. */
export function dayOf(plant: Plant, day: number): { hours: Cell[]; days: Cell[]; presence: Presence[] } {
  const minutes = Array.from({ length: 1440 }, (_, minute) => day * 1440 + minute);
  const parts = Array.from({ length: nodesOf(plant) }, (_, node) =>
    rollUp(minutes.map((minute) => minuteRecord(plant, node, minute))),
  );
  return {
    // A region's idle energy is one cell, whichever node it is of.
    hours: merged(parts.flatMap(({ hours }) => hours)),
    days: merged(parts.flatMap(({ days }) => days)),
    presence: parts.flatMap(({ presence }) => presence),
  };
}

function merged(cells: readonly Cell[]): Cell[] {
  const byKey = Map.groupBy(cells, (cell) =>
    [cell.at, cell.region, cell.tenant, cell.workload, cell.kind, cell.method].join("\u0001"),
  );
  return [...byKey.values()].map((some) => {
    const cell = { ...some[0]!, ...emptySums() };
    for (const one of some) addSums(cell, one);
    return cell;
  });
}

/** The same day again, some days later. */
export function shifted(
  { hours, days, presence }: { hours: readonly Cell[]; days: readonly Cell[]; presence: readonly Presence[] },
  byDays: number,
): { hours: Cell[]; days: Cell[]; presence: Presence[] } {
  const by = byDays * DAY;
  const later = (cell: Cell): Cell => ({
    ...cell,
    at: cell.at + by,
    asOfFirst: cell.asOfFirst + by,
    asOfLast: cell.asOfLast + by,
  });
  return {
    hours: hours.map(later),
    days: days.map(later),
    presence: presence.map((one) => ({ ...one, hour: one.hour + by, first: one.first + by, last: one.last + by })),
  };
}
