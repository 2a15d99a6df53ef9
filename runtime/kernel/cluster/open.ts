import { createRequire } from "node:module";
import { isAbsolute } from "node:path";
import { MnoError } from "../../exports";
import { type Clock, systemClock } from "../clock";
import type { Cluster } from "./cluster";
import { LocalCluster } from "./local/driver";
import { withoutCredentials } from "./secret-mask";

/** Opens the cluster that `url` names. Errors: MNO_CLUSTER_URL_INVALID. */
export function openCluster(url: string, clock: Clock = systemClock, random: () => number = Math.random): Cluster {
  const [scheme, rest] = [url.slice(0, url.indexOf(":")), url.slice(url.indexOf(":") + 1)];
  if (scheme === "local" && isAbsolute(rest)) return new LocalCluster(rest, clock);
  if (scheme === "kubernetes") {
    // Loaded on demand: the client library takes half a second, which the local cluster's users need not wait for.
    const { KubernetesCluster } = createRequire(__filename)(
      "./kubernetes/driver",
    ) as typeof import("./kubernetes/driver");
    return new KubernetesCluster(url, clock, random);
  }
  throw new MnoError(
    "MNO_CLUSTER_URL_INVALID",
    `"${withoutCredentials(url)}" is not a cluster that this release supports; use local:<folder>, with the absolute path of the supervisor's folder, or kubernetes:<namespace>`,
  );
}
