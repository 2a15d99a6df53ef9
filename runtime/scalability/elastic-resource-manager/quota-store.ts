import type { Queryable } from "../../kernel/store/database";
import type { Quota } from "./quotas";

/** The table of quotas that were set over HTTP. It is read and written inside the ledger's transaction. */

export async function readQuotas(tx: Queryable): Promise<Map<string, Quota>> {
  const rows = await tx.query<{ tenant: string; quota: Quota }>("SELECT tenant, quota FROM erm_quotas");
  return new Map(rows.map(({ tenant, quota }) => [tenant, quota]));
}

/** null forgets. */
export async function writeQuotas(tx: Queryable, quotas: ReadonlyMap<string, Quota | null>): Promise<void> {
  for (const [tenant, quota] of quotas) {
    if (quota === null) await tx.query("DELETE FROM erm_quotas WHERE tenant = $1", [tenant]);
    else {
      await tx.query(
        `INSERT INTO erm_quotas (tenant, quota) VALUES ($1, $2::jsonb)
         ON CONFLICT (tenant) DO UPDATE SET quota = excluded.quota`,
        [tenant, JSON.stringify(quota)],
      );
    }
  }
}
