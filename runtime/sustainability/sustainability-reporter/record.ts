import type { EventData } from "../../kernel/events/catalogue";
import { microGrams, nanoKwh } from "./amounts";
import { checkAmounts, checkTexts, type Refuse, refusal, timeOf } from "./checks";

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

export type Kind = "workload" | "system" | "idle";
export type Signal = "average" | "marginal";

/** What tells one roll-up from another, beside its hour. Two signals, two methods, two sources are never added up unseen. */
export interface CellKey {
  region: string;
  /** "" for what no tenant, no workload is charged with. */
  tenant: string;
  workload: string;
  kind: Kind;
  /** How the node's energy was known: `rapl`, or the power model's name. */
  method: string;
  signal: Signal;
  /** Feed and data of the intensity. */
  source: string;
  idleRule: string;
}

/** What is added up. Energy in 1e-9 kWh, carbon in 1e-6 g. */
export interface Sums {
  energy: bigint;
  /** Of the energy, what the node would have used idle. */
  idle: bigint;
  carbon: bigint;
  embodied: bigint;
  /** Time that the part was there, over all nodes. */
  milliseconds: bigint;
  /** Half of the 95 % interval of the energy: errors of one method add up (they have one cause). */
  uncertain: bigint;
  /** Energy whose uncertainty nobody can tell. */
  unknown: bigint;
  /** Energy whose intensity was estimated, or stale. */
  estimated: bigint;
  stale: bigint;
  records: bigint;
  /** Dates that the intensities' data are of, the earliest and the latest; milliseconds. */
  asOfFirst: number;
  asOfLast: number;
}

export const SUMS = [
  "energy",
  "idle",
  "carbon",
  "embodied",
  "milliseconds",
  "uncertain",
  "unknown",
  "estimated",
  "stale",
  "records",
] as const satisfies readonly (keyof Sums)[];

export interface Part {
  key: CellKey;
  sums: Sums;
}

/** One record of the monitor, ready to be rolled up. */
export interface EnergyRecord {
  eventId: string;
  node: string;
  region: string;
  from: number;
  to: number;
  /** Start of the hour that the record counts in: that of its `from`. */
  hour: number;
  parts: Part[];
}

/**
 * The event as exact parts.
 * Errors: MNO_ENERGY_RECORD_INVALID where the parts do not sum to the node's energy or carbon, an amount is larger than can
 * be exact, time runs backwards, or a name cannot be stored.
 */
export function energyRecord(eventId: string, data: EventData<"mno.sustainability.energy.measured">): EnergyRecord {
  const refuse: Refuse = refusal(`The record ${eventId} of node ${data.node}`);
  const from = timeOf(data.from, refuse);
  const to = timeOf(data.to, refuse);
  if (!(to > from)) refuse(`ends at ${data.to}, which is not after its start ${data.from}`);
  const { intensity, uncertaintyPercent } = data;
  const milliseconds = BigInt(to - from);
  const asOf = timeOf(intensity.asOf, refuse);
  checkTexts([eventId, data.node, data.region, data.method, data.idleRule, intensity.source], refuse);
  checkTexts(
    data.parts.flatMap(({ workload, tenant }) => [workload, tenant]),
    refuse,
  );
  const parts = data.parts.map((part): Part => {
    const energy = nanoKwh(part.energyKwh);
    return {
      key: {
        region: data.region,
        tenant: part.tenant ?? "",
        workload: part.workload ?? "",
        kind: part.kind,
        method: data.method,
        signal: intensity.signal,
        source: intensity.source,
        idleRule: data.idleRule,
      },
      sums: {
        energy,
        idle: nanoKwh(part.idleKwh),
        carbon: microGrams(part.gramsCo2e),
        embodied: microGrams(part.embodiedGramsCo2e),
        milliseconds,
        uncertain: uncertaintyPercent === null ? 0n : nanoKwh((part.energyKwh * uncertaintyPercent) / 100),
        unknown: uncertaintyPercent === null ? energy : 0n,
        estimated: intensity.estimated ? energy : 0n,
        stale: intensity.stale ? energy : 0n,
        records: 1n,
        asOfFirst: asOf,
        asOfLast: asOf,
      },
    };
  });
  checkAmounts(
    parts.flatMap(({ sums }) => [sums.energy, sums.idle, sums.carbon, sums.embodied, sums.uncertain]),
    refuse,
  );
  const total = (member: "energy" | "carbon"): bigint => parts.reduce((all, { sums }) => all + sums[member], 0n);
  if (total("energy") !== nanoKwh(data.energyKwh)) {
    refuse(`says ${data.energyKwh} kWh, but its parts sum to ${total("energy")} x 1e-9 kWh; they must be the same`);
  }
  if (total("carbon") !== microGrams(data.gramsCo2e)) {
    refuse(`says ${data.gramsCo2e} gCO2e, but its parts sum to ${total("carbon")} x 1e-6 g; they must be the same`);
  }
  return { eventId, node: data.node, region: data.region, from, to, hour: Math.floor(from / HOUR) * HOUR, parts };
}

