import { chosen, quantileOf, rateOf } from "../promql";
import { type FabricDescription, PanelKind, type Section, Unit } from "./description";
import { SCALABILITY_ALERTS } from "./scalability-alerts";
import { balancing, optimizing, pools } from "./scalability-sections";

const WINDOW = "$__rate_interval";
const perNode = (metric: string): string => `max by (node) (${chosen(metric)})`;

const capacity: Section = {
  title: "Capacity",
  panels: [
    {
      title: "In use",
      description: "Share of what the ready nodes can give that is allocated or requested.",
      unit: Unit.Share,
      kind: PanelKind.Number,
      queries: [
        {
          expression: `max by (resource) (${chosen("mno_erm_utilization_ratio")})`,
          legend: "{{resource}}",
        },
      ],
    },
    {
      title: "CPU by node",
      description: "Cores allocated or requested, as a share of what the node can give.",
      unit: Unit.Share,
      queries: [
        {
          expression: `${perNode("mno_erm_allocated_cpu_cores")} / ${perNode("mno_erm_capacity_cpu_cores")}`,
          legend: "{{node}}",
        },
      ],
    },
    {
      title: "Memory by node",
      description: "Memory allocated or requested, as a share of what the node can give.",
      unit: Unit.Share,
      queries: [
        {
          expression: `${perNode("mno_erm_allocated_memory_bytes")} / ${perNode("mno_erm_capacity_memory_bytes")}`,
          legend: "{{node}}",
        },
      ],
    },
    {
      title: "Cost",
      description: "Price of the nodes' resources by the hour, used and idle.",
      unit: Unit.UsdPerHour,
      queries: [{ expression: `max by (use) (${chosen("mno_erm_cost_usd_per_hour")})`, legend: "{{use}}" }],
    },
  ],
};

const allocations: Section = {
  title: "Allocations",
  panels: [
    {
      title: "Requests",
      description: "Allocation requests answered per second, by what they came to.",
      unit: Unit.PerSecond,
      queries: [
        {
          expression: rateOf(chosen("mno_erm_allocations_total"), "outcome", "strategy"),
          legend: "{{outcome}} {{strategy}}",
        },
      ],
    },
    {
      title: "Duration",
      description: "From a request to its durable answer.",
      unit: Unit.Seconds,
      queries: [
        { expression: quantileOf(0.5, chosen("mno_erm_allocation_seconds_bucket"), WINDOW), legend: "p50" },
        { expression: quantileOf(0.99, chosen("mno_erm_allocation_seconds_bucket"), WINDOW), legend: "p99" },
      ],
    },
    {
      title: "Batch",
      description: "Operations in one transaction; it grows with the load, which is how the disk keeps up.",
      unit: Unit.Count,
      queries: [
        { expression: quantileOf(0.5, chosen("mno_erm_batch_size_bucket"), WINDOW), legend: "p50" },
        { expression: quantileOf(0.99, chosen("mno_erm_batch_size_bucket"), WINDOW), legend: "p99" },
      ],
    },
  ],
};

const scaling: Section = {
  title: "Auto-scaling",
  panels: [
    {
      title: "Replicas",
      description: "What the last evaluation found and what it wants.",
      unit: Unit.Count,
      queries: [
        {
          expression: `max by (workload) (${chosen("mno_autoscaling_current_replicas")})`,
          legend: "{{workload}} has",
        },
        {
          expression: `max by (workload) (${chosen("mno_autoscaling_desired_replicas")})`,
          legend: "{{workload}} wants",
        },
      ],
    },
    {
      title: "Decisions",
      description: "Evaluations per second by what came of them; skipped ones could conclude or do nothing.",
      unit: Unit.PerSecond,
      queries: [{ expression: rateOf(chosen("mno_autoscaling_decisions_total"), "action"), legend: "{{action}}" }],
    },
    {
      title: "Metrics seen",
      description: "What each scaler last read, averaged over the replicas.",
      unit: Unit.Count,
      queries: [
        {
          expression: `max by (workload, metric) (${chosen("mno_autoscaling_metric_value")})`,
          legend: "{{workload}} {{metric}}",
        },
      ],
    },
    {
      title: "Evaluation",
      description: "Time of one evaluation, scaling included.",
      unit: Unit.Seconds,
      queries: [
        { expression: quantileOf(0.99, chosen("mno_autoscaling_evaluation_seconds_bucket"), WINDOW), legend: "p99" },
      ],
    },
    {
      title: "Unreadable replicas",
      description: "Replicas whose metrics could not be read, per second.",
      unit: Unit.PerSecond,
      queries: [{ expression: rateOf(chosen("mno_autoscaling_scrape_failures_total")), legend: "failures" }],
    },
  ],
};

export const SCALABILITY: FabricDescription = {
  name: "scalability",
  title: "Scalability",
  sections: [capacity, allocations, scaling, balancing, pools, optimizing],
  alerts: SCALABILITY_ALERTS,
};
