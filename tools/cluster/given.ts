import { resolve } from "node:path";
import { KubeConfig, VersionApi } from "@kubernetes/client-node";
import { MnoError } from "../../runtime/exports";

/** The user's own cluster, where KUBECONFIG names one: nothing is started or ended then. */
export interface GivenCluster {
  kubeconfig: string;
  server: string;
  /** Of the API server, "v1.36.3". */
  version: string;
}

/** The kubeconfig that the user gave; undefined when it is none or the one of our own cluster. */
export function givenKubeconfig(own: string): string | undefined {
  const given = process.env.KUBECONFIG;
  return given === undefined || given === "" || resolve(given) === resolve(own) ? undefined : given;
}

/** Errors: MNO_CLUSTER_UNREACHABLE naming the file and the server. */
export async function askGiven(kubeconfig: string): Promise<GivenCluster> {
  const config = new KubeConfig();
  let server = "its server";
  try {
    config.loadFromFile(kubeconfig);
    server = config.getCurrentCluster()?.server ?? server;
    const { gitVersion } = await config.makeApiClient(VersionApi).getCode();
    return { kubeconfig, server, version: gitVersion };
  } catch (error) {
    throw new MnoError(
      "MNO_CLUSTER_UNREACHABLE",
      `KUBECONFIG is ${kubeconfig}, but ${server} cannot be asked: ${(error as Error).message}. ` +
        `Mend it, or unset KUBECONFIG for a cluster of our own.`,
      { cause: error },
    );
  }
}
