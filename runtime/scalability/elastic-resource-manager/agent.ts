import type { AgentContext, AgentDefinition } from "../../kernel/lifecycle/agent";
import { DatabaseClock } from "../../kernel/store/database-clock";
import { Admission, ADMISSION_MILLISECONDS } from "./admission";
import { ClusterView } from "./cluster-view";
import { type Configuration, CONFIGURATION } from "./configuration";
import { decisionIds } from "./ids";
import { Instruments } from "./instruments";
import { Ledger } from "./ledger";
import { LostNodes } from "./lost-nodes";
import { ResourceManager } from "./manager";
import { installRoutes } from "./routes";
import { AllocationStore } from "./store";

const EXPIRE_MILLISECONDS = 1000;
const PRUNE_MILLISECONDS = 60_000;

/** Grants capacity of the cluster to tenants and workloads: durable, explained, and never more than there is. */
export const elasticResourceManager: AgentDefinition = {
  name: "elastic-resource-manager",
  configuration: CONFIGURATION,
  start: (context) => start(context as AgentContext<Configuration>),
};

async function start(context: AgentContext<Configuration>): Promise<void> {
  const { config, database, outbox, tracer, http } = context;
  const weights = config.MNO_ERM_TENANT_WEIGHTS;
  const store = new AllocationStore(database);
  await store.migrate();
  const clock = new DatabaseClock(database, context.clock);
  await clock.read();

  const quotas = config.MNO_ERM_TENANT_QUOTAS;
  const nextDecisionId = decisionIds(clock, context.random);
  const ledger = new Ledger({ database, store, clock, nextDecisionId, weights, quotas });
  const view = new ClusterView(context.cluster, ledger.capacity, clock);
  const instruments = new Instruments(context.metrics, {
    cpuCoreHour: config.MNO_ERM_CPU_CORE_HOUR_USD,
    memoryGibHour: config.MNO_ERM_MEMORY_GIB_HOUR_USD,
  });
  const manager = new ResourceManager({
    ledger,
    store,
    view,
    instruments,
    tracer,
    clock,
    onCommit: () => outbox.nudge(),
  });
  context.onStop(() => manager.drain());
  await manager.refresh();

  context.every("refresh", config.MNO_ERM_REFRESH_SECONDS * 1000, () => manager.refresh());
  const admission = new Admission({
    manager,
    cluster: context.cluster,
    active: () => ledger.active,
    strategy: config.MNO_ERM_STRATEGY,
    log: context.log,
  });
  // Every replica answers requests, and keeps its picture of the cluster for that; one does what nobody asked for.
  context.whileLeading(async (term) => {
    const period = Math.min(config.MNO_ERM_REFRESH_SECONDS * 1000, ADMISSION_MILLISECONDS);
    term.every("admit jobs", period, () => admission.round(term.signal));
    const lost = new LostNodes(config.MNO_ERM_NODE_LOST_SECONDS * 1000);
    term.every("release gangs of lost nodes", config.MNO_ERM_REFRESH_SECONDS * 1000, () => manager.loseNodes(lost));
    term.every("expire leases", EXPIRE_MILLISECONDS, () => manager.expire());
    term.every("prune", PRUNE_MILLISECONDS, async () => {
      await store.prune(clock.now() - config.MNO_ERM_RETENTION_SECONDS * 1000);
    });
  });
  context.readyWhen("database", () => database.ping());

  installRoutes(http, {
    name: context.name,
    manager,
    store,
    capacity: ledger.capacity,
    mix: ledger.mix,
    defaults: { strategy: config.MNO_ERM_STRATEGY, leaseSeconds: config.MNO_ERM_DEFAULT_LEASE_SECONDS },
    quotas: { declared: quotas, set: () => ledger.quotas },
    active: () => ledger.active,
    weights,
    workers: context.workers,
    clock,
  });
}
