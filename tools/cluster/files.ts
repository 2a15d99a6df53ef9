import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MnoError } from "../../runtime/exports";
import { credentials } from "./api";
import { authentication, cni, containerd, corefile, encryption, kubeconfig, kubelet, kubeProxy } from "./configuration";
import { certificates, ensurePki } from "./pki";
import { NODE, planNetwork, serverUrl, services, type ClusterPlan } from "./plan";
import { cniFolder, THIS_SYSTEM } from "./requirements";

const OVERLAYFS_MAGIC = 0x794c7630;

/** Programs that talk to the API server, each by its own certificate. */
const CLIENTS = ["controller-manager", "scheduler", "kubelet", "kube-proxy", "coredns", "kwok"];

/** Writes certificates and configuration of a cluster, and the administrator's kubeconfig. `kwok`: its program, where used. */
export async function writeFiles(plan: ClusterPlan, directory: string, kwok: string | undefined): Promise<void> {
  const pki = join(directory, "pki");
  const addresses = ["127.0.0.1", services(plan).kubernetes, ...(plan.octet === undefined ? [] : [plan.address])];
  await ensurePki(pki, certificates(addresses, NODE, plan.address));

  const config = join(directory, "config");
  mkdirSync(config, { recursive: true, mode: 0o700 });
  const write = (name: string, text: string): void => writeChanged(join(config, name), text);
  const server = serverUrl(plan);
  write("authentication.json", authentication());
  if (plan.kmsSocket !== undefined) write("encryption.json", encryption(plan.kmsSocket));
  for (const client of CLIENTS) write(`${client}.kubeconfig`, kubeconfig(server, client, credentials(pki, client)));
  writeNodeFiles(plan, directory, write);
  if (kwok !== undefined) write("kwok.yaml", execFileSync(kwok, ["stages"], { encoding: "utf8" }));
  writeChanged(join(directory, "kubeconfig"), kubeconfig(server, "admin", credentials(pki, "admin")));
}

/** A running kube-proxy ends when its file is so much as touched. */
function writeChanged(file: string, text: string): void {
  if (!existsSync(file) || readFileSync(file, "utf8") !== text) writeFileSync(file, text, { mode: 0o600 });
}

function writeNodeFiles(plan: ClusterPlan, directory: string, write: (name: string, text: string) => void): void {
  const network = planNetwork(plan);
  if (!network) return;
  const cniBin = cniFolder(THIS_SYSTEM);
  if (cniBin === undefined) throw new MnoError("MNO_CLUSTER_REQUIREMENTS_MISSING", "The CNI plug-ins are missing");
  const config = join(directory, "config");
  mkdirSync(join(config, "cni"), { recursive: true });
  // Names beyond the cluster's own are nobody's: there is no way out of its network.
  write("resolv.conf", "");
  write("kubelet.json", kubelet(network, join(directory, "pki"), join(config, "resolv.conf"), network.link));
  write("kube-proxy.json", kubeProxy(network, join(config, "kube-proxy.kubeconfig")));
  write("Corefile", corefile(network.node, join(config, "coredns.kubeconfig")));
  write(join("cni", "10-machine-native-ops.conflist"), cni(network));
  const root = join(directory, "containerd");
  const snapshotter = statfsSync(directory).type === OVERLAYFS_MAGIC ? "native" : "overlayfs";
  write("containerd.toml", containerd({ root, cniBin, cniConf: join(config, "cni"), snapshotter }));
}
