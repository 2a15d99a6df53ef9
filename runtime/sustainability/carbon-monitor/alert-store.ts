import type { Queryable } from "../../kernel/store/database";
import type { Budget } from "./budgets";
import { periodOf } from "./budgets";
import type { Filter } from "./filter";
import type { Side } from "./intensity-lines";

/** What was used of a budget in a period, in 1e-6 g, and which lines were reported. */
export interface BudgetUse {
  used: bigint;
  reported: number[];
}

/** Memory of what was reported, so that a line is crossed once also across restarts. All within the caller's transaction. */
export const alerts = {
  /**
   * Adds to what was used of the budget in the period. The first time, and after the budget was redefined, the sum of all
   * that the period has so far (the addition included) is taken instead.
   */
  async addUse(
    tx: Queryable,
    budget: Budget,
    time: number,
    carbon: bigint,
    sumOf: (filter: Filter) => Promise<bigint>,
  ): Promise<BudgetUse> {
    const { start, end } = periodOf(budget.period, time);
    const { name, workload, tenant, region } = budget;
    const definition = JSON.stringify({
      period: budget.period,
      workload,
      tenant,
      region,
      limit: budget.limitGramsCo2e,
    });
    const known = await tx.query<{ carbon: string; reported: number[] }>(
      `UPDATE cm_budget_use SET carbon = carbon + $4::bigint WHERE budget = $1 AND period_ms = $2 AND definition = $3
       RETURNING carbon::text AS carbon, reported`,
      [name, start, definition, String(carbon)],
    );
    if (known[0]) return { used: BigInt(known[0].carbon), reported: known[0].reported };
    const used = await sumOf({ from: start, to: end, workload, tenant, region });
    await tx.query(
      `INSERT INTO cm_budget_use (budget, period_ms, definition, carbon) VALUES ($1, $2, $3, $4::bigint)
       ON CONFLICT (budget, period_ms) DO UPDATE
         SET definition = excluded.definition, carbon = excluded.carbon, reported = '[]'`,
      [name, start, definition, String(used)],
    );
    return { used, reported: [] };
  },

  async setReported(tx: Queryable, budget: Budget, time: number, percents: readonly number[]): Promise<void> {
    await tx.query("UPDATE cm_budget_use SET reported = $3::jsonb WHERE budget = $1 AND period_ms = $2", [
      budget.name,
      periodOf(budget.period, time).start,
      JSON.stringify(percents),
    ]);
  },

  async side(tx: Queryable, region: string, line: number): Promise<Side | undefined> {
    const rows = await tx.query<{ side: Side }>("SELECT side FROM cm_sides WHERE region = $1 AND line = $2", [
      region,
      line,
    ]);
    return rows[0]?.side;
  },

  async setSide(tx: Queryable, region: string, line: number, side: Side): Promise<void> {
    await tx.query(
      `INSERT INTO cm_sides (region, line, side) VALUES ($1, $2, $3)
       ON CONFLICT (region, line) DO UPDATE SET side = excluded.side`,
      [region, line, side],
    );
  },
};
