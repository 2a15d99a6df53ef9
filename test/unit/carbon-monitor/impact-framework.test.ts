import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { embodiedGrams, HARDWARE_LIFE_HOURS } from "../../../runtime/kernel/energy/components";
import { embodiedShare, sci } from "../../../runtime/kernel/energy/sci";

interface Row {
  duration: number;
  energy: number;
  intensity: number;
  requests: number;
  vCPUs: number;
  memory: number;
  ssd: number;
  hdd: number;
  share: number;
}

const ROWS: Row[] = [
  { duration: 3600, energy: 0.1734, intensity: 370.93, requests: 1234, vCPUs: 1, memory: 16, ssd: 0, hdd: 0, share: 1 },
  {
    duration: 60,
    energy: 0.000123456,
    intensity: 24.71,
    requests: 7,
    vCPUs: 2,
    memory: 400,
    ssd: 2,
    hdd: 0,
    share: 0.125,
  },
  {
    duration: 86_400,
    energy: 41.7,
    intensity: 791.26,
    requests: 9_999_999,
    vCPUs: 4,
    memory: 64,
    ssd: 1,
    hdd: 5,
    share: 0.33,
  },
];

/** Impact Framework's own values for disks are Cloud Carbon Footprint's, swapped; these put them right. */
const DISKS_RIGHT = { "ssd-emissions-constant": 100_000, "hdd-emissions-constant": 50_000 };

/** Runs Impact Framework on the rows: E * I, sci-embodied, their sum, and sci per request. */
function impactFramework(rows: readonly Row[], embodiedConfig: object): { "embodied-carbon": number; sci: number }[] {
  const folder = mkdtempSync(join(tmpdir(), "mno-if-"));
  try {
    const plugin = (method: string, config: object) => ({ path: "builtin", method, config });
    const manifest = {
      name: "mno",
      initialize: {
        plugins: {
          operational: plugin("Multiply", {
            "input-parameters": ["energy", "grid/carbon-intensity"],
            "output-parameter": "carbon-operational",
          }),
          embodied: plugin("SciEmbodied", embodiedConfig),
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
            inputs: rows.map(({ duration, energy, intensity, requests, vCPUs, memory, ssd, hdd, share }, index) => ({
              timestamp: new Date(Date.UTC(2026, 0, 1 + index)).toISOString(),
              duration,
              energy,
              "grid/carbon-intensity": intensity,
              requests,
              vCPUs,
              memory,
              ssd,
              hdd,
              "usage-ratio": share,
            })),
          },
        },
      },
    };
    // JSON is YAML; the tool wants the ending.
    writeFileSync(join(folder, "in.yaml"), JSON.stringify(manifest));
    const tool = require.resolve("@grnsft/if/build/if-run/index.js");
    execFileSync(process.execPath, [tool, "-m", join(folder, "in.yaml"), "-o", join(folder, "out.yaml")], {
      stdio: "pipe",
    });
    const out = parse(readFileSync(join(folder, "out.yaml"), "utf8")) as {
      execution: { status: string };
      tree: { children: { server: { outputs: { "embodied-carbon": number; sci: number }[] } } };
    };
    assert.equal(out.execution.status, "success");
    return out.tree.children.server.outputs;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Ours, of the same row. */
function ours({ duration, energy, intensity, requests, vCPUs, memory, ssd, hdd, share }: Row) {
  const embodied = embodiedShare({
    totalGrams: embodiedGrams({ processors: vCPUs, memoryGib: memory, ssds: ssd, hdds: hdd, gpus: 0 }),
    reserved: duration / 3600,
    expectedLife: HARDWARE_LIFE_HOURS,
    resourcesReserved: share,
    totalResources: 1,
  });
  return sci({ energyKwh: energy, gramsPerKwh: intensity, embodiedGrams: embodied, functionalUnits: requests });
}

describe("carbon monitor: beside Impact Framework's if-run", function () {
  this.timeout(120_000); // starts the tool in processes of its own

  it("the score is equal on the same manifest", () => {
    const theirs = impactFramework(ROWS, DISKS_RIGHT);
    assert.equal(theirs.length, ROWS.length);
    ROWS.forEach((row, index) => {
      const score = ours(row);
      assert.ok(Math.abs(score.gramsPerUnit - theirs[index]!.sci) < 1e-9, `sci of row ${String(index)}`);
      assert.ok(Math.abs(score.embodiedGrams - theirs[index]!["embodied-carbon"]) < 1e-9, `M of row ${String(index)}`);
    });
  });

  it("its own constants count a disk as the other kind", () => {
    const theirs = impactFramework(ROWS, {});
    ROWS.forEach((row, index) => {
      const swapped = ours({ ...row, ssd: row.hdd, hdd: row.ssd });
      assert.ok(Math.abs(swapped.gramsPerUnit - theirs[index]!.sci) < 1e-9, `sci of row ${String(index)}`);
    });
    assert.ok(Math.abs(ours(ROWS[2]!).embodiedGrams - theirs[2]!["embodied-carbon"]) > 1e-3);
  });
});
