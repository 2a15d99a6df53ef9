import { gramsText, kwhText, sum } from "./amounts";
import type { Saving } from "./record";

/** What one engine saved, by signal and kind. Made and missed are never netted against each other. */
export interface SavingsRow {
  engine: Saving["engine"];
  kind: string;
  signal: Saving["signal"];
  /** Jobs or plans. */
  count: number;
  succeeded: number;
  madeGramsCo2e: string;
  /** More emitted than without the engine's doing. */
  lostGramsCo2e: string;
  expectedKwh: string;
  measuredKwh: string;
  /** Promised and not measured, over the plans that kept less than they promised. */
  missedKwh: string;
  /** Mean operational gCO2e of a succeeded job; null where there is none. Embodied carbon is not known by job. */
  gramsCo2ePerJob: string | null;
}

export function savingsRows(savings: readonly Saving[]): SavingsRow[] {
  const groups = Object.groupBy(savings, ({ engine, kind, signal }) => [engine, kind, signal].join("\u0001"));
  return (Object.entries(groups) as [string, Saving[]][])
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, members]) => {
      const { engine, kind, signal } = members[0]!;
      const total = (of: (saving: Saving) => bigint): bigint => sum(members.map(of));
      const jobs = engine === "green-scheduler" ? members.filter((one) => one.succeeded) : [];
      return {
        engine,
        kind,
        signal,
        count: members.length,
        succeeded: members.filter((one) => one.succeeded).length,
        madeGramsCo2e: gramsText(total(({ carbon }) => (carbon > 0n ? carbon : 0n))),
        lostGramsCo2e: gramsText(total(({ carbon }) => (carbon < 0n ? -carbon : 0n))),
        expectedKwh: kwhText(total(({ expected }) => expected)),
        measuredKwh: kwhText(total(({ measured }) => measured)),
        missedKwh: kwhText(
          total(({ expected, measured }) =>
            engine === "energy-optimizer" && expected > measured ? expected - measured : 0n,
          ),
        ),
        gramsCo2ePerJob:
          jobs.length === 0 ? null : gramsText(sum(jobs.map((job) => job.emitted)) / BigInt(jobs.length)),
      };
    });
}
