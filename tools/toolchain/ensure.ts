import { MnoError } from "../../runtime/exports";
import { ensureClusterPrograms, ensureKubernetesProvider } from "./kubernetes";
import { ensureToolchain } from "./pulumi";

/**
 * Makes sure of what a lane needs before it starts, so that a first build shows its progress instead of a test's time-out:
 * Pulumi, and with the argument `kubernetes` its Kubernetes provider and the programs of the test cluster.
 */
const report = (line: string): void => void process.stdout.write(`  ${line}\n`);

async function ensure(wanted: string | undefined): Promise<void> {
  if (wanted !== undefined && wanted !== "kubernetes") {
    throw new MnoError("MNO_COMMAND_LINE_INVALID", `${wanted} is not known. Usage: npm run toolchain -- [kubernetes]`);
  }
  const { origin } = await ensureToolchain(report);
  report(`pulumi: ${origin}`);
  if (wanted === undefined) return;
  report(`kubernetes provider: ${await ensureKubernetesProvider(report)}`);
  await ensureClusterPrograms(["etcd", "kube", "coredns", "pause", "echo"], report);
}

ensure(process.argv[2]).catch((error: unknown) => {
  process.stderr.write(`${error instanceof MnoError ? `${error.code}: ` : ""}${(error as Error).message}\n`);
  process.exit(1);
});
