import type { FleetNode, Host } from "./fleet";
import type { Reserve } from "./reserve";
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

/** Of these hosts the ones that the need fits on, in the order to wake them in: first those with which the reserve still holds. */
export function wakingOrder(hosts: readonly Host[], need: Need, reserve: Reserve): Host[] {
  const inOrder = hosts
    .filter(({ room }) => room.fit(need) !== undefined)
    .map((host) => ({ host, watts: wattsPerFit(host.node, need), spoils: !reserve.holdsWith(host, need) }))
    .toSorted((a, b) => Number(a.spoils) - Number(b.spoils) || a.watts - b.watts);
  return inOrder.map(({ host }) => host);
}
