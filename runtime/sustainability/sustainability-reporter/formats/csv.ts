import type { ReportBody } from "../engine";

const COLUMNS = [
  "region",
  "tenant",
  "workload",
  "kind",
  "energyKwh",
  "locationBasedGramsCo2e",
  "marketBasedGramsCo2e",
  "marginalGramsCo2e",
  "embodiedGramsCo2e",
] as const satisfies readonly (keyof ReportBody["workloads"][number])[];

/** One row for each region, tenant and workload, with the period in front. Source: RFC 4180. */
export function csv({ period, workloads }: ReportBody): string {
  const rows = workloads.map((row) => [period.from, period.to, ...COLUMNS.map((column) => row[column] ?? "")]);
  return [["from", "to", ...COLUMNS], ...rows].map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

/** Names that a spreadsheet would run as a formula get an apostrophe in front (OWASP, CSV injection). */
function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
