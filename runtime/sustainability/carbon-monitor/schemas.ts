import { Type } from "@sinclair/typebox";
import { PeriodQuery } from "./period";
import { GROUPINGS } from "./store";

const Signal = Type.Union([Type.Literal("average"), Type.Literal("marginal")], {
  description: "What the intensity is of; figures of two signals are never added",
});

export const FilterQuery = {
  ...PeriodQuery,
  workload: Type.Optional(Type.String({ description: "Only of this workload" })),
  tenant: Type.Optional(Type.String({ description: "Only of this tenant" })),
  namespace: Type.Optional(Type.String({ description: "Only of this namespace" })),
  pod: Type.Optional(Type.String({ description: "Only of this pod or replica" })),
  node: Type.Optional(Type.String({ description: "Only on this node" })),
  region: Type.Optional(Type.String({ description: "Only in this region" })),
};

export const EnergyQuery = Type.Object({
  by: Type.Union(
    GROUPINGS.map((grouping) => Type.Literal(grouping)),
    { default: "workload", description: "What to sum by" },
  ),
  ...FilterQuery,
});

const Amounts = {
  energyKwh: Type.Number({ description: "At the meter, PUE included" }),
  idleKwh: Type.Number({ description: "Of it, share of what nodes would have used idle" }),
  gramsCo2e: Type.Number({ description: "Operational, location-based" }),
  embodiedGramsCo2e: Type.Number({ description: "Share of the making of the hardware" }),
};

const Basis = Type.Array(
  Type.Object({
    method: Type.String({ description: "How energy is known: rapl or the power model's name" }),
    idleRule: Type.String({ description: "How idle energy was shared" }),
    signal: Signal,
    source: Type.String({ description: "Of the intensity" }),
    oldestAsOf: Type.String({ description: "Date of the oldest intensity data" }),
    newestAsOf: Type.String({ description: "Date of the newest" }),
    records: Type.Number({ description: "Records of this kind" }),
    estimated: Type.Number({ description: "Of them, with an estimated intensity" }),
    stale: Type.Number({ description: "Of them, with a stale intensity" }),
    highestUncertaintyPercent: Type.Union([Type.Number(), Type.Null()], {
      description: "Half of the widest 95 % interval; null where nobody can tell",
    }),
  }),
  { description: "What the figures rest on; GET /v1/records/{id} explains each record" },
);

export const EnergySchema = Type.Object({
  from: Type.String({ description: "RFC 3339" }),
  to: Type.String({ description: "RFC 3339" }),
  groups: Type.Array(
    Type.Object({
      key: Type.Union([Type.String(), Type.Null()], { description: "Null: of none (system, idle, no tenant)" }),
      signal: Signal,
      ...Amounts,
      records: Type.Number({ description: "Records that it was part of" }),
    }),
    { description: "Most energy first" },
  ),
  totals: Type.Array(Type.Object({ signal: Signal, ...Amounts }), { description: "Sums of the groups, by signal" }),
  basis: Basis,
});

export const SciQuery = Type.Object({
  per: Type.Union([Type.Literal("request"), Type.Literal("user"), Type.Literal("job")], {
    description: "R, the functional unit",
  }),
  count: Type.Number({ minimum: 1e-6, maximum: 1e15, description: "How many of it were served in the period" }),
  ...FilterQuery,
});

export const SciSchema = Type.Object({
  from: Type.String({ description: "RFC 3339" }),
  to: Type.String({ description: "RFC 3339" }),
  sci: Type.Number({ description: "gCO2e per functional unit" }),
  per: Type.String({ description: "R, the functional unit" }),
  count: Type.Number({ description: "How many of it" }),
  energyKwh: Type.Number({ description: "E, idle share and PUE included" }),
  gramsPerKwh: Type.Number({ description: "I, the mean over the energy" }),
  operationalGrams: Type.Number({ description: "O = E * I" }),
  embodiedGrams: Type.Number({ description: "M" }),
  signal: Signal,
  method: Type.String({ description: "The standard" }),
  boundary: Type.String({ description: "What is inside" }),
  basis: Basis,
});

export const RecordsQuery = Type.Object({
  ...PeriodQuery,
  node: FilterQuery.node,
  after: Type.Optional(Type.String({ description: "Id of the last record of the page before" })),
  limit: Type.Integer({ minimum: 1, maximum: 5000, default: 500, description: "At most so many, in order of time" }),
});

export const ProcessesQuery = Type.Object({
  limit: Type.Integer({ minimum: 1, maximum: 10_000, default: 50, description: "At most so many, most energy first" }),
});

export const ProcessesSchema = Type.Object({
  record: Type.String({ description: "Id of the record that they are of" }),
  node: Type.String({ description: "Node" }),
  from: Type.String({ description: "RFC 3339" }),
  to: Type.String({ description: "RFC 3339" }),
  processes: Type.Array(
    Type.Object({
      pid: Type.Integer({ description: "Process number" }),
      name: Type.String({ description: "Program, 15 characters of it; the process itself can change it" }),
      workload: Type.Union([Type.String(), Type.Null()], { description: "Null: it is no workload's" }),
      replica: Type.Union([Type.String(), Type.Null()], { description: "As the workload" }),
      cpuSeconds: Type.Number({ description: "CPU time that it used" }),
      energyKwh: Type.Number({ description: "Its share of its replica's, or the system's, idle share included" }),
      gramsCo2e: Type.Number({ description: "Operational, location-based" }),
    }),
    { description: "Those that used CPU time" },
  ),
});

export const IdParams = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 64, description: "Id of the record" }),
});

export const NodeParams = Type.Object({
  node: Type.String({ minLength: 1, maxLength: 253, description: "Name of the node" }),
});

export const MeasurementSchema = Type.Object(
  {
    utilisation: Type.Number({ minimum: 0, maximum: 1, description: "Share of the processors that was busy" }),
    watts: Type.Number({ exclusiveMinimum: 0, maximum: 1e6, description: "Mean power meanwhile" }),
    frequencyShare: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: 1.5,
        description: "Mean frequency of the cores meanwhile, as a share of their highest",
      }),
    ),
    of: Type.Union([Type.Literal("processors"), Type.Literal("node")], {
      default: "node",
      description: "What was measured; of a whole node the modelled power of memory and disks is taken off",
    }),
    source: Type.String({ minLength: 1, maxLength: 200, description: "Instrument and date" }),
  },
  { additionalProperties: false },
);

export const ModelSchema = Type.Object({
  name: Type.String({ description: "Name of the model" }),
  source: Type.String({ description: "Where its numbers are from" }),
  uncertaintyPercent: Type.Union([Type.Number(), Type.Null()], { description: "Half of the 95 % interval" }),
  watts: Type.Array(Type.Number(), { description: "W of the processors at 0, 10 ... 100 % load" }),
});
