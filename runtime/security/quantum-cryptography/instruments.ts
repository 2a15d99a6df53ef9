import type { Metrics } from "../../kernel/telemetry/metrics";
import type { RewrapJob } from "./envelope-store";
import type { KeyChange } from "./events";
import type { KeyOperation } from "./key";

/** The engine's metrics; labels are operations, outcomes, suites and changes, all of fixed sets. */
export class Instruments {
  private readonly operations;
  private readonly seconds;
  private readonly changes;
  private readonly rewrapped;
  private readonly refusals;
  private readonly gauges;

  constructor(metrics: Metrics) {
    this.operations = metrics.counter("mno_qc_operations_total", "Operations with keys", ["operation", "outcome"]);
    this.seconds = metrics.histogram(
      "mno_qc_operation_seconds",
      "From a request to its recorded result",
      ["operation"],
      [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5],
    );
    this.changes = metrics.counter("mno_qc_key_changes_total", "Changes of keys", ["change"]);
    this.rewrapped = metrics.counter("mno_qc_envelopes_rewrapped_total", "Registered envelopes wrapped anew");
    this.refusals = metrics.counter("mno_qc_refusals_total", "Uses of keys that came to nothing, by why", ["code"]);
    this.gauges = {
      versions: metrics.gauge("mno_qc_key_versions", "Key versions that are not destroyed", ["suite"]),
      refused: metrics.gauge("mno_qc_suites_not_allowed", "Suites that keys have as current and the policy refuses"),
      pending: metrics.gauge("mno_qc_rewrap_pending", "Registered envelopes still to be wrapped anew"),
      failed: metrics.gauge(
        "mno_qc_rewrap_failed",
        "Registered envelopes that could not be opened in the latest rewraps",
      ),
      unsigned: metrics.gauge("mno_qc_audit_unsigned_records", "Audit records that are in no signed batch yet"),
    };
  }

  operation(operation: KeyOperation, outcome: "done" | "failed", seconds: number): void {
    this.operations.inc({ operation, outcome });
    this.seconds.observe({ operation }, seconds);
  }

  changed(change: KeyChange): void {
    this.changes.inc({ change });
  }

  /** `code` is an error's of the catalogue, or `verification-failed`. */
  refused(code: string): void {
    this.refusals.inc({ code });
  }

  envelopesRewrapped(count: number): void {
    this.rewrapped.inc(count);
  }

  observe(
    suites: readonly { suite: string; versions: number }[],
    refused: number,
    jobs: readonly RewrapJob[],
    unsigned: number,
  ): void {
    this.gauges.versions.reset();
    for (const { suite, versions } of suites) this.gauges.versions.inc({ suite }, versions);
    this.gauges.refused.set(refused);
    const running = jobs.filter(({ finishedAt }) => finishedAt === null);
    this.gauges.pending.set(
      running.reduce((sum, { total, done, failed }) => sum + Math.max(0, total - done - failed), 0),
    );
    this.gauges.failed.set(jobs.reduce((sum, { failed }) => sum + failed, 0));
    this.gauges.unsigned.set(unsigned);
  }
}
