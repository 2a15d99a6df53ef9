import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** A load test in CodeCarbon's format: one file of its `cpu_load_profiling`. */
export interface LoadProfile {
  /** File name up to the processor's: which run it is. */
  run: string;
  /** Which machine it ran on. */
  machine: string;
  cpu: string;
  logicalCpus: number;
  samples: readonly LoadSample[];
}

export interface LoadSample {
  /** 0 to 1. */
  load: number;
  /** The test itself did nothing: whatever the load is, it is others', and RAPL reads next to nothing all the same. */
  isIdle: boolean;
  /** Mean of the cores, as a share of the highest that was seen on the machine; undefined where the file has none. */
  frequencyShare: number | undefined;
  /** By RAPL, W. */
  watts: number;
  /** CodeCarbon's own estimate at the time, W. */
  codecarbonWatts: number;
}

/** Throws where the folder or a column is missing: a benchmark without its data has no figure. */
export function readProfiles(folder: string): LoadProfile[] {
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".csv")) : [];
  if (files.length === 0)
    throw new Error(`there are no CSV files of load tests in ${folder}; name a folder with --data`);
  const profiles = files.sort().map((file) => {
    const rows = readCsv(join(folder, file), ["cpu_name", "cores_used", "cpu_load", "rapl_power", "estimated_power"]);
    const samples = rows.map((row) => ({
      load: Number(row.cpu_load) / 100,
      isIdle: row.cores_used === "0" || /\bfor 0 threads\b/.test(row.task_name ?? ""),
      frequencyShare: Number(row.cpu_freq) > 0 ? Number(row.cpu_freq) : undefined,
      watts: Number(row.rapl_power),
      codecarbonWatts: Number(row.estimated_power),
    }));
    const run = /^.*?_(all|some)_cores/.exec(file)?.[0] ?? file.replace(/\.csv$/, "");
    return {
      run,
      machine: run.replace(/_+(all|some)_cores$/, ""),
      cpu: rows[0]!.cpu_name!,
      logicalCpus: Math.max(...rows.map((row) => Number(row.cores_used))),
      samples,
    };
  });
  return profiles.map((profile) => {
    const highest = Math.max(
      ...profiles
        .filter(({ machine }) => machine === profile.machine)
        .flatMap(({ samples }) => samples.map(({ frequencyShare }) => frequencyShare ?? 0)),
    );
    return {
      ...profile,
      // A test of some cores names how many it loaded; the processor has as many as its test of all cores says.
      logicalCpus: Math.max(...profiles.filter(({ cpu }) => cpu === profile.cpu).map((other) => other.logicalCpus)),
      samples: profile.samples.map((sample) => ({
        ...sample,
        frequencyShare: sample.frequencyShare === undefined ? undefined : sample.frequencyShare / highest,
      })),
    };
  });
}

/** Thermal design power by processor, W: CodeCarbon's cpu_power.csv in the folder or the one above; empty where neither has it. */
export function readTdps(folder: string): (cpu: string) => number | undefined {
  const file = [folder, dirname(folder)].map((each) => join(each, "cpu_power.csv")).find(existsSync);
  const rows = file === undefined ? [] : readCsv(file, ["Name", "TDP"]);
  const tdps = new Map(rows.map((row) => [normal(row.Name!), Number(row.TDP)]));
  return (cpu) => tdps.get(normal(cpu));
}

/** `Intel(R) Xeon(R) CPU E5-2620 v3 @ 2.40GHz` and `Intel Xeon E5-2620 v3` are the same. */
function normal(name: string): string {
  return name
    .replace(/\(\w+\)|@.*|\bCPU\b|\b\d+-Core\b|\bProcessor\b/gi, " ")
    .replace(/\s+/g, " ")
    .trim()
    .toLowerCase();
}

/** The files have no quoted commas. */
function readCsv(file: string, columns: readonly string[]): Record<string, string>[] {
  const [header = "", ...lines] = readFileSync(file, "utf8").trim().split(/\r?\n/);
  const names = header.split(",");
  const missing = columns.filter((column) => !names.includes(column));
  if (missing.length > 0 || lines.length === 0) {
    throw new Error(`${file} has no ${missing.length > 0 ? `column ${missing.join(", ")}` : "rows"}`);
  }
  return lines.map((line) => {
    const values = line.split(",");
    return Object.fromEntries(names.map((name, index) => [name, values[index] ?? ""]));
  });
}
