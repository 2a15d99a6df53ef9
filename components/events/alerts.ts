import { type AlertArgs, AlertSeverity } from "../workload/kubernetes/operation-types";

/** Alerts about a backbone, of the metrics that its exporters give. */
export function backboneAlerts(name: string, replicas: number): AlertArgs[] {
  const own = `pod=~"${name}-[0-9]+",container="exporter"`;
  return [
    {
      name: "EventBackboneServerAway",
      expression: `(count(gnatsd_varz_start{${own}}) or vector(0)) < ${replicas}`,
      forSeconds: 600,
      severity: AlertSeverity.Warning,
      summary: `The event backbone ${name} has been short of a server for ten minutes; the next loss may stop its streams.`,
    },
    {
      name: "EventBackboneFillsUp",
      expression: `max(jetstream_server_total_message_bytes{${own}} / jetstream_server_max_storage{${own}}) > 0.8`,
      forSeconds: 300,
      severity: AlertSeverity.Warning,
      summary: `The streams of the event backbone ${name} take more than 80 % of their disk; full, it refuses events.`,
    },
    {
      name: "EventBackboneSlowConsumers",
      expression: `increase(gnatsd_varz_slow_consumers{${own}}[10m]) > 0`,
      forSeconds: 60,
      severity: AlertSeverity.Warning,
      summary: `The event backbone ${name} cut off clients that read too slowly.`,
    },
  ];
}
