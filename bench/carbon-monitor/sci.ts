import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { embodiedGrams, HARDWARE_LIFE_HOURS } from "../../runtime/kernel/energy/components";
import { embodiedShare, sci } from "../../runtime/kernel/energy/sci";
import type { BenchRow } from "../contract";

const ROWS = 200;
const SEED = 6;
/** Impact Framework's own values for disks are Cloud Carbon Footprint's, swapped; these put them right. */
const DISKS_RIGHT = { "ssd-emissions-constant": 100_000, "hdd-emissions-constant": 50_000 };

interface Work {
  hours: number;
  energyKwh: number;
  gramsPerKwh: number;
  requests: number;
  processors: number;
  memoryGib: number;
  ssds: number;
  hdds: number;
  share: number;
}

/** The largest difference of our score from that of Impact Framework's if-run on one manifest, in percent of it. */
export function sciRow(): BenchRow {
  const works = makeWorks();
  const theirs = impactFramework(works);
  const differences = works.map((work, index) => Math.abs(ours(work) - theirs[index]!) / theirs[index]!);
  return {
    work: `SCI of ${String(ROWS)} made-up servers per request, one manifest`,
    metric: "sci_difference_percent",
    unit: "%",
    better: "lower",
    ours: 100 * Math.max(...differences),
    spread: 0,
    peers: { "@grnsft/if": 0 },
    source: "the largest difference from if-run 1.1.0, its two constants of disks put right",
  };
}

function ours({ hours, energyKwh, gramsPerKwh, requests, processors, memoryGib, ssds, hdds, share }: Work): number {
  return sci({
    energyKwh,
    gramsPerKwh,
    functionalUnits: requests,
    embodiedGrams: embodiedShare({
      totalGrams: embodiedGrams({ processors, memoryGib, ssds, hdds, gpus: 0 }),
      reserved: hours,
      expectedLife: HARDWARE_LIFE_HOURS,
      resourcesReserved: share,
      totalResources: 1,
    }),
  }).gramsPerUnit;
}

/** A linear congruential generator: the same manifest every time. */
function makeWorks(): Work[] {
  let state = SEED;
  const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  const whole = (least: number, most: number): number => least + Math.floor(random() * (most - least + 1));
  return Array.from({ length: ROWS }, () => ({
    hours: whole(1, 720),
    energyKwh: 10 ** (random() * 6 - 4),
    gramsPerKwh: 10 + random() * 900,
    requests: whole(1, 1e7),
    processors: whole(1, 8),
    memoryGib: whole(16, 2048),
    ssds: whole(0, 8),
    hdds: whole(0, 12),
    share: whole(1, 64) / 64,
  }));
}

function impactFramework(works: readonly Work[]): number[] {
  const folder = mkdtempSync(join(tmpdir(), "mno-bench-if-"));
  const plugin = (method: string, config: object) => ({ path: "builtin", method, config });
  const manifest = {
    name: "mno",
    initialize: {
      plugins: {
        operational: plugin("Multiply", {
          "input-parameters": ["energy", "grid/carbon-intensity"],
          "output-parameter": "carbon-operational",
        }),
        embodied: plugin("SciEmbodied", DISKS_RIGHT),
        total: plugin("Sum", {
          "input-parameters": ["carbon-operational", "embodied-carbon"],
          "output-parameter": "carbon",
        }),
        sci: plugin("Sci", { "functional-unit": "requests" }),
      },
    },
    tree: {
      children: {
        server: {
          pipeline: { compute: ["operational", "embodied", "total", "sci"] },
          inputs: works.map((work, index) => ({
            timestamp: new Date(Date.UTC(2026, 0, 1) + index * 2_592_000_000).toISOString(),
            duration: work.hours * 3600,
            energy: work.energyKwh,
            "grid/carbon-intensity": work.gramsPerKwh,
            requests: work.requests,
            vCPUs: work.processors,
            memory: work.memoryGib,
            ssd: work.ssds,
            hdd: work.hdds,
            "usage-ratio": work.share,
          })),
        },
      },
    },
  };
  try {
    // JSON is YAML; the tool wants the ending.
    writeFileSync(join(folder, "in.yaml"), JSON.stringify(manifest));
    const tool = createRequire(__filename).resolve("@grnsft/if/build/if-run/index.js");
    const argv = [tool, "-m", join(folder, "in.yaml"), "-o", join(folder, "out.yaml")];
    execFileSync(process.execPath, argv, { stdio: "pipe" });
    const result = parse(readFileSync(join(folder, "out.yaml"), "utf8")) as {
      tree: { children: { server: { outputs: { sci: number }[] } } };
    };
    return result.tree.children.server.outputs.map((output) => output.sci);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
