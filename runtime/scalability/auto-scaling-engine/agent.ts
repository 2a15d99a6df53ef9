import { EventEmitter } from "node:events";
import { type Static, Type } from "@sinclair/typebox";
import { type FieldFault, MnoError } from "../../exports";
import type { EventData } from "../../kernel/events/catalogue";
import type { CloudEvent } from "../../kernel/events/cloudevent";
import type { AgentContext, AgentDefinition, LeaderTerm } from "../../kernel/lifecycle/agent";
import type { Trigger } from "./decision";
import { Evaluator } from "./evaluator";
import { Forecaster } from "./forecaster";
import { createInstruments } from "./instruments";
import { serveKeda } from "./keda/server";
import { MetricsSource } from "./metrics-source";
import { NodeAdvisor } from "./node-advisor";
import { DEFAULT_OPTIONS } from "./replica-calculator";
import { registerRoutes } from "./routes";
import type { ScalerSpec } from "./spec";
import { ScalerStore } from "./store";
import { validateScaler } from "./validate";

const Configuration = Type.Object({
  MNO_AUTOSCALING_SYNC_SECONDS: Type.Number({
    minimum: 0.1,
    maximum: 3600,
    default: 15,
    description: "Seconds between two evaluations of every scaler",
  }),
  MNO_AUTOSCALING_SCALERS: Type.Array(Type.Unknown(), {
    default: [],
    description: "Scalers to declare at start, as PUT /v1/scalers takes them, each with its workload (JSON array)",
  }),
  MNO_AUTOSCALING_CPU_INITIALIZATION_SECONDS: Type.Number({
    minimum: 0,
    default: DEFAULT_OPTIONS.cpuInitializationSeconds,
    description: "Seconds after a replica's start during which its CPU counts only while it is ready",
  }),
  MNO_AUTOSCALING_INITIAL_READINESS_SECONDS: Type.Number({
    minimum: 0,
    default: DEFAULT_OPTIONS.initialReadinessSeconds,
    description: "Seconds after its start within which a replica that became unready counts as never ready",
  }),
  MNO_AUTOSCALING_CPU_SAMPLE_SECONDS: Type.Number({
    minimum: 0,
    default: DEFAULT_OPTIONS.cpuSampleSeconds,
    description: "Seconds that one CPU sample of the cluster covers",
  }),
  MNO_AUTOSCALING_MOST_SAMPLE_AGE_SECONDS: Type.Number({
    minimum: 1,
    default: DEFAULT_OPTIONS.mostSampleAgeSeconds,
    description: "Values that were measured longer ago count as missing",
  }),
  MNO_ASE_KEDA_PORT: Type.Integer({
    minimum: 0,
    maximum: 65535,
    default: 0,
    description: "Port of KEDA's external scaler (gRPC), for scalers with act serve; 0: off",
  }),
  MNO_ASE_KEDA_HOST: Type.String({
    default: "127.0.0.1",
    description: "Address that KEDA's external scaler listens on",
  }),
  MNO_ASE_NODES_SECONDS: Type.Number({
    minimum: 0,
    default: 30,
    description: "Seconds between two looks at the nodes for advice on their number; 0: off",
  }),
});
type Configuration = Static<typeof Configuration>;

const PRUNE_MILLISECONDS = 60_000;

/**
 * Keeps each workload's replicas in line with its metrics: every sync period, at once when the elastic resource manager
 * grants or takes back replicas, and on request.
 */
