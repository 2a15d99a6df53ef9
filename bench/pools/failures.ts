import { spawn } from "node:child_process";
import { join } from "node:path";
import type { BenchRow } from "../contract";
import { LIBRARIES, type Library } from "./libraries";
import { type Figures, LOADED, type Scenario } from "./scenarios";

/** Milliseconds, from its start, after which a scenario that does not end is killed: more than any takes. */
const KILL_AFTER = 20_000;

interface Metric {
  name: string;
  unit: string;
  better: BenchRow["better"];
  /** What a scenario that had to be killed comes to; left out where that is nothing. */
  killed?: number;
}

const PLAN: { scenario: Scenario; work: string; metrics: Metric[] }[] = [
  {
    scenario: "outage",
    work: "outage: create() rejects after 1 ms for 10 s, then works; max 10, 20 borrowers",
    metrics: [
      { name: "creates_per_second", unit: "1/s", better: "lower" },
      { name: "recovery_ms", unit: "ms", better: "lower" },
      { name: "refused_with_cause_percent", unit: "%", better: "higher" },
    ],
  },
  {
    scenario: "starvation",
    work: `create() rejects at once, acquire timeout 1 s (${KILL_AFTER} ms: killed, no timer had fired)`,
    metrics: [
      { name: "worst_timer_delay_ms", unit: "ms", better: "lower", killed: KILL_AFTER },
      { name: "answered_ms", unit: "ms", better: "lower", killed: KILL_AFTER },
    ],
  },
  {
    scenario: "leak",
    work: "leak: 1 in 100 leases never released, max 10, 50 borrowers, ours with a lease limit of 0.5 s",
    metrics: [
      { name: "leases_in_last_second", unit: "leases", better: "higher" },
      { name: "leaks_named_percent", unit: "%", better: "higher" },
    ],
  },
];

/** Each library in a process of its own, all of a scenario side by side: they mostly sleep. */
export async function failures(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const { scenario, work, metrics } of PLAN) {
    const results = await Promise.all(
      LIBRARIES.map(async (library) => [library, await run(scenario, library)] as const),
    );
    for (const { name, unit, better, killed } of metrics) {
      const values = new Map(results.map(([library, figures]) => [library, figures?.[name] ?? killed]));
      const ours = values.get("ours");
      if (ours === undefined) throw new Error(`${scenario}: ours did not end within ${KILL_AFTER} ms`);
      values.delete("ours");
      const peers = Object.fromEntries(
        [...values].filter((entry): entry is [Library, number] => entry[1] !== undefined),
      );
      rows.push({ work, metric: name, unit, better, ours, spread: 0, peers });
    }
  }
  return rows;
}

/** undefined where the process had to be killed. It says when it has loaded: that time is not the scenario's. */
function run(scenario: Scenario, library: Library): Promise<Figures | undefined> {
  const program = ["-r", require.resolve("ts-node/register/transpile-only"), join(__dirname, "child.ts")];
  const child = spawn(process.execPath, [...program, scenario, library], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  let isKilled = false;
  let timer: NodeJS.Timeout | undefined;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    timer ??= setTimeout(() => {
      isKilled = true;
      child.kill("SIGKILL");
    }, KILL_AFTER);
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(timer);
      if (isKilled) return resolve(undefined);
      if (code !== 0) return reject(new Error(`${scenario} with ${library} ended with code ${code}`));
      resolve(JSON.parse(output.slice(LOADED.length)) as Figures);
    });
  });
}
