import type { Fleet, Host } from "./fleet";

/** Kinds of nodes that are tried as the new home of several others. */
const MOST_KINDS = 8;

/** Nodes that are off, one of each kind, those that need fewest watts for a core at full load first. */
export function wakeable(fleet: Fleet): Host[] {
  const kinds = new Map<string, { host: Host; wattsPerCore: number }>();
  for (const host of fleet.hosts.values()) {
    const { node, on } = host;
    if (on || !node.eligible) continue;
    const { cpuCores, memoryBytes, gpus = 0, gpuModel = "" } = node.supply;
    const full = node.watts({ cores: cpuCores, gpus });
    const kind = [node.zone, cpuCores, memoryBytes, gpus, gpuModel, full, node.watts({ cores: 0, gpus: 0 })].join();
    if (!kinds.has(kind)) kinds.set(kind, { host, wattsPerCore: full / cpuCores });
  }
  return [...kinds.values()]
    .toSorted((a, b) => a.wattsPerCore - b.wattsPerCore)
    .slice(0, MOST_KINDS)
    .map(({ host }) => host);
}
