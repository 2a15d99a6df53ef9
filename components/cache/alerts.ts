import { type AlertArgs, AlertSeverity } from "../workload/kubernetes/operation-types";

/** Alerts about a cache, of the metrics that its exporters give. */
export function cacheAlerts(name: string, replicas: number): AlertArgs[] {
  const own = `pod=~"${name}-[0-9]+",container="exporter"`;
  return [
    {
      name: "CacheWithoutPrimary",
      expression: `(count(redis_instance_info{${own},role="master"}) or vector(0)) != 1`,
      forSeconds: 60,
      severity: AlertSeverity.Critical,
      summary: `The cache ${name} has no primary, or more than one, for a minute: a failover did not end.`,
    },
    {
      name: "CacheReplicaAway",
      expression: `(count(redis_up{${own}} == 1) or vector(0)) < ${replicas}`,
      forSeconds: 600,
      severity: AlertSeverity.Warning,
      summary: `The cache ${name} has been short of a server for ten minutes; the next loss may stop writes.`,
    },
    {
      name: "CacheRefusesWrites",
      expression: `increase(redis_errors_total{${own},err=~"OOM|NOREPLICAS"}[5m]) > 0`,
      forSeconds: 60,
      severity: AlertSeverity.Critical,
      summary: `The cache ${name} refuses writes: it is full, or no replica follows its primary.`,
    },
  ];
}
