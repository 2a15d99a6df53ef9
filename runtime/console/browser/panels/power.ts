import type { EnergyRecord, EnergySums, Items, Part } from "../api";
import type { Ask } from "../ask";
import { date, duration, energy, grams, number, relative, watts } from "../format";
import { type Html, html } from "../html";
import { badge, figure, list, note, type Panel, table } from "../panel";

/** Records older than this say nothing about now. */
const NOW_MILLISECONDS = 5 * 60_000;
const MOST_RECORDS = 1000;
const MOST_ROWS = 40;
const ENERGY = "/carbon-monitor/v1/energy?by=workload";

/** What the machine's workloads use now, as the carbon monitor measured it. */
export const power: Panel = {
  id: "power",
  async load(ask: Ask, now: number): Promise<Html> {
    // By the minute, so that the query stays the same from one look to the next.
    const since = Math.floor((now - NOW_MILLISECONDS) / 60_000) * 60_000;
    const from = encodeURIComponent(new Date(since).toISOString());
    const records = `/carbon-monitor/v1/records?from=${from}&limit=${String(MOST_RECORDS)}`;
    const [recent, day] = await Promise.all([ask<Items<EnergyRecord>>(records), ask<EnergySums>(ENERGY)]);
    if (!recent.ok) return note(`Nothing is measured: ${recent.why}.`);
    const latest = newestByNode(recent.data.items);
    const cut = recent.data.items.length === MOST_RECORDS;
    return html`${latest.length === 0 ? note("No record of the last 5 minutes: the first comes a minute or two after the start.") : measured(latest, records, now)}
    ${cut && note(`Only the first ${String(MOST_RECORDS)} records of the last 5 minutes were read: nodes are missing.`)}
    ${day.ok ? lastDay(day.data) : note(`The last day is not known: ${day.why}.`)}`;
  },
};

/** Pure: of each node the record that ends last. */
export function newestByNode(records: readonly EnergyRecord[]): EnergyRecord[] {
  const newest = new Map<string, EnergyRecord>();
  for (const record of records) {
    const before = newest.get(record.node);
    if (!before || Date.parse(record.to) >= Date.parse(before.to)) newest.set(record.node, record);
  }
  return [...newest.values()];
}

interface Use {
  name: string;
  watts: number;
  gramsPerHour: number;
}

/** Pure: mean power over the records, by workload; what is of no workload by its kind. The most first. */
export function useOf(records: readonly EnergyRecord[]): Use[] {
  const uses = new Map<string, Use>();
  for (const { from, to, parts } of records) {
    const hours = (Date.parse(to) - Date.parse(from)) / 3_600_000;
    if (!(hours > 0)) continue;
    for (const part of parts) {
      const name = nameOf(part);
      const use = uses.get(name) ?? { name, watts: 0, gramsPerHour: 0 };
      use.watts += (part.energyKwh * 1000) / hours;
      use.gramsPerHour += part.gramsCo2e / hours;
      uses.set(name, use);
    }
  }
  return [...uses.values()].sort((a, b) => b.watts - a.watts);
}

const nameOf = ({ kind, workload, tenant }: Part): string =>
  workload === null
    ? kind === "idle"
      ? "idle, of nobody"
      : kind
    : tenant === null
      ? workload
      : `${workload} (${tenant})`;

function measured(records: readonly EnergyRecord[], query: string, now: number): Html {
  const uses = useOf(records);
  const total = uses.reduce((sum, use) => sum + use.watts, 0);
  const [first] = records;
  const { id, method, uncertaintyPercent, intensity, from, to, region } = first!;
  const path = `/carbon-monitor/v1/records/${encodeURIComponent(id)}`;
  const range = uncertaintyPercent === null ? "of unknown uncertainty" : `± ${number(uncertaintyPercent)} %`;
  const rows = uses
    .slice(0, MOST_ROWS)
    .map((use) => [use.name, figure(watts(use.watts), query), figure(`${grams(use.gramsPerHour)}/h`, query)]);
  return html`<p class="big">
      ${figure(watts(total), query)}
      <span
        >${range}, on ${records.length} ${records.length === 1 ? "node" : "nodes"}, mean of
        ${duration(Date.parse(to) - Date.parse(from))} until ${relative(to, now)}</span
      >
    </p>
    ${table("Power and emissions by workload", ["Workload", "Power", "Emissions"], rows)}
    ${uses.length > MOST_ROWS && note(`${String(uses.length - MOST_ROWS)} more use less.`)}
    ${list([
      ["Energy by", method],
      ["Region", region],
      [
        "Intensity",
        html`${figure(`${number(intensity.gramsPerKwh)} gCO2e/kWh`, path)},
        ${intensity.signal}${intensity.estimated && ", estimated"}`,
      ],
      [
        "Source",
        html`${intensity.source}; data of ${date(intensity.asOf)}${intensity.stale && html` ${badge("stale", "warn")}`}`,
      ],
      ["Method", intensity.method],
    ])}`;
}

function lastDay({ totals }: EnergySums): Html {
  if (totals.length === 0) return note("Nothing was recorded in the last day.");
  return html`${totals.map(
    ({ signal, energyKwh, gramsCo2e, embodiedGramsCo2e }) =>
      html`<p>
        Last 24 hours: ${figure(energy(energyKwh), ENERGY)}, ${figure(grams(gramsCo2e), ENERGY)} operational (${signal}
        signal) and ${figure(grams(embodiedGramsCo2e), ENERGY)} embodied.
      </p>`,
  )}`;
}
