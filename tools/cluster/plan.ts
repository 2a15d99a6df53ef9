import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo, type Server } from "node:net";
import { join } from "node:path";
import { MnoError } from "../../runtime/exports";
import { chooseOctet, networkOf, type ClusterNetwork } from "./network";

/** Whether containers run (`real`), or KWOK plays nodes and pods (`kwok`). */
export type Pods = "real" | "kwok";

/** What is decided once for a cluster and kept in its state folder. Ports are TCP. */
export interface ClusterPlan {
  pods: Pods;
  /** Why pods are as they are, for people. */
  why: string;
  /** Where the API server and the node's own programs listen. */
  address: string;
  ports: { api: number; etcd: number; etcdPeer: number; controllers: number; scheduler: number; kwok: number };
  /** Second octet of the cluster's addresses; absent where pods are simulated and there is no network. */
  octet?: number;
  /** How long etcd keeps history, as a Go duration: a watch that is further behind gets 410 Gone. */
  compactionInterval: string;
  /** Socket file of the KMS v2 plugin that encrypts Secrets in etcd; they are in the open where absent. */
  kmsSocket?: string;
}

/** Name of the one node. */
export const NODE = "node-1";
export const DOMAIN = "cluster.local";
const LOOPBACK = "127.0.0.1";

/** Services have addresses in a simulated cluster, too, although nothing answers there. */
const SIMULATED_SERVICES = "10.96.0.0/16";
const SIMULATED_KUBERNETES = "10.96.0.1";

export function planNetwork(plan: ClusterPlan): ClusterNetwork | undefined {
  return plan.octet === undefined ? undefined : networkOf(plan.octet);
}

export function serverUrl(plan: ClusterPlan): string {
  return `https://${plan.address}:${String(plan.ports.api)}`;
}

export function etcdUrl(plan: ClusterPlan): string {
  return `https://${plan.address}:${String(plan.ports.etcd)}`;
}

export function services(plan: ClusterPlan): { range: string; kubernetes: string } {
  const network = planNetwork(plan);
  return network
    ? { range: network.services, kubernetes: network.kubernetes }
    : { range: SIMULATED_SERVICES, kubernetes: SIMULATED_KUBERNETES };
}

export function readPlan(directory: string): ClusterPlan | undefined {
  const file = join(directory, "cluster.json");
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as ClusterPlan) : undefined;
}

/** Decides addresses and ports for a new cluster. Errors: MNO_CLUSTER_REQUIREMENTS_MISSING when no range is free. */
export async function makePlan(
  directory: string,
  pods: Pods,
  why: string,
  { compactionInterval, kmsSocket }: Pick<ClusterPlan, "compactionInterval" | "kmsSocket">,
): Promise<ClusterPlan> {
  const kept = { compactionInterval, ...(kmsSocket !== undefined && { kmsSocket }) };
  const plan = { pods, why, ...kept, ...(pods === "real" ? ownNetwork(directory) : await onLoopback()) };
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  writeFileSync(join(directory, "cluster.json"), `${JSON.stringify(plan, undefined, 2)}\n`);
  return plan;
}

/** In namespaces of its own a cluster has every port to itself. */
function ownNetwork(directory: string): Pick<ClusterPlan, "address" | "ports" | "octet"> {
  const octet = chooseOctet(directory, hostRoutes());
  if (octet === undefined) {
    throw new MnoError("MNO_CLUSTER_REQUIREMENTS_MISSING", "The host has routes to every range from 10.160.0.0/16 up");
  }
  const ports = { api: 6443, etcd: 2379, etcdPeer: 2380, controllers: 10257, scheduler: 10259, kwok: 10247 };
  return { octet, address: networkOf(octet).node, ports };
}

function hostRoutes(): string[] {
  const routes = execFileSync("ip", ["route", "show", "table", "all"], { encoding: "utf8" });
  return routes.match(/\b10\.\d+\.\d+\.\d+/g) ?? [];
}

async function onLoopback(): Promise<Pick<ClusterPlan, "address" | "ports">> {
  const [api, etcd, etcdPeer, controllers, scheduler, kwok] = await freePorts(6);
  return { address: LOOPBACK, ports: { api, etcd, etcdPeer, controllers, scheduler, kwok } as ClusterPlan["ports"] };
}

/** Held all at once, so that none comes twice. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const listen = (server: Server): Promise<number> =>
    new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(0, LOOPBACK, () => resolve((server.address() as AddressInfo).port));
    });
  const ports = await Promise.all(servers.map(listen));
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
