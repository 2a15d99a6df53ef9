import { type Static, Type } from "@sinclair/typebox";
import type { EventData } from "../../kernel/events/catalogue";
import { fromMicrograms, fromNanoKwh, microgramsOf, toMicrograms, toNanoKwh } from "../../kernel/energy/exact";
import type { PowerModel } from "../../kernel/energy/power-model";
import type { IntensityNow } from "../../kernel/intensity/intensity";
import type { IdleRule, SystemRule } from "./attribution";
import { type Measured, type Stretch, utilisationOf } from "./engine";
import type { NodeProfile } from "./node-profile";

const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(type: T) => Type.Union([type, Type.Null()]);

export const IntensityFigureSchema = Type.Object({
  gramsPerKwh: Type.Number({ description: "gCO2e per kWh" }),
  signal: Type.Union([Type.Literal("average"), Type.Literal("marginal")], { description: "Never mixed" }),
  source: Type.String({ description: "Feed and data" }),
  asOf: Type.String({ description: "The date the data are of" }),
  method: Type.String({ description: "How the feed has it" }),
  estimated: Type.Boolean({ description: "Not measured" }),
  stale: Type.Boolean({ description: "Older than the feed's data should be" }),
  why: Type.String({ description: "Which feeds were passed over, and why" }),
});

export const RecordSchema = Type.Object({
  id: Type.String({ description: "Id of the record" }),
  node: Type.String({ description: "Node" }),
  region: Type.String({ description: "Grid zone or cloud region" }),
  from: Type.String({ description: "RFC 3339" }),
  to: Type.String({ description: "RFC 3339" }),
  method: Type.String({ description: "rapl, or the power model's name; +assumed-load where the load was not seen" }),
  uncertaintyPercent: Nullable(Type.Number({ description: "Half of the 95 % interval; null where nobody can tell" })),
  idleRule: Type.String({ description: "How idle energy and embodied carbon were shared" }),
  systemRule: Type.String({ description: "Whose the energy of the node's own daemons is" }),
  intensity: IntensityFigureSchema,
  energyKwh: Type.Number({ description: "At the meter, PUE included" }),
  idleKwh: Type.Number({ description: "Of it, what the node would have used idle" }),
  gramsCo2e: Type.Number({ description: "Operational, location-based" }),
  embodiedGramsCo2e: Type.Number({ description: "Share of the making of the hardware" }),
  factors: Type.Object({
    model: Type.String({ description: "Power model of the processors" }),
    modelSource: Type.String({ description: "Where its numbers are from" }),
    idleWatts: Type.Number({ description: "Of the processors at no load" }),
    utilisation: Type.Number({ description: "Share of the processors that was busy, 0 to 1" }),
    cores: Type.Number({ description: "Logical processors" }),
    processorWatts: Type.Number({ description: "Mean power of the processors" }),
    memoryAndStorageWatts: Type.Number({ description: "Mean; memory as RAPL has it where it has" }),
    networkKwh: Type.Number({ description: "Of traffic, without PUE" }),
    pue: Type.Number({ description: "Power usage effectiveness" }),
    embodiedGramsPerHour: Type.Number({ description: "Of the node" }),
    raplSeconds: Type.Number({ description: "Seconds that were measured" }),
    raplFault: Nullable(Type.String({ description: "Why RAPL did not measure all of it" })),
    assumedLoadSeconds: Type.Number({ description: "Seconds for which the load was assumed, or another time's" }),
    loadFault: Nullable(Type.String({ description: "Why the load was not known as it should be" })),
    unmeasuredPods: Type.Number({
      description: "Pods whose use nobody had measured yet; what they used is the system's",
    }),
  }),
  parts: Type.Array(
    Type.Object({
      kind: Type.Union([Type.Literal("workload"), Type.Literal("system"), Type.Literal("idle")]),
      workload: Nullable(Type.String({ description: "`namespace/name` where it is of another namespace" })),
      tenant: Nullable(Type.String()),
      namespace: Nullable(Type.String({ description: "Of the pod; null on the local cluster" })),
      pod: Nullable(Type.String({ description: "Pod, or replica on the local cluster" })),
      energyKwh: Type.Number(),
      idleKwh: Type.Number(),
      gramsCo2e: Type.Number(),
      embodiedGramsCo2e: Type.Number(),
    }),
    { description: "Whose it was; they sum to the node's to the last digit" },
  ),
});
export type EnergyRecord = Static<typeof RecordSchema>;

