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
  "methods",
  "sources",
  "dataFrom",
  "dataTo",
] as const satisfies readonly (keyof ReportBody["workloads"][number])[];

/**
 * One row for each region, tenant and workload, with the period in front and what it rests on behind. Location- and
 * market-based figures are of the average signal, marginal ones have their own column. Source: RFC 4180.
 */
export function csv({ period, workloads }: ReportBody): string {
  const rows = workloads.map((row) => [period.from, period.to, ...COLUMNS.map((column) => textOf(row[column]))]);
  return [["from", "to", ...COLUMNS], ...rows].map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

const textOf = (value: string | string[] | null): string => (Array.isArray(value) ? value.join("; ") : (value ?? ""));

/**
 * Names that a spreadsheet would run as a formula get an apostrophe in front, the full-width signs among them, which some
 * take for the others; so does what stands after a separator of another locale, for such cells are quoted. Our own numbers
 * may be negative and stay numbers. Source: OWASP, CSV injection.
 */
function cell(text: string): string {
  const isFormula = /^\s*[=+\-@\uff0b\uff0d\uff1d\uff20]|^[\t\r\n]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text);
  const safe = isFormula ? `'${text}` : text;
  return /[",;\t\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
