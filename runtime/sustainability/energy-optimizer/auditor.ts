import type { Clock } from "../../kernel/clock";
import { createEvent } from "../../kernel/events/codec";
import type { Tracer } from "../../kernel/telemetry/traces";
import type { Instruments } from "./instruments";
import type { Keeper } from "./keeper";
import type { Plan } from "./plan";
import { activeOf, counterfactual } from "./sleep";
import type { EnergyRow, EnergyStore } from "./store";
import { DAY, HOUR } from "./usage";
import { judge, type Measured } from "./verdict";

export interface AuditorDependencies {
  store: EnergyStore;
  keeper: Keeper;
  clock: Clock;
  tracer: Tracer;
  instruments: Instruments;
  onJudged: () => void;
}

const BASELINE_DAYS = 28;

/** Measures what applied plans saved, beside what they promised, and rolls back those that miss it. */
export class Auditor {
  constructor(private readonly deps: AuditorDependencies) {}

  async round(): Promise<void> {
    for (const plan of await this.deps.store.plans({ states: ["applied"], limit: 1000 })) await this.audit(plan);
  }

  private async audit(plan: Plan): Promise<void> {
    const { store, keeper, clock, instruments } = this.deps;
    if (plan.appliedAt === null) return;
    // Whole hours only: those that the plan began and stopped in are mixed.
    const from = Math.ceil(Date.parse(plan.appliedAt) / HOUR) * HOUR;
    const to = Math.floor(clock.now() / HOUR) * HOUR;
    const measured = await this.measure(plan, from, to);
    if (!measured) return;
    const verdict = judge(plan.expected, measured);
    if (verdict.verdict === "too-early") return;
    const { expectedKwh, savedKwh, reason } = verdict;
    const facts = (await store.nodes()).find(({ region }) => region === plan.region);
    const intensity = facts?.intensity ?? plan.expected.intensity;
    const [begin, end] = [new Date(from).toISOString(), new Date(to).toISOString()];
    const data = {
      planId: plan.id,
      kind: plan.kind,
      tenant: null,
      workload: plan.workloads.length === 1 ? (plan.workloads[0] as string) : null,
      region: plan.region,
      from: begin,
      to: end,
      expectedKwh: Math.max(0, expectedKwh),
      measuredKwh: savedKwh,
      gramsCo2e: savedKwh * intensity.gramsPerKwh,
      intensity,
    };
    const event = createEvent(
      { type: "mno.sustainability.saving.measured", source: "/mno/energy-optimizer", subject: plan.id, data },
      this.deps,
    );
    const { coverage, baselineKwh, usedKwh } = measured;
    const summary = {
      from: begin,
      to: end,
      coverage,
      baselineKwh,
      usedKwh,
      expectedKwh,
      savedKwh,
      method: methodOf(plan),
    };
    // A miss is rolled back first: where that fails, the plan is still applied, and is judged again in the next round.
    const after = verdict.verdict === "kept" ? plan : await keeper.undo(plan.id, `missed: ${reason}`);
    const judged: Plan =
      verdict.verdict === "kept"
        ? { ...plan, measured: summary, state: "kept", note: reason }
        : { ...after, measured: summary };
    if (!(await store.save(judged, after.state, [event]))) return;
    instruments.judged(plan.kind, expectedKwh, savedKwh);
    if (verdict.verdict === "kept") instruments.moved(judged);
    this.deps.onJudged();
  }

  private async measure(plan: Plan, from: number, to: number): Promise<Measured | undefined> {
    if (to <= from) return undefined;
    const begin = Date.parse(plan.appliedAt as string) - BASELINE_DAYS * DAY;
    const before = Math.floor(Date.parse(plan.appliedAt as string) / HOUR) * HOUR;
    const { store } = this.deps;
    const [subjects, kind, amount] =
      plan.kind === "sleep"
        ? ([plan.workloads, "workload", activeOf] as const)
        : ([plan.nodes, "node", ({ hour, kwh }: EnergyRow) => ({ hour, activeKwh: kwh })] as const);
    let baselineKwh = 0;
    let usedKwh = 0;
    for (const name of subjects) {
      const history = (await store.energy(kind, name, begin, before)).map(amount);
      const expected = counterfactual(history, from, to);
      if (expected === undefined) return undefined;
      baselineKwh += expected;
      for (const row of await store.energy(kind, name, from, to)) usedKwh += amount(row).activeKwh;
    }
    return { from, to, coverage: await this.coverage(plan, from, to), baselineKwh, usedKwh };
  }

  /** The least measured node's, of those that are to be on: one that is off, or asleep work, has no measurements of its own. */
  private async coverage({ nodes, emptied }: Plan, from: number, to: number): Promise<number> {
    const on = nodes.filter((node) => !emptied.includes(node));
    let least = on.length > 0 ? 1 : 0;
    for (const node of on) {
      const seconds = (await this.deps.store.energy("node", node, from, to)).reduce((sum, row) => sum + row.seconds, 0);
      least = Math.min(least, (seconds * 1000) / (to - from));
    }
    return least;
  }
}

const methodOf = ({ kind }: Plan): string =>
  kind === "sleep"
    ? `counterfactual: the workload's energy above idle by hour of the week in the ${BASELINE_DAYS} days before, less what it used`
    : `counterfactual: the nodes' energy by hour of the week in the ${BASELINE_DAYS} days before, less what they used`;