export interface RecordInput {
  id: string;
  stretch: Stretch;
  profile: NodeProfile;
  /** Of the processors. */
  model: PowerModel;
  intensity: IntensityNow;
  rules: { idle: IdleRule; system: SystemRule };
  networkKwh: number;
}

/** The record of what was measured, with everything that it rests on. */
export function recordOf(input: RecordInput, measured: Measured): EnergyRecord {
  const { id, stretch, profile, model, intensity, rules, networkKwh } = input;
  const { signal, source, asOf, method, stale, why, point } = intensity;
  return {
    id,
    node: profile.node,
    region: profile.region,
    from: new Date(stretch.from).toISOString(),
    to: new Date(stretch.to).toISOString(),
    method: measured.method,
    uncertaintyPercent: measured.uncertaintyPercent,
    idleRule: rules.idle,
    systemRule: rules.system,
    intensity: {
      gramsPerKwh: point.gramsPerKwh,
      signal,
      source,
      asOf: new Date(asOf).toISOString(),
      method,
      estimated: point.estimated,
      stale,
      why,
    },
    energyKwh: fromNanoKwh(measured.energy),
    idleKwh: fromNanoKwh(measured.idle < measured.energy ? measured.idle : measured.energy),
    gramsCo2e: fromMicrograms(microgramsOf(measured.energy, point.gramsPerKwh)),
    embodiedGramsCo2e: fromMicrograms(measured.embodied),
    factors: {
      model: model.name,
      modelSource: model.source,
      idleWatts: model.idleWatts,
      utilisation: utilisationOf(stretch, profile.cores),
      cores: profile.cores,
      processorWatts: stretch.processorJoules / stretch.seconds,
      memoryAndStorageWatts: stretch.otherJoules / stretch.seconds,
      networkKwh,
      pue: profile.pue,
      embodiedGramsPerHour: profile.embodiedGramsPerHour,
      raplSeconds: stretch.measuredSeconds,
      raplFault: stretch.raplFault,
      assumedLoadSeconds: stretch.assumedSeconds,
      loadFault: stretch.loadFault,
      unmeasuredPods: stretch.unmeasuredPods,
    },
    parts: measured.parts.map(({ kind, workload, tenant, namespace, pod, energy, idle, carbon, embodied }) => ({
      kind,
      workload,
      tenant,
      namespace,
      pod,
      energyKwh: fromNanoKwh(energy),
      idleKwh: fromNanoKwh(idle),
      gramsCo2e: fromMicrograms(carbon),
      embodiedGramsCo2e: fromMicrograms(embodied),
    })),
  };
}

type IntensityInEvent = EventData<"mno.sustainability.energy.measured">["intensity"];

/** The figure as events carry it. */
export function intensityInEvent(figure: EnergyRecord["intensity"]): IntensityInEvent {
  const { gramsPerKwh, signal, source, asOf, estimated, stale } = figure;
  return { gramsPerKwh, signal, source, asOf, estimated, stale };
}

type MeasuredData = EventData<"mno.sustainability.energy.measured">;

/** Pods of one workload and tenant are one part there: who listens knows workloads. */
export function measuredEvent(record: EnergyRecord): MeasuredData {
  const { node, region, from, to, method, uncertaintyPercent, idleRule, energyKwh, gramsCo2e } = record;
  const intensity = intensityInEvent(record.intensity);
  const whose = Map.groupBy(record.parts, ({ kind, workload, tenant }) => JSON.stringify([kind, workload, tenant]));
  const parts = [...whose.values()].map((members): MeasuredData["parts"][number] => {
    const { kind, workload, tenant } = members[0]!;
    type Amount = "energyKwh" | "idleKwh" | "gramsCo2e" | "embodiedGramsCo2e";
    const sum = (amount: Amount, exact: (value: number) => bigint): bigint =>
      members.reduce((all, part) => all + exact(part[amount]), 0n);
    return {
      kind,
      workload,
      tenant,
      energyKwh: fromNanoKwh(sum("energyKwh", toNanoKwh)),
      idleKwh: fromNanoKwh(sum("idleKwh", toNanoKwh)),
      gramsCo2e: fromMicrograms(sum("gramsCo2e", toMicrograms)),
      embodiedGramsCo2e: fromMicrograms(sum("embodiedGramsCo2e", toMicrograms)),
    };
  });
  return { node, region, from, to, method, uncertaintyPercent, intensity, idleRule, energyKwh, gramsCo2e, parts };
}
