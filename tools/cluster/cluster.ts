import { mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { MnoError } from "../../runtime/exports";
import { acquireProcessLock } from "../../runtime/kernel/process-lock";
import { STATE } from "../paths";
import { clusterPrograms, ensureClusterPrograms } from "../toolchain/kubernetes";
import type { Report } from "../toolchain/go-build";
import type { Programs } from "./components";
import { OwnCluster } from "./own-cluster";
import { makePlan, readPlan, type ClusterPlan, type Pods } from "./plan";
import { aptLine, checkRequirements, THIS_SYSTEM } from "./requirements";
import { redirects } from "./sandbox";

/** Where the cluster of this state folder lives. */
export const CLUSTER_DIRECTORY = resolve(STATE, "kubernetes");

const PROGRAMS: Record<Pods, readonly (keyof Programs)[]> = {
  real: ["etcd", "kube", "coredns", "pause"],
  kwok: ["etcd", "kube", "kwok"],
};

export interface ClusterOptions {
  /** State folder, absolute. */
  directory?: string;
  report?: Report;
  /** `real` refuses to fall back, `kwok` simulates pods even where they could run. Default: MNO_CLUSTER_PODS, else what works. */
  pods?: Pods;
  /** How long etcd keeps history, as a Go duration; 0 is for ever. Counts when the cluster is made. */
  compactionInterval?: string;
  /** Socket file of a KMS v2 plugin, which answers before the API server starts. Counts when the cluster is made. */
  kmsSocket?: string;
}

const silent: Report = () => undefined;

/**
 * Brings a cluster up, or goes on where an interrupted start stopped. Errors: MNO_CLUSTER_REQUIREMENTS_MISSING,
 * MNO_CLUSTER_COMPONENT_FAILED with the end of the log, MNO_TOOLCHAIN_MISSING, MNO_STATE_LOCKED.
 */
export async function clusterUp(options: ClusterOptions = {}): Promise<OwnCluster> {
  const directory = resolve(options.directory ?? CLUSTER_DIRECTORY);
  const report = options.report ?? silent;
  return locked(directory, "cluster up", async () => {
    const plan = readPlan(directory) ?? (await decide(directory, options));
    const wanted = options.pods ?? wantedPods();
    if (wanted !== undefined && wanted !== plan.pods) {
      throw new MnoError(
        "MNO_CONFIG_INVALID",
        `The cluster in ${directory} has ${plan.pods} pods; bring it down first`,
      );
    }
    report(`pods: ${plan.why}`);
    const cluster = new OwnCluster(directory, plan, await ensureClusterPrograms(PROGRAMS[plan.pods], report));
    await cluster.up(report);
    return cluster;
  });
}

/** The cluster of a state folder, whether all of it is up or not; undefined where there is none. */
export async function openCluster(directory = CLUSTER_DIRECTORY): Promise<OwnCluster | undefined> {
  const plan = readPlan(resolve(directory));
  return plan && new OwnCluster(resolve(directory), plan, clusterPrograms(PROGRAMS[plan.pods]));
}

/** Brings a cluster down; false where there was none. */
export async function clusterDown(directory = CLUSTER_DIRECTORY): Promise<boolean> {
  return locked(resolve(directory), "cluster down", async () => {
    const cluster = await openCluster(directory);
    await cluster?.down();
    return cluster !== undefined;
  });
}

async function decide(directory: string, options: ClusterOptions): Promise<ClusterPlan> {
  const { packages, blockers, isUnusable } = checkRequirements(THIS_SYSTEM);
  const hidden = redirects(directory);
  const faults = [
    ...blockers,
    ...(packages.length > 0 ? [`programs are missing: ${aptLine(packages)}`] : []),
    ...(hidden === undefined ? [] : [`the state folder is below ${hidden}, which the cluster has to itself`]),
  ];
  const wanted = options.pods ?? wantedPods();
  if (isUnusable || (wanted === "real" && faults.length > 0)) {
    throw new MnoError("MNO_CLUSTER_REQUIREMENTS_MISSING", `Pods cannot run here: ${faults.join("; ")}`);
  }
  const pods = wanted ?? (faults.length > 0 ? "kwok" : "real");
  return makePlan(directory, pods, describe(pods, faults), {
    compactionInterval: options.compactionInterval ?? "5m",
    ...(options.kmsSocket !== undefined && { kmsSocket: options.kmsSocket }),
  });
}

function describe(pods: Pods, faults: readonly string[]): string {
  if (pods === "real") return `real (${THIS_SYSTEM.versionOf("containerd")}, ${THIS_SYSTEM.versionOf("runc")})`;
  return `simulated by KWOK because ${faults.length > 0 ? faults.join("; ") : "MNO_CLUSTER_PODS=kwok asks for it"}`;
}

function wantedPods(): Pods | undefined {
  const wanted = process.env.MNO_CLUSTER_PODS;
  if (wanted === undefined || wanted === "" || wanted === "real" || wanted === "kwok") return wanted || undefined;
  throw new MnoError("MNO_CONFIG_INVALID", `MNO_CLUSTER_PODS is "${wanted}"; it may be "real" or "kwok"`);
}

async function locked<T>(directory: string, purpose: string, work: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(directory), { recursive: true, mode: 0o700 });
  const release = acquireProcessLock(`${directory}.lock`, purpose);
  try {
    return await work();
  } finally {
    release();
  }
}
