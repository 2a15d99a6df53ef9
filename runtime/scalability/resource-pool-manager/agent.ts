import type { AgentContext, AgentDefinition } from "../../kernel/lifecycle/agent";
import { MnoError } from "../../exports";
import { DatabaseClock } from "../../kernel/store/database-clock";
import { type Configuration, CONFIGURATION } from "./configuration";
import { Instruments } from "./instruments";
import { PoolManager } from "./manager";
import { installRoutes } from "./routes";
import { PoolStore } from "./store";

const EXPIRE_MILLISECONDS = 1000;
const OBSERVE_MILLISECONDS = 5000;
const PRUNE_MILLISECONDS = 60_000;
/** A replica that has not polled for this long is taken for gone, and those who wait at it are passed over. */
const LEAST_PRESENCE_MILLISECONDS = 3000;

/** Leases of named pools, across processes: one fair queue for each, durable, explained, and no slot ever twice. */
export const resourcePoolManager: AgentDefinition = {
  name: "resource-pool-manager",
  configuration: CONFIGURATION,
  start: (context) => start(context as AgentContext<Configuration>),
};

async function start(context: AgentContext<Configuration>): Promise<void> {
  const { config, random, database, outbox, tracer, log } = context;
  const store = new PoolStore(database);
  await store.migrate();
  const clock = new DatabaseClock(database, context.clock);
  await clock.read();

  const pollMilliseconds = config.MNO_RPM_POLL_SECONDS * 1000;
  const draining = new AbortController();
  const drain = (): void =>
    draining.abort(
      new MnoError(
        "MNO_AGENT_UNAVAILABLE",
        "This replica drains; ask again, under the same idempotency key if you have one",
      ),
    );
  if (context.signal.aborted) drain();
  context.signal.addEventListener("abort", drain, { once: true });
  const manager = new PoolManager({
    database,
    store,
    instruments: new Instruments(context.metrics),
    tracer,
    clock,
    random,
    log,
    pollMilliseconds,
    timing: {
      presenceMilliseconds: Math.max(LEAST_PRESENCE_MILLISECONDS, 4 * pollMilliseconds),
      placeMilliseconds: config.MNO_RPM_PLACE_SECONDS * 1000,
    },
    maximumPools: config.MNO_RPM_MAXIMUM_POOLS,
    signal: draining.signal,
    onCommit: () => outbox.nudge(),
  });
  context.onStop(() => manager.drain());
  context.every("observe", OBSERVE_MILLISECONDS, () => manager.observe());
  // Every replica answers requests, and ends what is over in a pool that is asked; one does it where nobody asks.
  context.whileLeading(async (term) => {
    term.every("expire leases", EXPIRE_MILLISECONDS, () => manager.expire());
    term.every("prune", PRUNE_MILLISECONDS, () => store.prune(clock.now() - config.MNO_RPM_RETENTION_SECONDS * 1000));
  });
  context.readyWhen("database", () => database.ping());
  installRoutes(context.http, { name: context.name, manager, store, clock });
}
