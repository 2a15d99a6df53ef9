import { type AlertArgs, AlertSeverity } from "../workload/kubernetes/operation-types";
import { longestPauseSeconds } from "./schedule";
import { DEFAULT_SCHEDULE } from "./specs";
import type { DatabaseBackupArgs } from "./types";

/** Where the calendar is read from; any day gives the same pauses. */
const CALENDAR = new Date("2027-01-01T00:00:00Z");

/** Alerts about a database, of the metrics that CloudNativePG and its Barman Cloud plugin give. */
export function databaseAlerts(name: string, instances: number, backup: DatabaseBackupArgs | undefined): AlertArgs[] {
  const own = `pod=~"${name}-[0-9]+"`;
  const always: AlertArgs[] = [
    {
      name: "DatabaseServerAway",
      expression: `(count(cnpg_collector_up{${own}} == 1) or vector(0)) < ${instances}`,
      forSeconds: 600,
      severity: AlertSeverity.Warning,
      summary: `The database ${name} has been short of a server for ten minutes.`,
    },
    {
      name: "DatabaseReplicaLags",
      expression: `max(cnpg_pg_replication_lag{${own}}) > 300`,
      forSeconds: 300,
      severity: AlertSeverity.Warning,
      summary: `A replica of the database ${name} is more than five minutes behind.`,
    },
  ];
  if (backup === undefined) return always;
  const tooOld = 1.5 * longestPauseSeconds(backup.schedule ?? DEFAULT_SCHEDULE, CALENDAR);
  const backups: AlertArgs[] = [
    {
      name: "DatabaseArchivingFails",
      expression: `increase(cnpg_pg_stat_archiver_failed_count{${own}}[15m]) > 0`,
      forSeconds: 900,
      severity: AlertSeverity.Critical,
      summary: `Changes of the database ${name} do not reach its store: a disaster would lose them, and its disk fills up.`,
    },
    {
      name: "DatabaseBackupTooOld",
      // Also true where the metric is absent: the absence of backups is what must be told.
      expression: `(time() - max(barman_cloud_cloudnative_pg_io_last_available_backup_timestamp{${own}} > 0) or vector(1e9)) > ${tooOld}`,
      forSeconds: 3600,
      severity: AlertSeverity.Critical,
      summary: `The newest base backup of the database ${name} is missing, or older than one and a half times its schedule allows.`,
    },
  ];
  return [...always, ...backups];
}
