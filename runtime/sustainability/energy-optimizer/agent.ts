import { request } from "undici";
import { MnoError } from "../../exports";
import type { EventData } from "../../kernel/events/catalogue";
import { sibling } from "../../kernel/http/sibling";
import type { AgentContext, AgentDefinition, LeaderTerm } from "../../kernel/lifecycle/agent";
import { Auditor } from "./auditor";
import { type Configuration, CONFIGURATION, declaredSchedules } from "./configuration";
import { Declarations } from "./declared";
import { createInstruments } from "./instruments";
import { Keeper } from "./keeper";
import { Planner } from "./planner";
import { Proposer } from "./proposer";
import { installRoutes } from "./routes";
import { coresOf } from "./sampler";
import { EnergyStore } from "./store";

const ENFORCE_MILLISECONDS = 15_000;
const PRUNE_MILLISECONDS = 3_600_000;
const ANSWER_MILLISECONDS = 10_000;

/** Finds what uses energy for nothing, plans what to do about it, and measures what it came to. */
export const energyOptimizer: AgentDefinition<Configuration> = {
  name: "energy-optimizer",
  configuration: CONFIGURATION,

  async start(context) {
    const { config, log, clock, random, metrics, tracer, outbox, database, cluster, http } = context;
    const declared = new Declarations(declaredSchedules(config), log);
    const store = new EnergyStore(database);
    await store.migrate();
    const instruments = createInstruments(metrics);
    const sampleSeconds = config.MNO_EO_SAMPLE_SECONDS;
    const proposer = new Proposer({ store, clock, random, tracer, instruments, onProposed: () => outbox.nudge() });
    const powercapFolder = config.MNO_EO_POWERCAP_PATH;
    const lifetimeHours = config.MNO_EO_LIFETIME_HOURS;
    const planner = new Planner({
      cluster,
      store,
      clock,
      sampleSeconds,
      lifetimeHours,
      powercapFolder,
      declared,
      proposer,
    });
    const keeper = new Keeper({ cluster, store, clock, instruments, mode: config.MNO_EO_MODE, post: poster(config) });
    const auditor = new Auditor({ store, keeper, clock, tracer, instruments, onJudged: () => outbox.nudge() });

    installRoutes(http, { store, planner, proposer, keeper });
    context.readyWhen("database", () => database.ping());
    // One replica counts, plans and acts: two would count every sample twice.
    context.whileLeading(async (term) => {
      await consume(context, term, store);
      term.every("sample", sampleSeconds * 1000, async () => store.sample(coresOf(await cluster.list()), clock.now()));
      term.every("plan", config.MNO_EO_PLAN_SECONDS * 1000, async () => {
        await planner.round();
        instruments.found((await planner.idle()).values());
      });
      term.every("measure", config.MNO_EO_PLAN_SECONDS * 1000, () => auditor.round());
      term.every("enforce", ENFORCE_MILLISECONDS, async () => {
        for (const err of await keeper.enforce()) log.warn({ err }, "a sleep plan could not be kept; trying again");
      });
      term.every("prune", PRUNE_MILLISECONDS, () => store.prune(clock.now()));
    });
  },
};

async function consume(
  { bus, clock }: AgentContext<Configuration>,
  term: LeaderTerm,
  store: EnergyStore,
): Promise<void> {
  const subscription = await bus.subscribe(
    {
      consumer: "energy-optimizer",
      types: ["mno.sustainability.energy.measured", "mno.scalability.advice.issued"],
    },
    async ({ type, data }) => {
      if (type === "mno.sustainability.energy.measured") {
        await store.measured(data as EventData<"mno.sustainability.energy.measured">);
      } else {
        await store.advise(data as EventData<"mno.scalability.advice.issued">, clock.now());
      }
    },
  );
  term.onStop(() => subscription.close());
}

/** POSTs to the runtime that has the other engines. */
function poster(config: Configuration): (path: string) => Promise<void> {
  const { baseUrl, headers } = sibling(config, config.MNO_EO_RUNTIME_URL);
  return async (path) => {
    const refuse = (why: string): never => {
      throw new MnoError("MNO_ENERGY_PLAN_CONFLICT", `${baseUrl}${path}: ${why}`);
    };
    const { statusCode, body } = await request(`${baseUrl}${path}`, {
      method: "POST",
      headers,
      signal: AbortSignal.timeout(ANSWER_MILLISECONDS),
    }).catch((error: unknown) => refuse(String(error)));
    const text = await body.text();
    if (statusCode >= 300) refuse(`${statusCode} ${text.slice(0, 500)}`);
  };
}