/** What was saved, or was not, by the green scheduler or the energy optimizer. */
export interface Saving {
  eventId: string;
  engine: "green-scheduler" | "energy-optimizer";
  /** Job, or plan. */
  subject: string;
  kind: string;
  tenant: string;
  workload: string;
  region: string;
  signal: Signal;
  at: number;
  hour: number;
  /** 1e-9 kWh; 0 of a job: it uses the same energy whenever it runs. */
  expected: bigint;
  measured: bigint;
  /** 1e-6 g; negative where more was emitted than without. */
  carbon: bigint;
  /** 1e-6 g that the job's own energy emitted; 0 of a plan. */
  emitted: bigint;
  succeeded: boolean;
}

/** Errors: MNO_ENERGY_RECORD_INVALID where its time is none, or a name cannot be stored. */
export function jobSaving(eventId: string, data: EventData<"mno.sustainability.job.finished">): Saving {
  const refuse = refusal(`The event ${eventId} of job ${data.job}`);
  const at = timeOf(data.finishedAt, refuse);
  checkTexts([eventId, data.job, data.tenant, data.region], refuse);
  const emitted = microGrams(data.gramsCo2e);
  return {
    eventId,
    engine: "green-scheduler",
    subject: data.job,
    kind: "shift",
    tenant: data.tenant ?? "",
    // A job is its own workload to the monitor: both go by the name of the workload that runs it.
    workload: data.job,
    region: data.region,
    signal: data.intensity.signal,
    at,
    hour: Math.floor(at / HOUR) * HOUR,
    expected: 0n,
    measured: 0n,
    carbon: microGrams(data.baselineGramsCo2e) - emitted,
    emitted,
    succeeded: data.outcome === "succeeded",
  };
}

/** A plan's saving counts where its measurement began. Errors: as of a job's. */
export function planSaving(eventId: string, data: EventData<"mno.sustainability.saving.measured">): Saving {
  const refuse = refusal(`The event ${eventId} of plan ${data.planId}`);
  const at = timeOf(data.from, refuse);
  checkTexts([eventId, data.planId, data.kind, data.tenant, data.workload, data.region], refuse);
  return {
    eventId,
    engine: "energy-optimizer",
    subject: data.planId,
    kind: data.kind,
    tenant: data.tenant ?? "",
    workload: data.workload ?? "",
    region: data.region,
    signal: data.intensity.signal,
    at,
    hour: Math.floor(at / HOUR) * HOUR,
    expected: nanoKwh(data.expectedKwh),
    measured: nanoKwh(data.measuredKwh),
    carbon: microGrams(data.gramsCo2e),
    emitted: 0n,
    succeeded: true,
  };
}
