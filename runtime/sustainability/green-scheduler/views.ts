import type { Plan, StartCost } from "./engine";
import { iso } from "./jobs/declaration";
import type { Decision } from "./jobs/decision";
import type { Grounds } from "./jobs/forecasts";
import type { JobRecord } from "./jobs/record";
import type { DecisionView, JobView, PlanView, SavingsView, WhatIfView } from "./schemas";
import type { SavingsRow } from "./store";

/** From what is kept to what is told over HTTP: times become text. */

const time = (at: number | null): string | null => (at === null ? null : iso(at));
const slotsOf = ({ slots }: Pick<Plan, "slots">) =>
  slots.map(({ from, to, replicas }) => ({ from: iso(from), to: iso(to), replicas }));

export function planView(plan: Plan): PlanView {
  return { ...plan, slots: slotsOf(plan), latestStart: iso(plan.latestStart) };
}

export function jobView(record: JobRecord): JobView {
  const { id, name, origin, tenant, state, faults, decisionId, plan, runs, account, declaration } = record;
  return {
    id,
    name,
    origin,
    tenant,
    state,
    submittedAt: iso(record.submittedAt),
    deadline: time(declaration?.deadline ?? null),
    faults: [...faults],
    decisionId,
    plan: plan && planView(plan),
    unplannableSince: time(record.unplannableSince),
    runs: runs.map(({ from, to, region }) => ({ from: iso(from), to: time(to), region })),
    finishedAt: time(record.finishedAt),
    account,
  };
}

const groundsView = (grounds: Grounds) => ({
  ...grounds,
  asOf: time(grounds.asOf),
  generatedAt: time(grounds.generatedAt),
});

export function decisionView(decision: Decision): DecisionView {
  const { duration, plan } = decision;
  const quantilesSeconds = duration?.quantilesSeconds;
  return {
    ...decision,
    time: iso(decision.time),
    duration: duration && {
      meanSeconds: duration.meanSeconds,
      highSeconds: duration.highSeconds,
      ...(quantilesSeconds && { quantilesSeconds: [...quantilesSeconds] }),
    },
    latestStart: time(decision.latestStart),
    intensity: decision.intensity.map(groundsView),
    plan: plan && planView(plan),
  };
}

export function whatIfView(
  job: string,
  grounds: readonly Grounds[],
  starts: readonly StartCost[],
  plan: Plan | null,
): WhatIfView {
  return {
    job,
    intensity: grounds.map(groundsView),
    starts: starts.map((one) => ({ ...one, start: iso(one.start) })),
    slots: plan ? slotsOf(plan) : [],
  };
}

export function savingsView(from: number, to: number, rows: readonly SavingsRow[]): SavingsView {
  const saved = <T extends { gramsCo2e: number; baselineGramsCo2e: number }>(row: T) => ({
    ...row,
    savedGramsCo2e: micro(row.baselineGramsCo2e - row.gramsCo2e),
  });
  const signals = [...new Set(rows.map(({ signal }) => signal))];
  const bySignal = signals.map((signal) => {
    const own = rows.filter((row) => row.signal === signal);
    const sum = (of: (row: SavingsRow) => number): number => own.reduce((total, row) => total + of(row), 0);
    return saved({
      signal,
      jobs: sum(({ jobs }) => jobs),
      energyKwh: Math.round(sum(({ energyKwh }) => energyKwh) * 1e9) / 1e9,
      gramsCo2e: micro(sum(({ gramsCo2e }) => gramsCo2e)),
      baselineGramsCo2e: micro(sum(({ baselineGramsCo2e }) => baselineGramsCo2e)),
    });
  });
  return { from: iso(from), to: iso(to), bySignal, items: rows.map(saved) };
}

/** Whole 1e-6 g: sums of such amounts are exact as integers. */
const micro = (grams: number): number => Math.round(grams * 1e6) / 1e6;
