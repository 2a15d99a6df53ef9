/**
 * For every alert one course of events at which it fires and at least one at which it must not. Series are written as
 * promtool reads them, one value a minute: `0+6x20` begins at 0 and rises by 6 twenty times, `_x5` is no sample five times.
 */
import { Severity } from "../../components/observability/fabrics/description";
import { SECURITY_ALERT_CASES } from "./security-alert-cases";
import { SUSTAINABILITY_ALERT_CASES } from "./sustainability-alert-cases";

/** Selector -> values. */
export type Series = Readonly<Record<string, string>>;

export interface AlertCase {
  alert: string;
  severity: Severity;
  /** When it is looked at. */
  atMinute: number;
  fires: Series;
  /** Labels of the alert that fires, beside those of its rule. */
  labels: Record<string, string>;
  /** Its summary, filled in. */
  summary: string;
  /** Why it stays quiet -> course of events. */
  quiet: Record<string, Series>;
}

const { Critical, Warning } = Severity;
const requests = (code: string, values: string): Series => ({
  [`mno_http_requests_total{namespace="mno", engine="erm", method="GET", route="/", code="${code}"}`]: values,
});
const OURS: Series = { 'mno_agent_restarts{namespace="mno", engine="erm", instance="a"}': "0x400" };
/** Durations: `fast` requests a minute within 0.1 s and `slow` ones between 1 s and 2.5 s. */
const durations = (metric: string, labels: string, fast: number, slow: number): Series => {
  const rises = (by: number): string => `0+${String(by)}x60`;
  return {
    [`${metric}_bucket{${labels}le="0.1"}`]: rises(fast),
    [`${metric}_bucket{${labels}le="1"}`]: rises(fast),
    [`${metric}_bucket{${labels}le="2.5"}`]: rises(fast + slow),
    [`${metric}_bucket{${labels}le="+Inf"}`]: rises(fast + slow),
    [`${metric}_count{${labels.replace(/, $/, "")}}`]: rises(fast + slow),
  };
};
const endpoints = (state: string): string =>
  `mno_balancer_endpoints{namespace="mno", upstream="web", state="${state}"}`;
const balanced = (ending: string, of: string): string =>
  `mno_balancer_requests_total{namespace="mno", upstream="web", ending="${ending}", class="${of}"}`;
const pool = (metric: string): string => `mno_rpm_${metric}{namespace="mno", pool="licences"}`;
const HTTP = 'namespace="mno", engine="erm", method="GET", route="/", ';
const allocations = (outcome: string, values: string): Series => ({
  [`mno_erm_allocations_total{namespace="mno", outcome="${outcome}", strategy="best-fit"}`]: values,
});
const replicas = (desired: string, current: string): Series => ({
  'mno_autoscaling_desired_replicas{namespace="mno", workload="web"}': desired,
  'mno_autoscaling_current_replicas{namespace="mno", workload="web"}': current,
});
const EVALUATIONS = 'mno_autoscaling_evaluation_seconds_count{namespace="mno"}';
const disk = (free: string): Series => ({
  'mno_system_disk_bytes{namespace="mno", instance="a", state="free"}': free,
  'mno_system_disk_bytes{namespace="mno", instance="a", state="total"}': "100x40",
});

