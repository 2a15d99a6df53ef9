import { join } from "node:path";
import { MnoError } from "../../runtime/exports";
import { parseArguments, type Arguments } from "./arguments";
import { CLUSTER_DIRECTORY, clusterDown, clusterUp, openCluster } from "./cluster";
import { askGiven, givenKubeconfig } from "./given";
import type { OwnCluster } from "./own-cluster";
import { aptLine, checkRequirements, THIS_SYSTEM } from "./requirements";

/** `npm run cluster -- up|down|status|requirements|kubeconfig`: a Kubernetes of one's own, for tests. */

const KUBECONFIG = join(CLUSTER_DIRECTORY, "kubeconfig");
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const report = (line: string): void => say(`  ${line}`);

async function run({ command, ...options }: Arguments): Promise<number> {
  if (command === "requirements") return requirements();
  const given = givenKubeconfig(KUBECONFIG);
  if (given !== undefined) return onGiven(command, given);
  switch (command) {
    case "up":
      await clusterUp({ report, ...options });
      say(`The cluster is up: export KUBECONFIG=${KUBECONFIG}`);
      return 0;
    case "down":
      say((await clusterDown()) ? "The cluster is down." : "No cluster is up.");
      return 0;
    case "status":
      return status();
    case "kubeconfig":
      await existing();
      say(KUBECONFIG);
      return 0;
  }
}

async function onGiven(command: "up" | "down" | "status" | "kubeconfig", kubeconfig: string): Promise<number> {
  if (command === "down") {
    say(`KUBECONFIG is ${kubeconfig}: that cluster is yours, and nothing was ended.`);
    return 0;
  }
  const { server, version } = await askGiven(kubeconfig);
  say(
    command === "kubeconfig"
      ? kubeconfig
      : `KUBECONFIG is set: using your cluster at ${server}, Kubernetes ${version}.`,
  );
  return 0;
}

async function status(): Promise<number> {
  const cluster = await existing();
  say(`pods: ${cluster.plan.why}`);
  say("network policies: accepted, not enforced (pods have a plain bridge, or no network where they are simulated)");
  say(`kubeconfig: ${cluster.kubeconfig}`);
  const processes = cluster.processes();
  for (const { name, process: identity } of processes)
    say(`  ${name}: ${identity ? `process ${String(identity.pid)}` : "not running"}`);
  return processes.every(({ process: identity }) => identity) ? 0 : 1;
}

/** Says what is missing and prints the command that brings it, alone on the last line, for scripts. */
function requirements(): number {
  const { packages, blockers } = checkRequirements(THIS_SYSTEM);
  for (const blocker of blockers) say(`pods can only be simulated: ${blocker}`);
  say(packages.length === 0 ? "Every program that real pods need is here." : aptLine(packages));
  return packages.length === 0 ? 0 : 1;
}

async function existing(): Promise<OwnCluster> {
  const cluster = await openCluster();
  if (!cluster) throw new MnoError("MNO_CLUSTER_NOT_UP", "There is no cluster: npm run cluster -- up");
  return cluster;
}

async function main(): Promise<number> {
  return run(parseArguments(process.argv.slice(2)));
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof MnoError ? `${error.code}: ` : ""}${(error as Error).message}\n`);
    process.exit(1);
  },
);
