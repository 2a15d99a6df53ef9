import type { Metrics } from "../../kernel/telemetry/metrics";
import type { IdleFinding } from "./idle";
import type { Plan } from "./plan";

/** The engine's metrics. */
export function createInstruments(metrics: Metrics) {
  const proposals = metrics.counter("mno_energy_plans_total", "Plans proposed", ["kind"]);
  const states = metrics.counter("mno_energy_plan_changes_total", "Plans that came to a state", ["kind", "state"]);
  const expected = metrics.counter("mno_energy_expected_kwh_total", "Saving expected of judged plans", ["kind"]);
  const saved = metrics.gauge(
    "mno_energy_saved_kwh",
    "Measured saving of judged plans since the start; may be negative",
    ["kind"],
  );
  const workloads = metrics.gauge("mno_energy_workloads", "Workloads by what is known of their use", ["state"]);
  const sums = new Map<string, number>();
  return {
    proposed: ({ kind }: Plan): void => proposals.inc({ kind }),
    moved: ({ kind, state }: Plan): void => states.inc({ kind, state }),
    judged: (kind: string, expectedKwh: number, savedKwh: number): void => {
      expected.inc({ kind }, Math.max(0, expectedKwh));
      sums.set(kind, (sums.get(kind) ?? 0) + savedKwh);
      saved.set({ kind }, sums.get(kind) as number);
    },
    found: (findings: Iterable<IdleFinding>): void => {
      const counts = { busy: 0, idle: 0, zombie: 0, unknown: 0 };
      for (const { state } of findings) counts[state] += 1;
      for (const [state, count] of Object.entries(counts)) workloads.set({ state }, count);
    },
  };
}

export type Instruments = ReturnType<typeof createInstruments>;
