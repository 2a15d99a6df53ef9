import type { CloudEvent } from "../../../kernel/events/cloudevent";
import { createEvent, type EventContext } from "../../../kernel/events/codec";
import { demoRegion } from "../../../kernel/intensity/demo-region";
import type { Plan } from "../engine";
import { iso } from "./declaration";
import { ENGINE } from "./observe";
import type { JobRecord } from "./record";

const source = `/mno/${ENGINE}`;
/** Amounts as the catalogue has them: whole multiples of 1e-6 gCO2e. */
const grams = (value: number): number => Math.round(value * 1e6) / 1e6;

/**
 * Of a plan with slots, except of a demonstration: nobody may count what no grid saved. The id follows from the decision's, so
 * that it is the same however often it is published.
 */
export function plannedEvent(
  record: JobRecord,
  plan: Plan | undefined,
  decisionId: string,
  context: EventContext,
): CloudEvent | undefined {
  if (!plan || plan.slots.length === 0 || demoRegion(plan.region)) return undefined;
  const data = {
    job: record.name,
    decisionId,
    region: plan.region,
    slots: plan.slots.map(({ from, to }) => ({ from: iso(from), to: iso(to) })),
    deadline: iso(record.declaration?.deadline ?? 0),
    gramsCo2e: grams(plan.expectedGrams),
    baselineGramsCo2e: grams(plan.baselineGrams),
    reason: plan.reason,
  };
  const type = "mno.sustainability.job.planned";
  return createEvent({ type, source, subject: record.name, data }, { ...context, id: () => `${decisionId}.planned` });
}

/** Of a job that is over and settled; undefined of one whose accounts are open, and of a demonstration. */
export function finishedEvent(record: JobRecord, context: EventContext): CloudEvent | undefined {
  const { account, state, finishedAt, decisionId } = record;
  if (!account || finishedAt === null || decisionId === null || demoRegion(account.region)) return undefined;
  if (state !== "succeeded" && state !== "failed" && state !== "deleted") return undefined;
  const { region, deadlineMet, energyKwh, gramsCo2e, baselineGramsCo2e, intensity } = account;
  const begun = record.runs[0]?.from;
  const data = {
    job: record.name,
    decisionId,
    tenant: record.tenant,
    region,
    outcome: state,
    submittedAt: iso(record.submittedAt),
    startedAt: begun === undefined ? null : iso(begun),
    finishedAt: iso(finishedAt),
    deadlineMet,
    energyKwh,
    gramsCo2e,
    baselineGramsCo2e,
    intensity,
  };
  const type = "mno.sustainability.job.finished";
  return createEvent({ type, source, subject: record.name, data }, { ...context, id: () => `${record.id}.finished` });
}
