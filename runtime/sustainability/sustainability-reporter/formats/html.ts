import type { Amounts, ReportBody } from "../engine";
import type { Sealed } from "../signer";
import { barPlot, escape, trendPlot } from "./plots";

const MOST_ROWS = 25;
const STYLE = `body{font:14px/1.45 system-ui,sans-serif;color:#1b1b1b;max-width:860px;margin:2em auto;padding:0 1em}
h1{font-size:1.5em}h2{font-size:1.15em;margin-top:2em;border-bottom:1px solid #999}table{border-collapse:collapse;width:100%}
th,td{padding:.2em .5em;border-bottom:1px solid #ddd;text-align:right}th:first-child,td:first-child{text-align:left;overflow-wrap:anywhere}
svg{width:100%;height:auto;font-size:11px}svg rect{fill:#2a6f4e}svg line{stroke:#666}.note{color:#555}
@media print{body{margin:0;max-width:none;font-size:11px}h2,svg,tr{break-inside:avoid}h2{break-after:avoid}@page{margin:16mm}}`;

/** One page without anything from elsewhere: text, tables and plots. `sealed` is what is known of a closed report's proof. */
export function html(body: ReportBody, sealed: Sealed | null): string {
  const { period, filter, totals } = body;
  const chosen = Object.entries(filter).flatMap(([name, value]) => (value === null ? [] : [`${name} ${value}`]));
  const title = `Emissions ${period.from} to ${period.to}${chosen.length > 0 ? `, ${chosen.join(", ")}` : ""}`;
  const tenants = body.tenants
    .map(({ name, energyKwh }) => ({ name: name ?? "(no tenant)", value: Number(energyKwh) }))
    .sort((a, b) => b.value - a.value || (a.name < b.name ? -1 : 1));
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escape(title)}</title><style>${STYLE}</style></head><body>
<h1>${escape(title)}</h1>
<p class="note">${escape(sealText(sealed))}</p>
${table(
  ["Total", ""],
  [
    ["Energy, kWh", totals.energyKwh],
    ["of it idle, kWh", totals.idleKwh],
    ["Operational, location-based, gCO2e", totals.locationBasedGramsCo2e],
    ["Operational, market-based, gCO2e", totals.marketBasedGramsCo2e],
    ["By the marginal signal, gCO2e (in no inventory)", totals.marginalGramsCo2e ?? "none"],
    ["Embodied, gCO2e", totals.embodiedGramsCo2e],
    ["Energy without an average factor, kWh", totals.withoutLocationBasedKwh],
    ["Energy without a market-based factor, kWh", totals.withoutMarketBasedKwh],
  ],
)}
<h2>Signals</h2>
${body.signals
  .map(({ signal, sources, methods, idleRules, dataFrom, dataTo }) => {
    const points = body.trend.filter((point) => point.signal === signal);
    const name = `Operational gCO2e by the ${signal} signal`;
    const grounds = `Intensity: ${sources.join("; ")}, data of ${dataFrom} to ${dataTo}. Energy: ${methods.join(", ")}. Idle energy by: ${idleRules.join(", ")}.`;
    return `<h3>${escape(name)}</h3>${trendPlot(points, period, name)}<p class="note">${escape(grounds)}</p>`;
  })
  .join("\n")}
<h2>Tenants</h2>
${barPlot(tenants.slice(0, MOST_ROWS), "kWh", "Energy by tenant")}${leftOut(tenants.length)}
<h2>Regions</h2>
${amountsTable("Region", body.regions)}
<h2>Workloads</h2>
${largest(body)}
<h2>Market-based factors</h2>
${table(
  ["Region", "energy, kWh", "covered by instruments, kWh", "rest, kWh", "rest by", "source of the rest"],
  body.market.map(({ region, energyKwh, instruments, rest }) => [
    region,
    energyKwh,
    instruments.map(({ name, coveredKwh }) => `${name}: ${coveredKwh}`).join("; ") || "0",
    rest.kwh,
    rest.by,
    rest.source,
  ]),
)}
<h2>ESRS E1-6 (tCO2e)</h2>
${record(body.statements.esrs["E1-6"])}
<h2>ESRS E1-7, not taken off anything above</h2>
${table(
  ["Name", "kind", "tCO2e", "standard"],
  body.statements.esrs["E1-7"].credits.map(({ name, kind, tonnesCo2e, standard }) => [
    name,
    kind,
    String(tonnesCo2e),
    standard,
  ]),
)}
<h2>Savings</h2>
${table(
  ["Engine", "kind", "signal", "count", "made, gCO2e", "lost, gCO2e", "expected, kWh", "measured, kWh", "missed, kWh"],
  body.savings.map((row) => [
    row.engine,
    row.kind,
    row.signal,
    String(row.count),
    row.madeGramsCo2e,
    row.lostGramsCo2e,
    row.expectedKwh,
    row.measuredKwh,
    row.missedKwh,
  ]),
)}
<h2>Software Carbon Intensity</h2>
${table(
  ["Signal", "gCO2e per workload-hour", "workload-hours"],
  body.sci.scores.map(({ signal, sci, workloadHours }) => [signal, sci ?? "none", String(workloadHours)]),
)}
<h2>Data quality</h2>
${record({ ...body.quality, energyByMethod: body.quality.energyByMethod.map(({ name, energyKwh }) => `${name}: ${energyKwh} kWh`).join("; ") })}
<h2>Uncertainty</h2>
${record({ ...body.uncertainty })}
</body></html>
`;
}

function sealText(sealed: Sealed | null): string {
  if (sealed === null) return "Provisional: the period is open, and the figures may still change.";
  const by = sealed.signature ? `signed ${sealed.signature.algorithm} by ${sealed.signature.keyId}` : "not signed";
  return `Report ${sealed.reportId}, revision ${sealed.revision}, ${by}, SHA-256 ${sealed.sha256}.`;
}

function largest({ workloads }: ReportBody): string {
  const sorted = workloads.toSorted((a, b) => Number(b.energyKwh) - Number(a.energyKwh));
  const rows = sorted.slice(0, MOST_ROWS).map((row) => ({
    ...row,
    name: [row.region, row.tenant ?? "-", row.workload ?? row.kind].join(" / "),
  }));
  return amountsTable("Region / tenant / workload", rows) + leftOut(sorted.length);
}

const leftOut = (count: number): string =>
  count > MOST_ROWS ? `<p class="note">${count - MOST_ROWS} smaller ones are in the CSV and JSON forms.</p>` : "";

const amountsTable = (title: string, rows: readonly (Amounts & { name: string })[]): string =>
  table(
    [title, "kWh", "location-based, g", "market-based, g", "marginal, g", "embodied, g"],
    rows.map((row) => [
      row.name,
      row.energyKwh,
      row.locationBasedGramsCo2e,
      row.marketBasedGramsCo2e,
      row.marginalGramsCo2e ?? "",
      row.embodiedGramsCo2e,
    ]),
  );

const record = (members: object): string =>
  table(
    ["", ""],
    Object.entries(members).map(([name, value]) => [name, value === null ? "not known" : String(value)]),
  );

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (tag: string, row: readonly string[]): string =>
    `<tr>${row.map((cell) => `<${tag}>${escape(cell)}</${tag}>`).join("")}</tr>`;
  const empty = rows.length === 0 ? `<tr><td colspan="${head.length}">none</td></tr>` : "";
  return `<table><thead>${cells("th", head)}</thead><tbody>${rows.map((row) => cells("td", row)).join("")}${empty}</tbody></table>`;
}
