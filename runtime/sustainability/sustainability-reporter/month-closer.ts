import type { Logger } from "pino";
import { MnoError } from "../../exports";
import type { Clock } from "../../kernel/clock";
import { monthsToClose } from "./calendar";
import { reportId, type ReportStore } from "./report-store";
import type { Reporter } from "./reporter";
import type { RollUpStore } from "./store";

interface MonthCloserDependencies {
  rollUps: Pick<RollUpStore, "firstRecord">;
  reports: Pick<ReportStore, "latest">;
  reporter: Pick<Reporter, "close">;
  clock: Clock;
  log: Logger;
  afterDays: number;
}

/** Closes the months that are over. One without a record is no report: it is left open, and said to be so once. */
export class MonthCloser {
  private readonly told = new Set<string>();

  constructor(private readonly deps: MonthCloserDependencies) {}

  async round(): Promise<void> {
    const { rollUps, reports, clock, afterDays } = this.deps;
    const first = await rollUps.firstRecord();
    if (first === undefined) {
      this.tellOnce("", "no month is closed before the first energy record");
      return;
    }
    for (const month of monthsToClose(clock.now(), afterDays, first)) {
      const id = reportId(month);
      if ((await reports.latest(id)) === undefined) await this.close(id, month);
    }
  }

  private async close(id: string, month: Parameters<Reporter["close"]>[0]): Promise<void> {
    try {
      await this.deps.reporter.close(month);
    } catch (error) {
      if (!(error instanceof MnoError) || error.code !== "MNO_REPORT_EMPTY") throw error;
      this.tellOnce(id, "a month is not closed, for it has no energy record");
    }
  }

  private tellOnce(id: string, what: string): void {
    if (this.told.has(id)) return;
    this.told.add(id);
    this.deps.log.info(id === "" ? {} : { report: id }, what);
  }
}
