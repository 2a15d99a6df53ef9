import { ofPlatform, quantileOf, shareOf } from "../promql";
import { type AlertDescription, Severity } from "./description";

/** Share of requests that may fail: the objective is 99.9 %. */
const ERROR_BUDGET = 0.001;

/**
 * How fast the budget of 30 days burns, seen over two windows at once: the long one says that it matters, the short one
 * that it still goes on. Google SRE Workbook, chapter 5, table 5-8: 14.4 uses 2 % of the budget in an hour, 6 uses 5 % in six.
 */
function budgetBurn(severity: Severity, times: number, long: string, short: string): AlertDescription {
  const burns = (window: string): string =>
    `(${shareOf('mno_http_requests_total{code=~"5.."}', "mno_http_requests_total", window, "namespace", "engine")}) > ${String(times * ERROR_BUDGET)}`;
  return {
    name: "MnoHttpErrorBudgetBurn",
    severity,
    expression: `${burns(long)} and ${burns(short)}`,
    holds: "2m",
    summary: `{{ $labels.engine }} answers {{ $value | humanizePercentage }} of its requests with a server error`,
  };
}

export const PLATFORM_ALERTS: readonly AlertDescription[] = [
  {
    name: "MnoEngineAbsent",
    severity: Severity.Critical,
    // By engine, not by pod: a rollout replaces pods, and that is no fault.
    expression:
      "count by (namespace, engine) (last_over_time(mno_agent_restarts[1d])) unless count by (namespace, engine) (mno_agent_restarts)",
    holds: "5m",
    summary: "No process of {{ $labels.engine }} can be scraped any more",
  },
  {
    name: "MnoEngineRestarting",
    severity: Severity.Warning,
    expression: "max by (namespace, engine) (increase(mno_agent_restarts[15m])) > 2",
    holds: "0m",
    summary: "{{ $labels.engine }} was restarted {{ $value | humanize }} times within 15 minutes",
  },
  {
    name: "MnoProcessRestarting",
    severity: Severity.Warning,
    expression: ofPlatform("changes(process_start_time_seconds[30m]) > 2"),
    holds: "0m",
    summary: "The process at {{ $labels.instance }} was started anew {{ $value }} times within 30 minutes",
  },
  budgetBurn(Severity.Critical, 14.4, "1h", "5m"),
  budgetBurn(Severity.Warning, 6, "6h", "30m"),
  {
    name: "MnoHttpSlow",
    severity: Severity.Warning,
    // One slow request an hour is not a trend: the quantile counts only where there is traffic.
    expression:
      `${quantileOf(0.99, "mno_http_request_duration_seconds_bucket", "10m", "namespace", "engine")} > 1` +
      " and sum by (namespace, engine) (rate(mno_http_request_duration_seconds_count[10m])) > 0.1",
    holds: "10m",
    summary: "The slowest hundredth of {{ $labels.engine }}'s requests takes {{ $value | humanizeDuration }}",
  },
  {
    name: "MnoHttpNearlyFull",
    severity: Severity.Warning,
    // An engine refuses what exceeds 1,000 requests at work (runtime/kernel/http/app.ts).
    expression: "max by (namespace, engine, instance) (mno_http_requests_in_flight) > 800",
    holds: "2m",
    summary:
      "{{ $labels.engine }} at {{ $labels.instance }} has {{ $value }} requests at work and refuses from 1,000 on",
  },
  {
    name: "MnoEventsDeadLettered",
    severity: Severity.Warning,
    // A counter that appears with its first event has no increase yet; so the second half.
    expression:
      "increase(mno_bus_dead_letters_total[15m]) > 0 or (mno_bus_dead_letters_total unless mno_bus_dead_letters_total offset 15m) > 0",
    holds: "0m",
    summary: "{{ $labels.consumer }} set aside events of type {{ $labels.type }}",
  },
  {
    name: "MnoEventsDelayed",
    severity: Severity.Warning,
    expression: "max by (namespace, consumer) (min_over_time(mno_bus_lag[10m])) > 1000",
    holds: "5m",
    summary: "{{ $labels.consumer }} has {{ $value }} events before it and does not catch up",
  },
  {
    name: "MnoLoopFailing",
    severity: Severity.Warning,
    expression: "sum by (namespace, engine, loop) (increase(mno_agent_loop_failures_total[10m])) > 5",
    holds: "5m",
    summary: "The loop {{ $labels.loop }} of {{ $labels.engine }} keeps failing",
  },
  {
    name: "MnoCacheFailing",
    severity: Severity.Warning,
    expression: 'sum by (namespace) (rate(mno_cache_requests_total{level="l2", result="error"}[10m])) > 0.1',
    holds: "10m",
    summary: 'Look-ups in the shared cache fail {{ $value | printf "%.1f" }} times a second',
  },
  {
    name: "MnoEventLoopBlocked",
    severity: Severity.Warning,
    expression: ofPlatform("nodejs_eventloop_lag_p99_seconds > 0.25"),
    holds: "10m",
    summary: "The process at {{ $labels.instance }} answers nobody for {{ $value | humanizeDuration }} at a time",
  },
  {
    name: "MnoFileDescriptorsNearlyExhausted",
    severity: Severity.Warning,
    expression: ofPlatform("process_open_fds / process_max_fds > 0.8"),
    holds: "5m",
    summary: "The process at {{ $labels.instance }} has {{ $value | humanizePercentage }} of its file descriptors open",
  },
  {
    name: "MnoStateDiskNearlyFull",
    severity: Severity.Critical,
    expression:
      'mno_system_disk_bytes{state="free"} / on (namespace, instance) mno_system_disk_bytes{state="total"} < 0.1',
    holds: "10m",
    summary: "The disk that holds the state of {{ $labels.instance }} has {{ $value | humanizePercentage }} left",
  },
];
