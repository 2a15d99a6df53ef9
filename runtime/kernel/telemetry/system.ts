import { readFileSync } from "node:fs";
import { cpus, freemem, loadavg, totalmem } from "node:os";
import { statfsSync } from "node:fs";
import { collectDefaultMetrics } from "prom-client";
import type { Metrics } from "./metrics";

/** Bytes received and sent since boot over all interfaces but loopback. Source: proc(5), /proc/net/dev. */
export function parseNetDev(text: string): { receivedBytes: number; sentBytes: number } {
  let receivedBytes = 0;
  let sentBytes = 0;
  for (const line of text.split("\n").slice(2)) {
    const [name, counters] = line.split(":");
    if (!name || !counters || name.trim() === "lo") continue;
    const columns = counters.trim().split(/\s+/).map(Number);
    receivedBytes += columns[0] ?? 0;
    sentBytes += columns[8] ?? 0;
  }
  return { receivedBytes, sentBytes };
}

/**
 * The machine's metrics beside the process's own (prom-client's defaults): CPU seconds by mode, load, memory, the disk that
 * holds `directory`, network bytes. Values are read when Prometheus asks.
 */
export function installSystemMetrics(metrics: Metrics, directory: string): void {
  collectDefaultMetrics({ register: metrics.registry });
  const cpu = metrics.gauge("mno_system_cpu_seconds", "CPU time of the machine since boot, in seconds", ["mode"]);
  const load = metrics.gauge("mno_system_load1", "Run-queue length, one-minute average");
  const memory = metrics.gauge("mno_system_memory_bytes", "Memory of the machine", ["state"]);
  const disk = metrics.gauge("mno_system_disk_bytes", "Disk that holds the state folder", ["state"]);
  const network = metrics.gauge("mno_system_network_bytes", "Network traffic since boot, loopback left out", [
    "direction",
  ]);
  const read = (): void => {
    const times = cpus().map((core) => core.times);
    for (const mode of ["user", "nice", "sys", "idle", "irq"] as const) {
      cpu.set({ mode }, times.reduce((sum, t) => sum + t[mode], 0) / 1000);
    }
    load.set(loadavg()[0] ?? 0);
    memory.set({ state: "total" }, totalmem());
    memory.set({ state: "free" }, freemem());
    const { blocks, bavail, bsize } = statfsSync(directory);
    disk.set({ state: "total" }, blocks * bsize);
    disk.set({ state: "free" }, bavail * bsize);
    const traffic = readNetDev();
    if (traffic) {
      network.set({ direction: "received" }, traffic.receivedBytes);
      network.set({ direction: "sent" }, traffic.sentBytes);
    }
  };
  // One collector is enough: a registry collects all its metrics in one pass, in order of registration.
  Object.assign(cpu, { collect: read });
}

/** undefined where the operating system has no /proc. */
function readNetDev(): ReturnType<typeof parseNetDev> | undefined {
  try {
    return parseNetDev(readFileSync("/proc/net/dev", "utf8"));
  } catch {
    return undefined;
  }
}
