import { apportion, fromMicrograms, fromNanoKwh, toMicrograms, toNanoKwh } from "../../kernel/energy/exact";
import type { Stretch } from "./engine";
import type { EnergyRecord } from "./record";

export interface ProcessEnergy {
  pid: number;
  name: string;
  /** Null: it is no workload's. */
  workload: string | null;
  replica: string | null;
  cpuSeconds: number;
  energyKwh: number;
  gramsCo2e: number;
}

/** Whose the energy of one record was, by process; most first. */
export interface ProcessEnergies {
  record: string;
  node: string;
  from: string;
  to: string;
  processes: ProcessEnergy[];
}

/**
 * Splits each part of the record, its idle share included, among the processes that used CPU time for it, in proportion to
 * that, to the last digit. A part whose processes were all idle is nobody's.
 */
export function energyOfProcesses(record: EnergyRecord, { processes }: Pick<Stretch, "processes">): ProcessEnergies {
  const partOf = new Map(record.parts.filter(({ kind }) => kind !== "idle").map((part) => [part.pod, part]));
  const byPod = Map.groupBy(processes.values(), ({ pod }) => pod);
  const split = [...byPod].flatMap(([pod, members]): ProcessEnergy[] => {
    const part = partOf.get(pod);
    if (!part) return [];
    const shares = members.map(({ cpuSeconds }) => cpuSeconds);
    const energies = apportion(toNanoKwh(part.energyKwh), shares);
    const carbons = apportion(toMicrograms(part.gramsCo2e), shares);
    return members.map(({ pid, name, cpuSeconds }, index) => ({
      pid,
      name,
      workload: part.workload,
      replica: part.pod,
      cpuSeconds,
      energyKwh: fromNanoKwh(energies[index]!),
      gramsCo2e: fromMicrograms(carbons[index]!),
    }));
  });
  split.sort((a, b) => b.energyKwh - a.energyKwh || a.pid - b.pid);
  const { id, node, from, to } = record;
  return { record: id, node, from, to, processes: split };
}
