import type { Metrics } from "../../../kernel/telemetry/metrics";

/** The decision point's metrics. Policies are not labels: their number is the users'. */
export class Instruments {
  private readonly reloads;
  private readonly policies;
  private readonly entities;
  private readonly stale;
  private readonly faults;

  constructor(metrics: Metrics) {
    this.reloads = metrics.counter(
      "mno_gateway_policy_reloads_total",
      "Policies or entities brought into use, or refused",
      ["outcome"],
    );
    this.policies = metrics.gauge("mno_gateway_policies", "Policies in use");
    this.entities = metrics.gauge("mno_gateway_policy_entities", "Entities that are stored, and actions declared");
    this.faults = metrics.counter(
      "mno_gateway_policy_faults_total",
      "Policies left out of decisions by faults of evaluation",
    );
    this.stale = metrics.gauge(
      "mno_gateway_policy_stale",
      "1 while what is written cannot be used and older policies decide",
    );
  }

  /** Policies that were left out of a decision because evaluating them failed; a question that is none counts as one. */
  faulty(count: number): void {
    this.faults.inc(count);
  }

  used(policies: number, entities: number): void {
    this.reloads.inc({ outcome: "used" });
    this.policies.set(policies);
    this.entities.set(entities);
    this.stale.set(0);
  }

  refused(): void {
    this.reloads.inc({ outcome: "refused" });
    this.stale.set(1);
  }
}
