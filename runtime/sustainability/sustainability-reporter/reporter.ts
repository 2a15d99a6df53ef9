import { MnoError } from "../../exports";
import type { Clock } from "../../kernel/clock";
import { createEvent } from "../../kernel/events/codec";
import { enqueue } from "../../kernel/events/outbox";
import type { Queryable } from "../../kernel/store/database";
import type { Tracer } from "../../kernel/telemetry/traces";
import { canonicalJson, sha256 } from "./canonical";
import { buildReport, type ReportBody } from "./engine";
import { explain, type Explanation } from "./explain";
import type { Filter } from "./filter";
import type { Period } from "./market";
import { HOUR } from "./record";
import { reportId, type ReportStore, type Revision } from "./report-store";
import { type Change, changesBetween } from "./restatement";
import type { Rules } from "./rules";
import type { ReportSigner } from "./signer";
import { checkStatements } from "./statements";
import { materialOf, type RollUpStore } from "./store";

export interface ReporterDependencies {
  rollUps: RollUpStore;
  reports: ReportStore;
  rules: Rules;
  /** Null: reports are not signed, and say so. */
  signer: ReportSigner | null;
  clock: Clock;
  tracer: Tracer;
  onClosed: (revision: Revision) => void;
}

const MOST_NAMED = 20;

/** Makes reports, closes periods, and restates what was closed. */
export class Reporter {
  constructor(private readonly deps: ReporterDependencies) {}

  /** The period as it is now. Errors: MNO_REPORT_PERIOD_INVALID. */
  async report(period: Period, filter: Filter): Promise<ReportBody> {
    checkPeriod(period);
    return buildReport(await this.deps.rollUps.material(period, filter, this.deps.rules));
  }

  /** What the period's totals are made of. Errors: MNO_REPORT_PERIOD_INVALID. */
  async explain(period: Period, filter: Filter, most: number): Promise<Explanation> {
    checkPeriod(period);
    return explain(await this.deps.rollUps.material(period, filter, this.deps.rules), most);
  }

  /**
   * Closes a period, or restates it where its figures are others by now. The same figures again are the revision that is
   * there. Errors: MNO_REPORT_PERIOD_INVALID; MNO_REPORT_EMPTY where no record is of it; MNO_REPORT_CLOSED where a restatement
   * has no reason.
   */
  async close(period: Period, reason?: string): Promise<{ revision: Revision; created: boolean }> {
    checkPeriod(period);
    if (period.to > this.deps.clock.now()) {
      throw new MnoError(
        "MNO_REPORT_PERIOD_INVALID",
        `The period ends at ${new Date(period.to).toISOString()}: it cannot be closed before`,
      );
    }
    return this.settle(period, (late, changes) => {
      if (reason !== undefined) return late.length === 0 ? reason : `${reason}; ${lateReason(late, changes)}`;
      if (late.length > 0) return lateReason(late, changes);
      throw new MnoError(
        "MNO_REPORT_CLOSED",
        `The report ${reportId(period)} is closed, and ${changes.length} of its figures would change; say why in "reason"`,
      );
    });
  }

  /** Restates the closed reports that late events are waiting for; throws the first fault when all were tried. */
  async restate(): Promise<void> {
    const faults: unknown[] = [];
    for (const period of await this.deps.reports.withLate()) {
      // One that cannot be restated must not keep the others from it.
      await this.settle(period, lateReason).catch((error: unknown) => faults.push(error));
    }
    if (faults.length > 0) throw faults[0];
  }

  private async settle(
    period: Period,
    reasonOf: (late: readonly string[], changes: readonly Change[]) => string,
  ): Promise<{ revision: Revision; created: boolean }> {
    const { rollUps, reports, rules, onClosed } = this.deps;
    const id = reportId(period);
    const settled = await rollUps.exclusively(async (tx) => {
      const before = await reports.latest(id, tx);
      const late = await reports.takeLate(tx, id);
      const material = await materialOf(tx, period, {}, rules);
      if (!before && material.lines.length === 0) throw empty(id, await rollUps.firstRecord(tx));
      const body = buildReport(material);
      // What is closed stands for good: it is added up again from its own text first.
      const faults = checkStatements(body.statements, body.totals);
      if (faults.length > 0) throw new MnoError("MNO_INTERNAL", `${id} does not add up: ${faults.join("; ")}`);
      const text = canonicalJson(body);
      if (before?.body === text) return { revision: before, created: false };
      const changes = before ? changesBetween(JSON.parse(before.body) as ReportBody, body) : [];
      const reason = before ? reasonOf(late, changes) : "the period was closed";
      const number = (before?.revision ?? 0) + 1;
      const revision = await this.seal({ reportId: id, revision: number, body: text, reason, changes });
      await reports.insert(tx, period, revision);
      await this.announce(tx, revision, body);
      return { revision, created: true };
    });
    if (settled.created) onClosed(settled.revision);
    return settled;
  }

  private async seal(draft: Omit<Revision, "sha256" | "signature" | "madeAt">): Promise<Revision> {
    const signature = (await this.deps.signer?.sign(draft.body)) ?? null;
    return { ...draft, madeAt: this.deps.clock.now(), sha256: sha256(draft.body), signature };
  }

  private announce(tx: Queryable, revision: Revision, { period, totals }: ReportBody): Promise<void> {
    const event = createEvent(
      {
        type: "mno.sustainability.report.closed",
        source: "/mno/sustainability-reporter",
        subject: revision.reportId,
        data: {
          reportId: revision.reportId,
          periodStart: period.from,
          periodEnd: period.to,
          revision: revision.revision,
          energyKwh: Number(totals.energyKwh),
          locationBasedGramsCo2e: Number(totals.locationBasedGramsCo2e),
          sha256: revision.sha256,
        },
      },
      this.deps,
    );
    return enqueue(tx, [event]);
  }
}

/** Zeros for good, signed, would say that nothing was used: nobody knows. */
function empty(id: string, firstRecord: number | undefined): MnoError {
  const there = firstRecord === undefined ? "there is none of any time" : `the first is of ${dayOf(firstRecord)}`;
  return new MnoError(
    "MNO_REPORT_EMPTY",
    `${id} has no energy record, so it cannot be closed; ${there}: records come from the carbon monitor, as mno.sustainability.energy.measured`,
  );
}

const dayOf = (milliseconds: number): string => new Date(milliseconds).toISOString().slice(0, 10);

function lateReason(late: readonly string[], changes: readonly Change[]): string {
  const named = late.slice(0, MOST_NAMED).join(", ");
  const more = late.length > MOST_NAMED ? ` and ${late.length - MOST_NAMED} more` : "";
  const rules = changes.some(({ path }) => path.startsWith("/rules/")) ? "; the configured rules are others too" : "";
  return `events that came after the period was closed, ${late.length} in number: ${named}${more}${rules}`;
}

function checkPeriod({ from, to }: Period): void {
  const fault = [from, to].some((time) => !Number.isSafeInteger(time) || time % HOUR !== 0)
    ? "its ends must be whole hours in UTC: roll-ups are by the hour"
    : to <= from
      ? "its end must come after its start"
      : from < 0
        ? "it must begin in 1970 or later"
        : undefined;
  if (fault) throw new MnoError("MNO_REPORT_PERIOD_INVALID", `The period is not valid: ${fault}`);
}
