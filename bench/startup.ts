import { performance } from "node:perf_hooks";
import { Platform, type Run } from "../test/support/platform";
import { type BenchRow, median, spread } from "./contract";

const COLD = 3;
const WARM = 5;

/**
 * Seconds of the local stack's commands, as whole processes and with Pulumi already installed: `npm start` on an empty state
 * folder until everything is ready, `npm start` again with nothing to change, `pulumi preview` as the user types it and with
 * its parts left out one by one, which shows where its seconds go.
 */
export async function run(_options: { data?: string } = {}): Promise<BenchRow[]> {
  const cold: number[] = [];
  let platform = await fresh();
  try {
    for (let repetition = 0; repetition < COLD; repetition++) {
      if (repetition > 0) {
        await down(platform);
        platform = await fresh();
      }
      cold.push(await seconds(platform.npm("start")));
    }
    const warm: number[] = [];
    const preview: number[] = [];
    const noPolicies: number[] = [];
    const noop: number[] = [];
    const pulumi = (...args: string[]): Promise<number> => seconds(platform.npm("run", "-s", "pulumi", "--", ...args));
    for (let repetition = 0; repetition < WARM; repetition++) {
      warm.push(await seconds(platform.npm("start")));
      preview.push(await pulumi("preview"));
      noPolicies.push(await pulumi("preview", "--without-policies"));
      noop.push(await pulumi("stack"));
    }
    return [
      row("npm start, empty state, Pulumi installed, until everything is ready", "cold_s", cold),
      row("npm start, nothing to change", "warm_s", warm),
      row("npm run pulumi -- preview, both policy packs", "preview_s", preview),
      row("the same without policy packs", "preview_without_policies_s", noPolicies),
      row("npm, ts-node, build and the CLI alone (npm run pulumi -- stack)", "command_overhead_s", noop),
    ];
  } finally {
    await down(platform);
  }
}

async function fresh(): Promise<Platform> {
  const platform = new Platform();
  await platform.configure();
  return platform;
}

async function down(platform: Platform): Promise<void> {
  await platform.npm("stop");
  platform.remove();
}

async function seconds(command: Promise<Run>): Promise<number> {
  const startedAt = performance.now();
  const { code, output } = await command;
  if (code !== 0) throw new Error(output);
  return (performance.now() - startedAt) / 1000;
}

function row(work: string, metric: string, samples: readonly number[]): BenchRow {
  return { work, metric, unit: "s", better: "lower", ours: median(samples), spread: spread(samples), peers: {} };
}
