import type { EventData } from "../../../runtime/kernel/events/catalogue";
import {
  buildReport,
  type Material,
  type ReportBody,
} from "../../../runtime/sustainability/sustainability-reporter/engine";
import {
  energyRecord,
  type EnergyRecord,
  HOUR,
  type Saving,
} from "../../../runtime/sustainability/sustainability-reporter/record";
import { addSums, emptySums, type Line, rollUp } from "../../../runtime/sustainability/sustainability-reporter/rollup";
import type { Rules } from "../../../runtime/sustainability/sustainability-reporter/rules";
import { bucketMilliseconds } from "../../../runtime/sustainability/sustainability-reporter/trend";

export type EnergyMeasured = EventData<"mno.sustainability.energy.measured">;

export const START = Date.parse("2026-03-01T00:00:00Z");
export const time = (milliseconds: number): string => new Date(milliseconds).toISOString();

export const RULES: Rules = {
  boundary: "cloud-customer",
  regionBoundaries: {},
  instruments: [],
  residualMixes: [],
  credits: [],
};

export interface PartInput {
  workload?: string;
  tenant?: string;
  kind?: "workload" | "system" | "idle";
  /** 1e-9 kWh and 1e-6 g. */
  energy: number;
  carbon: number;
  embodied?: number;
}

/** A record of the monitor whose amounts are whole, as the contract asks. */
export function measured(
  parts: readonly PartInput[],
  changes: Partial<EnergyMeasured> & { signal?: "average" | "marginal" } = {},
): EnergyMeasured {
  const { signal = "average", ...rest } = changes;
  const total = (of: (part: PartInput) => number): number => parts.reduce((all, part) => all + of(part), 0);
  return {
    node: "node-1",
    region: "eu-central-1",
    from: time(START),
    to: time(START + 60_000),
    method: "teads",
    uncertaintyPercent: 10,
    intensity: {
      gramsPerKwh: 370,
      signal,
      source: `test table (${signal})`,
      asOf: time(START),
      estimated: false,
      stale: false,
    },
    idleRule: "by cpu time",
    energyKwh: total((part) => part.energy) / 1e9,
    gramsCo2e: total((part) => part.carbon) / 1e6,
    parts: parts.map(({ workload, tenant, kind = "workload", energy, carbon, embodied = 0 }) => ({
      kind,
      workload: workload ?? null,
      tenant: tenant ?? null,
      energyKwh: energy / 1e9,
      idleKwh: 0,
      gramsCo2e: carbon / 1e6,
      embodiedGramsCo2e: embodied / 1e6,
    })),
    ...rest,
  };
}

/** A report straight from records, without a store between. */
export function reportOf(
  records: readonly EnergyRecord[],
  { rules = RULES, filter = {}, savings = [] }: { rules?: Rules; filter?: Material["filter"]; savings?: Saving[] } = {},
  period = { from: START, to: START + 24 * HOUR },
): ReportBody {
  const { hours, presence } = rollUp(records);
  const lines = new Map<string, Line>();
  for (const { at: _, ...cell } of hours) {
    const { region, tenant, workload, kind, method, signal, source, idleRule } = cell;
    const key = { region, tenant, workload, kind, method, signal, source, idleRule };
    const name = JSON.stringify(key);
    const line = lines.get(name) ?? { ...key, ...emptySums() };
    addSums(line, cell);
    lines.set(name, line);
  }
  const step = bucketMilliseconds(period.from, period.to);
  return buildReport({
    period,
    filter,
    rules,
    savings,
    lines: [...lines.values()],
    buckets: hours
      .filter((cell) => filter.tenant === undefined || cell.tenant === filter.tenant)
      .map(({ at, kind, signal, energy, carbon, embodied, milliseconds }) => ({
        at: Math.floor(at / step) * step,
        kind,
        signal,
        energy,
        carbon,
        embodied,
        milliseconds,
      })),
    coverage: {
      nodes: [...Map.groupBy(presence, ({ node, region }) => `${node} ${region}`).values()].map((hourly) => ({
        node: hourly[0]!.node,
        region: hourly[0]!.region,
        milliseconds: hourly.reduce((all, { milliseconds }) => all + milliseconds, 0),
        first: Math.min(...hourly.map(({ first }) => first)),
        last: Math.max(...hourly.map(({ last }) => last)),
      })),
      hoursWithRecord: new Set(presence.map(({ hour }) => hour)).size,
    },
  });
}

export const records = (...data: EnergyMeasured[]): EnergyRecord[] =>
  data.map((one, index) => energyRecord(`event-${String(index)}`, one));
