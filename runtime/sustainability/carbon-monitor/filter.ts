/** Which parts are meant: those of records that begin in the period, ms since the epoch, and fit what is named. */
export interface Filter {
  from: number;
  to: number;
  workload?: string | undefined;
  tenant?: string | undefined;
  namespace?: string | undefined;
  pod?: string | undefined;
  node?: string | undefined;
  region?: string | undefined;
}

const COLUMNS = ["workload", "tenant", "namespace", "pod", "node", "region"] as const;

/** The condition on cm_parts. */
export function whereOf(filter: Filter): { where: string; parameters: unknown[] } {
  const parameters: unknown[] = [filter.from, filter.to];
  const conditions = ["from_ms >= $1", "from_ms < $2"];
  for (const column of COLUMNS) {
    if (filter[column] === undefined) continue;
    parameters.push(filter[column]);
    conditions.push(`${column} = $${String(parameters.length)}`);
  }
  return { where: conditions.join(" AND "), parameters };
}
