import { type Static, Type } from "@sinclair/typebox";
import type { FastifyInstance } from "fastify";
import { MnoError } from "../../exports";
import type { Clock } from "../../kernel/clock";
import { fromMicrograms, fromNanoKwh } from "../../kernel/energy/exact";
import { sciOf } from "../../kernel/energy/sci";
import type { Monitor } from "./monitor";
import { periodAsked } from "./period";
import { RecordSchema } from "./record";
import {
  EnergyQuery,
  EnergySchema,
  IdParams,
  MeasurementSchema,
  ModelSchema,
  NodeParams,
  ProcessesQuery,
  ProcessesSchema,
  RecordsQuery,
  SciQuery,
  SciSchema,
} from "./schemas";
import type { EnergyStore, Sums } from "./store";

interface RouteDependencies {
  store: EnergyStore;
  clock: Clock;
  /** The present one: each leader's term has its own. */
  monitor: () => Monitor;
}

const BOUNDARY =
  "processors, memory and disks of the nodes with their data centre's overhead, idle share included; embodied carbon of the servers; " +
  "no end-user devices; location-based, no market-based measures";

/** The engine's own HTTP API. */
export function registerRoutes(http: FastifyInstance, { store, clock, monitor }: RouteDependencies): void {
  http.get<{ Querystring: Static<typeof EnergyQuery> }>(
    "/v1/energy",
    {
      schema: {
        operationId: "getEnergy",
        tags: ["energy"],
        summary: "Energy and emissions of a period by workload, tenant, node, region or kind",
        querystring: EnergyQuery,
        response: { 200: EnergySchema },
      },
    },
    async ({ query }) => {
      const period = periodAsked(query, clock.now());
      const filter = { ...query, ...period };
      const sums = await store.sums(query.by, filter);
      const bySignal = Map.groupBy(sums, ({ signal }) => signal);
      return {
        ...inWords(period),
        groups: sums.map((one) => ({ key: one.key, signal: one.signal, ...amountsOf([one]), records: one.records })),
        totals: [...bySignal].map(([signal, each]) => ({ signal, ...amountsOf(each) })),
        basis: await store.provenance(filter),
      };
    },
  );

  http.get<{ Querystring: Static<typeof SciQuery> }>(
    "/v1/sci",
    {
      schema: {
        operationId: "getSci",
        tags: ["energy"],
        summary: "Software Carbon Intensity (ISO/IEC 21031:2024) of a period per request, user or job",
        querystring: SciQuery,
        response: { 200: SciSchema },
      },
    },
    async ({ query }) => {
      const period = periodAsked(query, clock.now());
      const filter = { ...query, ...period };
      const sums = await store.sums(undefined, filter);
      const [only] = sums;
      if (!only) throw new MnoError("MNO_SCI_INVALID", "Nothing was measured of this in the period");
      if (sums.length > 1) {
        throw new MnoError(
          "MNO_CARBON_SIGNALS_MIXED",
          "The period has average and marginal intensities, which one score must not mix: ask for a shorter period",
        );
      }
      const { energyKwh, gramsCo2e, embodiedGramsCo2e } = amountsOf(sums);
      const score = sciOf(gramsCo2e, embodiedGramsCo2e, query.count);
      return {
        ...inWords(period),
        sci: score.gramsPerUnit,
        per: query.per,
        count: query.count,
        energyKwh,
        gramsPerKwh: energyKwh > 0 ? gramsCo2e / energyKwh : 0,
        operationalGrams: score.operationalGrams,
        embodiedGrams: score.embodiedGrams,
        signal: only.signal,
        method: "ISO/IEC 21031:2024",
        boundary: BOUNDARY,
        basis: await store.provenance(filter),
      };
    },
  );

  http.get<{ Querystring: Static<typeof RecordsQuery> }>(
    "/v1/records",
    {
      schema: {
        operationId: "listRecords",
        tags: ["records"],
        summary: "Raw records of a period, in order of time",
        querystring: RecordsQuery,
        response: { 200: Type.Object({ items: Type.Array(RecordSchema, { description: "The records" }) }) },
      },
    },
    async ({ query }) => {
      const { from, to } = periodAsked(query, clock.now());
      return { items: await store.records(from, to, query.limit, query.node, query.after) };
    },
  );

  http.get<{ Params: Static<typeof IdParams> }>(
    "/v1/records/:id",
    {
      schema: {
        operationId: "getRecord",
        tags: ["records"],
        summary: "One record, with the method, the factors and the intensity that it rests on",
        params: IdParams,
        response: { 200: RecordSchema },
      },
    },
    async ({ params }) => {
      const record = await store.record(params.id);
      if (record) return record;
      throw new MnoError("MNO_ENERGY_RECORD_NOT_FOUND", `There is no energy record ${params.id}`);
    },
  );

  http.get<{ Querystring: Static<typeof ProcessesQuery> }>(
    "/v1/processes",
    {
      schema: {
        operationId: "listProcesses",
        tags: ["records"],
        summary: "Whose the last record of this machine was, by process",
        querystring: ProcessesQuery,
        response: { 200: ProcessesSchema },
      },
    },
    async ({ query }) => {
      const latest = monitor().processes();
      if (latest) return { ...latest, processes: latest.processes.slice(0, query.limit) };
      throw new MnoError(
        "MNO_NOT_FOUND",
        "This replica has recorded no processes yet: they can be seen on the local cluster, by the replica that leads",
      );
    },
  );

  http.get<{ Params: Static<typeof NodeParams> }>(
    "/v1/nodes/:node/power-model",
    {
      schema: {
        operationId: "getPowerModel",
        tags: ["nodes"],
        summary: "The power model of a node's processors, calibrated where there are measurements",
        params: NodeParams,
        response: { 200: ModelSchema },
      },
    },
    async ({ params }) => modelOf(monitor(), params.node),
  );

  http.post<{ Params: Static<typeof NodeParams>; Body: Static<typeof MeasurementSchema> }>(
    "/v1/nodes/:node/measurements",
    {
      schema: {
        operationId: "addMeasurement",
        tags: ["nodes"],
        summary: "Add a measured power, by a wattmeter say, to which the node's model is calibrated",
        params: NodeParams,
        body: MeasurementSchema,
        response: { 201: ModelSchema },
      },
    },
    async ({ params, body }, reply) => {
      const { profile } = knownNode(monitor(), params.node);
      const others = body.of === "node" ? profile.memoryWatts + profile.storageWatts : 0;
      if (body.watts <= others) {
        const message = `must be above the ${others.toFixed(1)} W that memory and disks are modelled with`;
        throw new MnoError("MNO_REQUEST_INVALID", `body/watts ${message}`, {
          faults: [{ field: "body/watts", message }],
        });
      }
      const { utilisation, frequencyShare } = body;
      const point = { utilisation, watts: body.watts - others, frequencyShare };
      await store.addMeasurement(params.node, clock.now(), body.source, point);
      await monitor().recalibrate(params.node);
      return reply.code(201).send(modelOf(monitor(), params.node));
    },
  );
}

function knownNode(monitor: Monitor, node: string) {
  const known = monitor.profileOf(node);
  if (known) return known;
  throw new MnoError("MNO_NOT_FOUND", `Node ${node} was not seen by this replica; it may not be the one that measures`);
}

function modelOf(monitor: Monitor, node: string): Static<typeof ModelSchema> {
  const { model } = knownNode(monitor, node);
  return {
    name: model.name,
    source: model.source,
    uncertaintyPercent: model.uncertaintyPercent ?? null,
    watts: Array.from({ length: 11 }, (_, tenth) => model.watts(tenth / 10)),
  };
}

function inWords({ from, to }: { from: number; to: number }): { from: string; to: string } {
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
}

function amountsOf(sums: readonly Sums[]) {
  const total = (member: "energy" | "idle" | "carbon" | "embodied"): bigint =>
    sums.reduce((sum, one) => sum + one[member], 0n);
  return {
    energyKwh: fromNanoKwh(total("energy")),
    idleKwh: fromNanoKwh(total("idle")),
    gramsCo2e: fromMicrograms(total("carbon")),
    embodiedGramsCo2e: fromMicrograms(total("embodied")),
  };
}
