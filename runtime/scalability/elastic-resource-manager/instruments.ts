import { LATENCY_BUCKETS, type Metrics } from "../../kernel/telemetry/metrics";
import type { Capacity } from "./capacity";
import { type Amount, plus, quantitiesOf, ZERO } from "./quantities";
import type { StrategyName } from "./demand";

const BATCH_SIZES = [1, 2, 4, 8, 16, 32, 64, 128, 256] as const;

/** USD for an hour of one CPU core and of one GiB of memory. */
export interface Prices {
  cpuCoreHour: number;
  memoryGibHour: number;
}

/** USD for an hour of that much CPU and memory; GPUs and custom resources have no price. */
export function costPerHour(amount: Amount, { cpuCoreHour, memoryGibHour }: Prices): number {
  return (amount.cpuMilli / 1000) * cpuCoreHour + (amount.memoryBytes / 2 ** 30) * memoryGibHour;
}

/** Of an allocation request: what it came to. "existing" is an earlier grant returned for its idempotency key. */
export type AllocationResult = "allocated" | "existing" | "refused" | "failed";

/** The engine's metrics. The label `node` is bounded by the cluster; tenants and workloads are not labels, for callers name them. */
export class Instruments {
  private readonly allocations;
  private readonly seconds;
  private readonly batches;
  private readonly nodes;
  private readonly utilization;
  private readonly cost;

  constructor(
    metrics: Metrics,
    private readonly prices: Prices,
  ) {
    this.allocations = metrics.counter("mno_erm_allocations_total", "Allocation requests answered", [
      "outcome",
      "strategy",
    ]);
    this.seconds = metrics.histogram(
      "mno_erm_allocation_seconds",
      "From an allocation request to its durable answer",
      [],
      [...LATENCY_BUCKETS],
    );
    this.batches = metrics.histogram("mno_erm_batch_size", "Operations in one transaction", [], [...BATCH_SIZES]);
    this.nodes = {
      usedCpu: metrics.gauge("mno_erm_allocated_cpu_cores", "Allocated to tenants or requested by replicas", ["node"]),
      usedMemory: metrics.gauge("mno_erm_allocated_memory_bytes", "Allocated to tenants or requested by replicas", [
        "node",
      ]),
      cpu: metrics.gauge("mno_erm_capacity_cpu_cores", "Allocatable", ["node"]),
      memory: metrics.gauge("mno_erm_capacity_memory_bytes", "Allocatable", ["node"]),
      usedGpus: metrics.gauge("mno_erm_allocated_gpus", "Allocated to tenants or requested by replicas", ["node"]),
      gpus: metrics.gauge("mno_erm_capacity_gpus", "Allocatable; only of nodes that have some", ["node"]),
    };
    this.utilization = metrics.gauge("mno_erm_utilization_ratio", "Used / allocatable over the ready nodes", [
      "resource",
    ]);
    this.cost = metrics.gauge("mno_erm_cost_usd_per_hour", "Price of the resources, by whether they are used", ["use"]);
  }

  answered(outcome: AllocationResult, strategy: StrategyName, seconds: number): void {
    this.allocations.inc({ outcome, strategy });
    this.seconds.observe(seconds);
  }

  committed(operations: number): void {
    this.batches.observe(operations);
  }

  /** Sets every gauge from the capacity as it is; a node that left disappears. */
  observe(capacity: Capacity): void {
    for (const gauge of Object.values(this.nodes)) gauge.reset();
    let used = ZERO;
    let allocatable = ZERO;
    for (const [index, node] of capacity.nodes.entries()) {
      const taken = capacity.table.usedOn(index);
      const label = { node: node.name };
      this.nodes.usedCpu.set(label, quantitiesOf(taken).cpuCores);
      this.nodes.usedMemory.set(label, taken.memoryBytes);
      this.nodes.cpu.set(label, quantitiesOf(node.allocatable).cpuCores);
      this.nodes.memory.set(label, node.allocatable.memoryBytes);
      if (node.allocatable.gpuMilli !== undefined) {
        this.nodes.usedGpus.set(label, quantitiesOf(taken).gpus ?? 0);
        this.nodes.gpus.set(label, quantitiesOf(node.allocatable).gpus ?? 0);
      }
      if (!node.ready) continue;
      used = plus(used, taken);
      allocatable = plus(allocatable, node.allocatable);
    }
    this.utilization.set({ resource: "cpu" }, allocatable.cpuMilli > 0 ? used.cpuMilli / allocatable.cpuMilli : 0);
    this.utilization.set(
      { resource: "memory" },
      allocatable.memoryBytes > 0 ? used.memoryBytes / allocatable.memoryBytes : 0,
    );
    if (allocatable.gpuMilli !== undefined) {
      this.utilization.set({ resource: "gpu" }, (used.gpuMilli ?? 0) / allocatable.gpuMilli);
    }
    const usedCost = costPerHour(used, this.prices);
    this.cost.set({ use: "used" }, usedCost);
    this.cost.set({ use: "idle" }, Math.max(0, costPerHour(allocatable, this.prices) - usedCost));
  }
}
