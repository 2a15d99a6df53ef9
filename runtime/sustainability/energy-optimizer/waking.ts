import type { FleetNode } from "./fleet";
import type { Need } from "./room";

/**
 * W of the idle node for each replica of this need that it would have room for, were it empty: the lower the sooner it is
 * woken. A node that draws little and holds little comes after one that draws more and holds far more, since what is woken
 * for one fills up with those that come next. Infinity where not even one fits.
 */
export function wattsPerFit({ supply, watts }: Pick<FleetNode, "supply" | "watts">, need: Need): number {
  const { cpuCores, memoryBytes, gpus = 0, gpuModels } = need;
  if (gpus > 0 && gpuModels && (supply.gpuModel === undefined || !gpuModels.includes(supply.gpuModel))) return Infinity;
  const fitting = Math.min(
    supply.cpuCores / cpuCores,
    supply.memoryBytes / memoryBytes,
    gpus > 0 ? (supply.gpus ?? 0) / gpus : Infinity,
  );
  // Sums of fractions may fall short of one by a rounding.
  return fitting < 1 - 1e-9 ? Infinity : watts({ cores: 0, gpus: 0 }) / fitting;
}
