import { isAbsolute } from "node:path";
import { MnoError } from "../../exports";
import type { Cluster } from "./cluster";
import { LocalCluster } from "./local/driver";

/** Opens the cluster that `url` names. Errors: MNO_CLUSTER_URL_INVALID. */
export function openCluster(url: string): Cluster {
  const [scheme, directory] = [url.slice(0, url.indexOf(":")), url.slice(url.indexOf(":") + 1)];
  if (scheme === "local" && isAbsolute(directory)) return new LocalCluster(directory);
  throw new MnoError(
    "MNO_CLUSTER_URL_INVALID",
    `"${url}" is not a cluster that this release supports; use local:<folder>, with the absolute path of the supervisor's folder`,
  );
}