export const autoScalingEngine: AgentDefinition<Configuration> = {
  name: "auto-scaling-engine",
  configuration: Configuration,

  async start(context) {
    const { config, log, clock, random, metrics, tracer, outbox, database, cluster, http } = context;
    const declared = validateDeclared(config.MNO_AUTOSCALING_SCALERS);
    const store = new ScalerStore(database);
    await store.migrate();
    await store.declare(declared);

    const instruments = createInstruments(metrics);
    const source = new MetricsSource(clock, (workload, replica, error) => {
      instruments.scrapeFailed();
      log.debug({ err: error, workload, replica }, "the replica's metrics could not be read");
    });
    context.onStop(() => source.close());
    const options = {
      cpuInitializationSeconds: config.MNO_AUTOSCALING_CPU_INITIALIZATION_SECONDS,
      initialReadinessSeconds: config.MNO_AUTOSCALING_INITIAL_READINESS_SECONDS,
      cpuSampleSeconds: config.MNO_AUTOSCALING_CPU_SAMPLE_SECONDS,
      mostSampleAgeSeconds: config.MNO_AUTOSCALING_MOST_SAMPLE_AGE_SECONDS,
      mostGrowth: DEFAULT_OPTIONS.mostGrowth,
    };
    const forecaster = new Forecaster(database);
    const served = new EventEmitter();
    const evaluator = new Evaluator({
      store,
      source,
      forecaster,
      cluster,
      clock,
      random,
      tracer,
      log,
      instruments,
      options,
      onScaled: () => outbox.nudge(),
      onServed: (workload) => served.emit("changed", workload),
    });
    context.onStop(() => evaluator.idle());

    registerRoutes(http, { store, source, forecaster, evaluator, instruments });
    if (config.MNO_ASE_KEDA_PORT > 0) {
      const keda = await serveKeda(
        { served: (workload) => store.served(workload), clock, changes: served },
        config.MNO_ASE_KEDA_HOST,
        config.MNO_ASE_KEDA_PORT,
      );
      context.onStop(() => keda.close());
      log.info({ port: keda.port }, "KEDA's external scaler is served");
    }
    context.readyWhen("database", () => database.ping());
    // Every replica evaluates on request, and may have shown what was deleted at another.
    context.every("forget series", PRUNE_MILLISECONDS, async () => {
      instruments.retain(new Set((await store.list()).map(({ workload }) => workload)));
    });
    // One replica evaluates: rates need its memory of the scrape before. The store refuses whoever evaluates beside it.
    context.whileLeading(async (term) => {
      // What another leader has learnt since is in the database.
      forecaster.retain(new Set());
      term.onStop(() => forecaster.close());
      // The next leader's figures are the present ones.
      term.onStop(async () => instruments.retain(new Set()));
      await consumeGrants(context, term, store, evaluator);
      term.every("evaluate", config.MNO_AUTOSCALING_SYNC_SECONDS * 1000, () => evaluator.round(term.signal));
      if (config.MNO_ASE_NODES_SECONDS > 0) {
        const advisor = new NodeAdvisor(context);
        term.every("nodes", config.MNO_ASE_NODES_SECONDS * 1000, () => advisor.look());
      }
      term.every("prune", PRUNE_MILLISECONDS, () => store.prune(clock.now()));
    });
  },
};

/** Errors: MNO_CONFIG_INVALID with the faults of all scalers at once. */
function validateDeclared(inputs: readonly unknown[]): ScalerSpec[] {
  const faults: FieldFault[] = [];
  const specs = inputs.flatMap((input, index) => {
    const at = `MNO_AUTOSCALING_SCALERS/${String(index)}`;
    try {
      return [validateScaler(input)];
    } catch (error) {
      if (!(error instanceof MnoError)) throw error;
      faults.push(...error.faults.map(({ field, message }) => ({ field: `${at}${field}`, message })));
      return [];
    }
  });
  const names = specs.map((spec) => spec.workload);
  for (const name of new Set(names.filter((other, index) => names.indexOf(other) !== index))) {
    faults.push({ field: "MNO_AUTOSCALING_SCALERS", message: `has more than one scaler for workload ${name}` });
  }
  if (faults.length > 0) {
    throw new MnoError("MNO_CONFIG_INVALID", faults.map((f) => `${f.field} ${f.message}`).join("; "), { faults });
  }
  return specs;
}

/** Keeps the granted replicas of each workload up to date, and evaluates the workload in the same trace. */
async function consumeGrants(
  context: AgentContext<Configuration>,
  term: LeaderTerm,
  store: ScalerStore,
  evaluator: Evaluator,
): Promise<void> {
  const { bus, clock, log } = context;
  const evaluate = async (workload: string, trigger: Trigger): Promise<void> => {
    try {
      await evaluator.evaluate(workload, trigger, term.signal);
    } catch (error) {
      if (error instanceof MnoError && error.code === "MNO_SCALER_NOT_FOUND") {
        return log.debug({ workload }, "the grant is recorded; the workload has no scaler");
      }
      // The event did its part when its grant was stored: to deliver it again would not mend the evaluation.
      log.warn({ err: error, workload }, "the grant is recorded; its evaluation failed and is due in the next round");
    }
  };
  const subscription = await bus.subscribe(
    {
      consumer: "auto-scaling-engine",
      types: ["mno.scalability.resource.allocated", "mno.scalability.resource.released"],
    },
    async (event: CloudEvent) => {
      const { allocationId, workload, replicas } = event.data as EventData<"mno.scalability.resource.released">;
      if (workload === null) return log.debug({ allocationId }, "the allocation names no workload: nothing to scale");
      if (event.type === "mno.scalability.resource.allocated") {
        await store.grant(allocationId, workload, replicas);
        await evaluate(workload, "resource.allocated");
      } else {
        await store.endGrant(allocationId, workload, replicas, clock.now());
        await evaluate(workload, "resource.released");
      }
    },
  );
  term.onStop(() => subscription.close());
}
