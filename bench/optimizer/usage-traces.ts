import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { seeded } from "../../runtime/kernel/random";
import { logNormal } from "../balancer/random";

/** CPU in cores, one sample every five minutes, of each workload of a fleet. */
export interface UsageTrace {
  name: string;
  series: number[][];
}

const OWN_DATA = join(__dirname, "../../../shared/data");
const SAMPLES_A_DAY = 288;

/** The settings of the engine were chosen on these days; they are not reported on. */
const TUNED_ON = ["20110306", "20110309", "20110322", "20110325"];
/** The two days (2,410 machines) of the figures that the issue names. */
const PUBLISHED = ["20110303", "20110409"];

/** Where somebody who fetched beloglazov/planetlab-workload-traces may have put it; it states no licence and is not ours to give. */
function planetLabFolders(data: string | undefined): string[] {
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const given = data === undefined ? [] : [data, join(data, "planetlab")];
  return [...given, join(OWN_DATA, "planetlab"), join(cache, "machine-native-ops/planetlab")];
}

/**
 * PlanetLab machines, a folder for each day (`yyyymmdd`), a file for each machine with one percentage a line (288 a day);
 * NAB's AWS machines (`*cpu*.csv`, `timestamp,value` in percent); and a fleet made up here. What is absent is said.
 */
export function usageTraces(data: string | undefined, print: (text: string) => void): UsageTrace[] {
  return [...planetLab(data, print), ...nab(data, print), madeUp()];
}

function planetLab(data: string | undefined, print: (text: string) => void): UsageTrace[] {
  const folder = planetLabFolders(data).find((one) => existsSync(one) && daysIn(one).length > 0);
  if (folder === undefined) {
    print("there are no PlanetLab days (folders yyyymmdd): give their folder with --data; their rows are left out");
    return [];
  }
  const days = daysIn(folder).filter((day) => !TUNED_ON.includes(day));
  const read = (name: string, chosen: string[]): UsageTrace[] =>
    chosen.length === 0
      ? []
      : [{ name: `PlanetLab ${name}`, series: chosen.flatMap((day) => readDay(join(folder, day))) }];
  const complete = PUBLISHED.every((day) => days.includes(day));
  const others = days.filter((day) => !complete || !PUBLISHED.includes(day));
  return [
    ...(complete ? read(PUBLISHED.join(" and "), PUBLISHED) : []),
    ...read(`${String(others.length)} other days`, others),
  ];
}

function daysIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => /^\d{8}$/.test(name) && statSync(join(folder, name)).isDirectory())
    .sort();
}

function readDay(folder: string): number[][] {
  return readdirSync(folder)
    .sort()
    .map((name) => numbers(readFileSync(join(folder, name), "utf8").split(/\s+/)));
}

function nab(data: string | undefined, print: (text: string) => void): UsageTrace[] {
  const places = [...(data === undefined ? [] : [data]), OWN_DATA].map((place) => join(place, "autoscaling/nab"));
  const folder = places.find((place) => existsSync(place));
  const files = folder === undefined ? [] : readdirSync(folder).filter((name) => /cpu.*\.csv$/.test(name));
  if (folder === undefined || files.length === 0) {
    print("there are no CPU series of NAB (autoscaling/nab/*cpu*.csv): their row is left out");
    return [];
  }
  const series = files.sort().map((name) =>
    numbers(
      readFileSync(join(folder, name), "utf8")
        .split("\n")
        .slice(1)
        .map((line) => line.split(",")[1] ?? ""),
    ),
  );
  return [{ name: `NAB, ${String(files.length)} AWS machines`, series }];
}

/** Percentages of a machine, as cores. */
const numbers = (texts: readonly string[]): number[] =>
  texts.filter((text) => text.trim() !== "").map((text) => Number(text) / 100);

/** 300 workloads over four days: steady, daily, bursty and batch, of all sizes. */
function madeUp(): UsageTrace {
  const random = seeded(2026);
  const series = Array.from({ length: 300 }, (_, index) => {
    const level = logNormal(random, 0.5, 1);
    const phase = random();
    const kind = index % 4;
    return Array.from({ length: 4 * SAMPLES_A_DAY }, (_, at) => {
      const day = at / SAMPLES_A_DAY + phase;
      const noise = logNormal(random, 1, kind === 0 ? 0.05 : 0.2);
      if (kind === 1) return level * noise * (1 + 0.8 * Math.sin(2 * Math.PI * day));
      if (kind === 2) return level * noise * (random() < 0.04 ? 6 : 1);
      if (kind === 3) return level * noise * (day % 1 < 0.15 ? 5 : 0.3);
      return level * noise;
    });
  });
  return { name: "made up, 300 workloads", series };
}
