/** Which part of the whole a report is of; absent: all. */
export interface Filter {
  tenant?: string;
  workload?: string;
  region?: string;
}

/** Whether it is of the tenant, workload and region that were asked for. */
export function fits(
  { tenant, workload, region }: { tenant: string; workload: string; region: string },
  filter: Filter,
): boolean {
  return (
    (filter.tenant === undefined || tenant === filter.tenant) &&
    (filter.workload === undefined || workload === filter.workload) &&
    (filter.region === undefined || region === filter.region)
  );
}
