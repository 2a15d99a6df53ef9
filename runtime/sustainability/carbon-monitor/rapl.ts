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
      const number = (file: string): number => {
        const text = read(file);
        if (/^\d+$/.test(text)) return Number(text);
        throw Object.assign(new Error(), {
          code: `"${text.slice(0, 40)}" is not a counter`,
          path: join(root, id, file),
        });
      };
      const [microjoules, rangeMicrojoules] = [number("energy_uj"), number("max_energy_range_uj")];
      zones.push({ id, name, microjoules, rangeMicrojoules });
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

/** More than any processor's package draws: the counter was set back (a suspended machine's is), or stood for another. */
const MOST_WATTS = 1500;

/**
 * Energy between two readings. A counter that went back wrapped once at its range; where that comes to more than a processor can
 * draw it was set back, and there is no telling. The fault says why there is no figure.
 */
export function raplBetween(
  before: readonly RaplZone[],
  after: readonly RaplZone[],
  seconds: number,
): RaplEnergy | { fault: string } {
  const changed = { fault: "the zones of RAPL changed between two looks" };
  if (before.length !== after.length) return changed;
  const joules = { packages: 0, dram: 0 };
  for (const [index, zone] of after.entries()) {
    const past = before[index]!;
    if (past.id !== zone.id || past.name !== zone.name) return changed;
    const difference = zone.microjoules - past.microjoules;
    const used = (difference >= 0 ? difference : difference + zone.rangeMicrojoules) / 1e6;
    if (used > MOST_WATTS * seconds) {
      return {
        fault: `${zone.id} counted ${used.toFixed(0)} J in ${seconds.toFixed(1)} s: it was set back between two looks`,
      };
    }
    joules[zone.name === "dram" ? "dram" : "packages"] += used;
  }
  const hasDram = after.some((zone) => zone.name === "dram");
  return { joules: joules.packages, dramJoules: hasDram ? joules.dram : undefined };
}
