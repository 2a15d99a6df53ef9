import { demoRegion } from "../../kernel/intensity/demo-region";
import type { Plan, StartCost } from "./engine";
import { iso } from "./jobs/declaration";
import type { Decision } from "./jobs/decision";
import type { Grounds } from "./jobs/forecasts";
import type { JobRecord } from "./jobs/record";
import type { Outlook } from "./outlook";
import type { DecisionView, JobView, OutlookView, PlanView, SavingsView, WhatIfView } from "./schemas";
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
    releaseAt: time(declaration?.releaseAt ?? null),
    deadline: time(declaration?.deadline ?? null),
    schedule: declaration?.schedule ?? null,
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

const stretch = <T extends { from: number; to: number }>(one: T) => ({ ...one, from: iso(one.from), to: iso(one.to) });

export function outlookView({ at, past, now, ahead, band, grounds, region, demonstration }: Outlook): OutlookView {
  return {
    region,
    demonstration,
    at: iso(at),
    past: past.map(stretch),
    now: now ? stretch(now) : null,
    ahead: ahead.map(stretch),
    band,
    grounds: groundsView(grounds),
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

export function savingsView(from: number, to: number, all: readonly SavingsRow[]): SavingsView {
  const rows = all.filter(({ region }) => !demoRegion(region));
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
      lostGramsCo2e: micro(sum(({ lostGramsCo2e }) => lostGramsCo2e)),
      unkeptGramsCo2e: micro(sum(({ unkeptGramsCo2e }) => unkeptGramsCo2e)),
      missedDeadlines: sum(({ missedDeadlines }) => missedDeadlines),
      unplanned: sum(({ unplanned }) => unplanned),
    });
  });
  return {
    from: iso(from),
    to: iso(to),
    bySignal,
    items: rows.map(saved),
    demonstrations: all.filter((row) => !rows.includes(row)).map(saved),
  };
}

/** Whole 1e-6 g: sums of such amounts are exact as integers. */
const micro = (grams: number): number => Math.round(grams * 1e6) / 1e6;
