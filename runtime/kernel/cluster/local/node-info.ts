import { readFileSync } from "node:fs";
import { availableParallelism, hostname, totalmem } from "node:os";
import type { ResourceQuantities } from "../../../exports";
import type { ClusterNode } from "../cluster";

const GIB = 1024 ** 3;
/** Share of the machine kept for the system and the supervisor, and its upper bounds. */
const RESERVE = { share: 0.1, maxCpuCores: 0.5, maxMemoryBytes: GIB };

/** Content of a file, undefined where it cannot be read. */
export type ReadText = (path: string) => string | undefined;

/** This machine as the cluster's one node: what the hardware and the control groups leave, less the system's reserve. */
export function describeNode(): ClusterNode {
  const limits = cgroupLimits(readText);
  const capacity = {
    cpuCores: Math.min(availableParallelism(), limits.cpuCores),
    memoryBytes: Math.min(totalmem(), limits.memoryBytes),
  };
  return {
    name: hostname(),
    ready: true,
    zone: "local",
    labels: {
      "kubernetes.io/hostname": hostname(),
      "kubernetes.io/os": process.platform,
      "kubernetes.io/arch": process.arch,
    },
    capacity,
    allocatable: allocatable(capacity),
  };
}

export function allocatable(capacity: ResourceQuantities): ResourceQuantities {
  const { cpuCores, memoryBytes } = capacity;
  return {
    cpuCores: cpuCores - Math.min(cpuCores * RESERVE.share, RESERVE.maxCpuCores),
    memoryBytes: Math.floor(memoryBytes - Math.min(memoryBytes * RESERVE.share, RESERVE.maxMemoryBytes)),
  };
}

/**
 * The tightest CPU and memory limit of this process's control groups and their ancestors, Infinity where none is set.
 * Sources: https://docs.kernel.org/admin-guide/cgroup-v2.html (cpu.max, memory.max),
 * https://docs.kernel.org/scheduler/sched-bwc.html and /admin-guide/cgroup-v1/memory.html (version 1).
 */
export function cgroupLimits(read: ReadText): ResourceQuantities {
  const limits = { cpuCores: Infinity, memoryBytes: Infinity };
  for (const line of (read("/proc/self/cgroup") ?? "").split("\n")) {
    const [hierarchy, controllers = "", path = "/"] = line.split(":");
    if (hierarchy === "0") {
      for (const folder of withAncestors("/sys/fs/cgroup", path)) {
        const [quota = "", period = ""] = (read(`${folder}/cpu.max`) ?? "").trim().split(" ");
        tighten(limits, "cpuCores", Number(quota) / Number(period));
        tighten(limits, "memoryBytes", parseBytes(read(`${folder}/memory.max`)));
      }
    }
    if (controllers.split(",").includes("cpu")) {
      for (const folder of withAncestors("/sys/fs/cgroup/cpu", path)) {
        tighten(
          limits,
          "cpuCores",
          Number(read(`${folder}/cpu.cfs_quota_us`)) / Number(read(`${folder}/cpu.cfs_period_us`)),
        );
      }
    }
    if (controllers.split(",").includes("memory")) {
      for (const folder of withAncestors("/sys/fs/cgroup/memory", path)) {
        tighten(limits, "memoryBytes", parseBytes(read(`${folder}/memory.limit_in_bytes`)));
      }
    }
  }
  return limits;
}

/** "max", a quota of -1 and a missing file are no limits: they come out as NaN or below zero. */
function tighten(limits: ResourceQuantities, key: "cpuCores" | "memoryBytes", value: number): void {
  if (value > 0 && value < limits[key]) limits[key] = value;
}

function parseBytes(text: string | undefined): number {
  return text === undefined || text.trim() === "" ? NaN : Number(text);
}

function withAncestors(root: string, path: string): string[] {
  const parts = path.split("/").filter((part) => part !== "" && part !== "..");
  return [root, ...parts.map((_, index) => `${root}/${parts.slice(0, index + 1).join("/")}`)];
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
