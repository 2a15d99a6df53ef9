import { quantileOf, shareOf } from "../promql";
import { type AlertDescription, Severity } from "./description";

const ALLOCATIONS = "mno_erm_allocations_total";
const BALANCED = "mno_balancer_requests_total";

export const SCALABILITY_ALERTS: readonly AlertDescription[] = [
  {
    name: "MnoCapacityNearlyExhausted",
    severity: Severity.Warning,
    expression: "max by (namespace, resource) (mno_erm_utilization_ratio) > 0.9",
    holds: "15m",
    summary: "{{ $value | humanizePercentage }} of the cluster's {{ $labels.resource }} is allocated",
  },
  {
    name: "MnoAllocationsRefused",
    severity: Severity.Warning,
    expression: `${shareOf(`${ALLOCATIONS}{outcome="refused"}`, ALLOCATIONS, "10m", "namespace")} > 0.1`,
    holds: "10m",
    summary: "{{ $value | humanizePercentage }} of the allocation requests do not fit",
  },
  {
    name: "MnoAllocationsFailing",
    severity: Severity.Critical,
    expression: `${shareOf(`${ALLOCATIONS}{outcome="failed"}`, ALLOCATIONS, "10m", "namespace")} > 0.01`,
    holds: "5m",
    summary: "{{ $value | humanizePercentage }} of the allocation requests fail, because they cannot be stored",
  },
  {
    name: "MnoAllocationsSlow",
    severity: Severity.Warning,
    expression:
      `${quantileOf(0.99, "mno_erm_allocation_seconds_bucket", "10m", "namespace")} > 0.5` +
      " and sum by (namespace) (rate(mno_erm_allocation_seconds_count[10m])) > 0.1",
    holds: "10m",
    summary: "The slowest hundredth of the allocation requests takes {{ $value | humanizeDuration }}",
  },
  {
    name: "MnoAutoscalerSilent",
    severity: Severity.Critical,
    expression:
      "sum by (namespace) (increase(mno_autoscaling_evaluation_seconds_count[10m])) == 0" +
      " and on (namespace) count by (namespace) (mno_autoscaling_desired_replicas) > 0",
    holds: "5m",
    summary: "There are scalers, and none was evaluated for 10 minutes",
  },
  {
    name: "MnoAutoscalerMetricsUnreadable",
    severity: Severity.Warning,
    expression: "sum by (namespace) (rate(mno_autoscaling_scrape_failures_total[10m])) > 0",
    holds: "15m",
    summary: "The auto-scaling engine cannot read the metrics of some replicas, and so scales nothing down by them",
  },
  {
    name: "MnoScaleNotFollowed",
    severity: Severity.Warning,
    expression:
      "max by (namespace, workload) (mno_autoscaling_desired_replicas) != max by (namespace, workload) (mno_autoscaling_current_replicas)",
    holds: "15m",
    summary: "{{ $labels.workload }} is wanted at {{ $value }} replicas, and every evaluation finds another number",
  },
  {
    name: "MnoBalancerWithoutEndpoints",
    severity: Severity.Critical,
    // One that nobody asks for may sleep.
    expression:
      'max by (namespace, upstream) (mno_balancer_endpoints{state="fit"}) == 0' +
      ` and on (namespace, upstream) sum by (namespace, upstream) (rate(${BALANCED}[5m])) > 0`,
    holds: "2m",
    summary: "Requests come for {{ $labels.upstream }}, and no endpoint of it is fit to get them",
  },
  {
    name: "MnoBalancerFailing",
    severity: Severity.Critical,
    expression: `${shareOf(`${BALANCED}{class=~"5xx|none", ending!="client-gone"}`, BALANCED, "10m", "namespace", "upstream")} > 0.01`,
    holds: "5m",
    summary: "{{ $value | humanizePercentage }} of the requests to {{ $labels.upstream }} fail",
  },
  {
    name: "MnoPoolExhausted",
    severity: Severity.Warning,
    expression: "max by (namespace, pool) (mno_rpm_waiting) > 0",
    holds: "15m",
    summary: "{{ $value }} requests wait for a slot of the pool {{ $labels.pool }}",
  },
  {
    name: "MnoLeasesLeak",
    severity: Severity.Warning,
    expression: "sum by (namespace, pool) (rate(mno_rpm_leases_expired_total[1h])) * 3600 > 3",
    holds: "60m",
    summary: "Holders of the pool {{ $labels.pool }} let {{ $value }} leases an hour expire",
  },
];
