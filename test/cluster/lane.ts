import { clusterDown, clusterUp, openCluster } from "../../tools/cluster/cluster";
import { collectCrds } from "../../tools/crds/collect";
import { build } from "../../tools/build";
import { ensureKubernetesProvider } from "../../tools/toolchain/kubernetes";
import { ensureToolchain } from "../../tools/toolchain/pulumi";

/**
 * Before and after the whole lane (mocha's global fixtures, loaded by `npm run test:cluster`): what takes long is built here,
 * with progress, instead of in some test's time-out; a cluster that was not up before goes again.
 */
const report = (line: string): void => void process.stdout.write(`  ${line}\n`);
let wasUp = false;

export async function mochaGlobalSetup(): Promise<void> {
  await ensureToolchain(report);
  await ensureKubernetesProvider(report);
  await collectCrds(report);
  build();
  wasUp = (await openCluster()) !== undefined;
  await clusterUp({ report });
}

export async function mochaGlobalTeardown(): Promise<void> {
  if (!wasUp) await clusterDown();
}