export const ALERT_CASES: readonly AlertCase[] = [
  {
    alert: "MnoEngineAbsent",
    severity: Critical,
    atMinute: 300,
    fires: { 'mno_agent_restarts{namespace="mno", engine="erm", pod="a"}': "0x20 _x400" },
    labels: { namespace: "mno", engine: "erm" },
    summary: "No process of erm can be scraped any more",
    quiet: {
      "another pod took over": {
        'mno_agent_restarts{namespace="mno", engine="erm", pod="a"}': "0x20 _x400",
        'mno_agent_restarts{namespace="mno", engine="erm", pod="b"}': "_x15 0x400",
      },
      "it was gone for less than five minutes": {
        'mno_agent_restarts{namespace="mno", engine="erm", pod="a"}': "0x289 _x8 0x100",
      },
    },
  },
  {
    alert: "MnoEngineRestarting",
    severity: Warning,
    atMinute: 15,
    fires: { 'mno_agent_restarts{namespace="mno", engine="erm", pod="a"}': "0+1x15" },
    labels: { namespace: "mno", engine: "erm" },
    summary: "erm was restarted 15 times within 15 minutes",
    quiet: { "it was restarted once": { 'mno_agent_restarts{namespace="mno", engine="erm", pod="a"}': "0x7 1x10" } },
  },
  {
    alert: "MnoProcessRestarting",
    severity: Warning,
    atMinute: 30,
    fires: { ...OURS, 'process_start_time_seconds{namespace="mno", instance="a"}': "1x5 2x5 3x5 4x20" },
    labels: { namespace: "mno", instance: "a" },
    summary: "The process at a was started anew 3 times within 30 minutes",
    quiet: {
      "it was started anew once": { ...OURS, 'process_start_time_seconds{namespace="mno", instance="a"}': "1x15 2x20" },
      "it is no process of ours": { 'process_start_time_seconds{namespace="mno", instance="b"}': "1x5 2x5 3x5 4x20" },
    },
  },
  {
    alert: "MnoHttpErrorBudgetBurn",
    severity: Critical,
    atMinute: 90,
    fires: { ...requests("200", "0+98x100"), ...requests("500", "0+2x100") },
    labels: { namespace: "mno", engine: "erm" },
    summary: "erm answers 2% of its requests with a server error",
    quiet: {
      "the share is below fourteen times the budget": { ...requests("200", "0+99x100"), ...requests("500", "0+1x100") },
      "it is over for an hour and no longer for five minutes": {
        ...requests("200", "0+98x100"),
        ...requests("500", "0+4x70 280x30"),
      },
      "callers erred, not we": { ...requests("200", "0+90x100"), ...requests("404", "0+10x100") },
    },
  },
  {
    alert: "MnoHttpErrorBudgetBurn",
    severity: Warning,
    atMinute: 400,
    fires: { ...requests("200", "0+99x420"), ...requests("500", "0+1x420") },
    labels: { namespace: "mno", engine: "erm" },
    summary: "erm answers 1% of its requests with a server error",
    quiet: { "the share is within reason": { ...requests("200", "0+998x420"), ...requests("500", "0+2x420") } },
  },
  {
    alert: "MnoHttpSlow",
    severity: Warning,
    atMinute: 40,
    fires: durations("mno_http_request_duration_seconds", HTTP, 90, 10),
    labels: { namespace: "mno", engine: "erm" },
    summary: "The slowest hundredth of erm's requests takes 2.35s",
    quiet: {
      "all are fast": durations("mno_http_request_duration_seconds", HTTP, 100, 0),
      "hardly anybody asks": durations("mno_http_request_duration_seconds", HTTP, 1, 1),
    },
  },
  {
    alert: "MnoHttpNearlyFull",
    severity: Warning,
    atMinute: 10,
    fires: { 'mno_http_requests_in_flight{namespace="mno", engine="erm", instance="a"}': "900x20" },
    labels: { namespace: "mno", engine: "erm", instance: "a" },
    summary: "erm at a has 900 requests at work and refuses from 1,000 on",
    quiet: {
      "two processes share them": {
        'mno_http_requests_in_flight{namespace="mno", engine="erm", instance="a"}': "500x20",
        'mno_http_requests_in_flight{namespace="mno", engine="erm", instance="b"}': "500x20",
      },
    },
  },
  {
    alert: "MnoEventsDeadLettered",
    severity: Warning,
    atMinute: 25,
    // The counter appears with the first one.
    fires: { 'mno_bus_dead_letters_total{namespace="mno", consumer="ase", type="mno.x"}': "_x20 1x20" },
    labels: { namespace: "mno", consumer: "ase", type: "mno.x" },
    summary: "ase set aside events of type mno.x",
    quiet: {
      "it was long ago": { 'mno_bus_dead_letters_total{namespace="mno", consumer="ase", type="mno.x"}': "1x40" },
    },
  },
  {
    alert: "MnoEventsDelayed",
    severity: Warning,
    atMinute: 20,
    fires: { 'mno_bus_lag{namespace="mno", consumer="ase"}': "2000x30" },
    labels: { namespace: "mno", consumer: "ase" },
    summary: "ase has 2000 events before it and does not catch up",
    quiet: {
      "it caught up in between": { 'mno_bus_lag{namespace="mno", consumer="ase"}': "2000x13 10 2000x20" },
      "there are few": { 'mno_bus_lag{namespace="mno", consumer="ase"}': "900x30" },
    },
  },
  {
    alert: "MnoLoopFailing",
    severity: Warning,
    atMinute: 20,
    fires: { 'mno_agent_loop_failures_total{namespace="mno", engine="erm", loop="refresh"}': "0+1x30" },
    labels: { namespace: "mno", engine: "erm", loop: "refresh" },
    summary: "The loop refresh of erm keeps failing",
    quiet: {
      "it failed once": { 'mno_agent_loop_failures_total{namespace="mno", engine="erm", loop="refresh"}': "0x12 1x20" },
    },
  },
  {
    alert: "MnoCacheFailing",
    severity: Warning,
    atMinute: 25,
    fires: { 'mno_cache_requests_total{namespace="mno", level="l2", result="error"}': "0+30x40" },
    labels: { namespace: "mno" },
    summary: "Look-ups in the shared cache fail 0.5 times a second",
    quiet: {
      "they miss, and do not fail": {
        'mno_cache_requests_total{namespace="mno", level="l2", result="miss"}': "0+30x40",
      },
    },
  },
  {
    alert: "MnoEventLoopBlocked",
    severity: Warning,
    atMinute: 15,
    fires: { ...OURS, 'nodejs_eventloop_lag_p99_seconds{namespace="mno", instance="a"}': "0.5x30" },
    labels: { namespace: "mno", instance: "a" },
    summary: "The process at a answers nobody for 500ms at a time",
    quiet: {
      "it is somebody else's process": {
        ...OURS,
        'nodejs_eventloop_lag_p99_seconds{namespace="mno", instance="b"}': "0.5x30",
      },
      "it was short": { ...OURS, 'nodejs_eventloop_lag_p99_seconds{namespace="mno", instance="a"}': "0.5x3 0.01x30" },
    },
  },
  {
    alert: "MnoFileDescriptorsNearlyExhausted",
    severity: Warning,
    atMinute: 10,
    fires: {
      ...OURS,
      'process_open_fds{namespace="mno", instance="a"}': "900x20",
      'process_max_fds{namespace="mno", instance="a"}': "1000x20",
    },
    labels: { namespace: "mno", instance: "a" },
    summary: "The process at a has 90% of its file descriptors open",
    quiet: {
      "half are open": {
        ...OURS,
        'process_open_fds{namespace="mno", instance="a"}': "500x20",
        'process_max_fds{namespace="mno", instance="a"}': "1000x20",
      },
    },
  },
  {
    alert: "MnoStateDiskNearlyFull",
    severity: Critical,
    atMinute: 15,
    fires: disk("5x40"),
    labels: { namespace: "mno", instance: "a" },
    summary: "The disk that holds the state of a has 5% left",
    quiet: { "a fifth is left": disk("20x40") },
  },
  {
    alert: "MnoCapacityNearlyExhausted",
    severity: Warning,
    atMinute: 20,
    fires: { 'mno_erm_utilization_ratio{namespace="mno", resource="cpu"}': "0.95x40" },
    labels: { namespace: "mno", resource: "cpu" },
    summary: "95% of the cluster's cpu is allocated",
    quiet: {
      "it was full for a moment": { 'mno_erm_utilization_ratio{namespace="mno", resource="cpu"}': "0.95x8 0.5x30" },
    },
  },
  {
    alert: "MnoAllocationsRefused",
    severity: Warning,
    atMinute: 25,
    fires: { ...allocations("allocated", "0+8x40"), ...allocations("refused", "0+2x40") },
    labels: { namespace: "mno" },
    summary: "20% of the allocation requests do not fit",
    quiet: { "few are refused": { ...allocations("allocated", "0+99x40"), ...allocations("refused", "0+1x40") } },
  },
  {
    alert: "MnoAllocationsFailing",
    severity: Critical,
    atMinute: 20,
    fires: { ...allocations("allocated", "0+95x40"), ...allocations("failed", "0+5x40") },
    labels: { namespace: "mno" },
    summary: "5% of the allocation requests fail, because they cannot be stored",
    quiet: {
      "they are refused, not lost": { ...allocations("allocated", "0+95x40"), ...allocations("refused", "0+5x40") },
    },
  },
  {
    alert: "MnoAllocationsSlow",
    severity: Warning,
    atMinute: 40,
    fires: durations("mno_erm_allocation_seconds", 'namespace="mno", ', 90, 10),
    labels: { namespace: "mno" },
    summary: "The slowest hundredth of the allocation requests takes 2.35s",
    quiet: { "all are fast": durations("mno_erm_allocation_seconds", 'namespace="mno", ', 100, 0) },
  },
  {
    alert: "MnoAutoscalerSilent",
    severity: Critical,
    atMinute: 30,
    fires: { ...replicas("3x40", "3x40"), [EVALUATIONS]: "0+4x5 20x40" },
    labels: { namespace: "mno" },
    summary: "There are scalers, and none was evaluated for 10 minutes",
    quiet: {
      "they are evaluated": { ...replicas("3x40", "3x40"), [EVALUATIONS]: "0+4x40" },
      "there is nothing to evaluate": { [EVALUATIONS]: "0x40" },
    },
  },
  {
    alert: "MnoAutoscalerMetricsUnreadable",
    severity: Warning,
    atMinute: 30,
    fires: { 'mno_autoscaling_scrape_failures_total{namespace="mno"}': "0+1x40" },
    labels: { namespace: "mno" },
    summary: "The auto-scaling engine cannot read the metrics of some replicas, and so scales nothing down by them",
    quiet: {
      "one replica did not answer once": { 'mno_autoscaling_scrape_failures_total{namespace="mno"}': "0x10 1x30" },
    },
  },
  {
    alert: "MnoScaleNotFollowed",
    severity: Warning,
    atMinute: 20,
    fires: replicas("5x40", "3x40"),
    labels: { namespace: "mno", workload: "web" },
    summary: "web is wanted at 5 replicas, and every evaluation finds another number",
    quiet: { "the cluster followed": replicas("5x40", "3x2 5x38") },
  },
  {
    alert: "MnoBalancerWithoutEndpoints",
    severity: Critical,
    atMinute: 20,
    fires: { [endpoints("fit")]: "0x40", [balanced("refused", "5xx")]: "0+6x40" },
    labels: { namespace: "mno", upstream: "web" },
    summary: "Requests come for web, and no endpoint of it is fit to get them",
    quiet: {
      "it sleeps, and nobody asks for it": { [endpoints("fit")]: "0x40", [balanced("refused", "5xx")]: "6x40" },
      "one endpoint is left": { [endpoints("fit")]: "1x40", [balanced("answered", "2xx")]: "0+6x40" },
    },
  },
  {
    alert: "MnoBalancerFailing",
    severity: Critical,
    atMinute: 30,
    fires: { [balanced("answered", "2xx")]: "0+95x40", [balanced("failed", "5xx")]: "0+5x40" },
    labels: { namespace: "mno", upstream: "web" },
    summary: "5% of the requests to web fail",
    quiet: {
      "clients hang up": { [balanced("answered", "2xx")]: "0+95x40", [balanced("client-gone", "none")]: "0+5x40" },
      "one in a thousand fails": { [balanced("answered", "2xx")]: "0+999x40", [balanced("failed", "5xx")]: "0+1x40" },
    },
  },
  {
    alert: "MnoPoolExhausted",
    severity: Warning,
    atMinute: 30,
    fires: { [pool("waiting")]: "4x40" },
    labels: { namespace: "mno", pool: "licences" },
    summary: "4 requests wait for a slot of the pool licences",
    quiet: { "they wait for minutes only": { [pool("waiting")]: "0x20 4x5 0x15" } },
  },
  {
    alert: "MnoLeasesLeak",
    severity: Warning,
    atMinute: 150,
    fires: { [pool("leases_expired_total")]: "0+1x160" },
    labels: { namespace: "mno", pool: "licences" },
    summary: "Holders of the pool licences let 60 leases an hour expire",
    quiet: { "one holder crashed": { [pool("leases_expired_total")]: "0x100 1x60" } },
  },
  ...SUSTAINABILITY_ALERT_CASES,
  ...SECURITY_ALERT_CASES,
];
