import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** One counter of energy, a zone of /sys/class/powercap. */
export interface RaplZone {
  /** Folder name: `intel-rapl:0`, `intel-rapl:0:2`. */
  id: string;
  /** `package-0`, `dram`, `core`, `psys`. */
  name: string;
  microjoules: number;
  /** Where the counter begins again at 0. */
  rangeMicrojoules: number;
}

export type RaplReading = { zones: readonly RaplZone[] } | { fault: string };

const POWERCAP_ROOT = "/sys/class/powercap";

/**
 * Reads the zones that together make the processors and their memory: each package, and each dram. A package contains its
 * core and uncore, and psys contains the packages: those are never added. The fault says why there is no reading.
 * Source: https://docs.kernel.org/power/powercap/powercap.html.
 */
export function readRapl(root = POWERCAP_ROOT): RaplReading {
  let folders: string[];
  try {
    folders = readdirSync(root).filter((name) => /^intel-rapl(:\d+)+$/.test(name));
  } catch {
    return { fault: `this machine has no ${root}` };
  }
  const zones: RaplZone[] = [];
  try {
    for (const id of folders.sort()) {
      const read = (file: string): string => readFileSync(join(root, id, file), "utf8").trim();
      const name = read("name");
      if (!/^(package-\d+|dram)/.test(name)) continue;
      zones.push({
        id,
        name,
        microjoules: Number(read("energy_uj")),
        rangeMicrojoules: Number(read("max_energy_range_uj")),
      });
    }
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    return {
      fault:
        code === "EACCES" || code === "EPERM"
          ? `${path ?? root} may be read by root alone: grant this process read access to energy_uj`
          : `${path ?? root} could not be read: ${code ?? String(error)}`,
    };
  }
  if (!zones.some((zone) => zone.name.startsWith("package"))) return { fault: `${root} has no package zone` };
  return { zones };
}

export interface RaplEnergy {
  /** Of the processors' packages, J. */
  joules: number;
  /** Of memory, J; undefined where it has no counter. */
  dramJoules: number | undefined;
}

/** Energy between two readings; undefined where the zones changed. A counter that went back wrapped once at its range. */
export function raplBetween(before: readonly RaplZone[], after: readonly RaplZone[]): RaplEnergy | undefined {
  if (before.length !== after.length) return undefined;
  const joules = { packages: 0, dram: 0 };
  for (const [index, zone] of after.entries()) {
    const past = before[index]!;
    if (past.id !== zone.id || past.name !== zone.name) return undefined;
    const difference = zone.microjoules - past.microjoules;
    const used = (difference >= 0 ? difference : difference + zone.rangeMicrojoules) / 1e6;
    joules[zone.name === "dram" ? "dram" : "packages"] += used;
  }
  const hasDram = after.some((zone) => zone.name === "dram");
  return { joules: joules.packages, dramJoules: hasDram ? joules.dram : undefined };
}
