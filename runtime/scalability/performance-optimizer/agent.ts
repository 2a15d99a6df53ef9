import { type Static, Type } from "@sinclair/typebox";
import type { AgentDefinition } from "../../kernel/lifecycle/agent";
import { Advisor } from "./advice/advisor";
import { httpKnobClient } from "./experiments/knob-client";
import { ExperimentRunner } from "./experiments/runner";
import { createInstruments } from "./instruments";
import { registerRoutes } from "./routes";
import { Sampler } from "./sampler";
import { OptimizerStore } from "./store";

const Configuration = Type.Object({
  MNO_OPTIMIZER_SAMPLE_SECONDS: Type.Number({
    minimum: 1,
    maximum: 3600,
    default: 60,
    description: "Seconds between two samples of what the replicas use",
  }),
  MNO_OPTIMIZER_ADVISE_SECONDS: Type.Number({
    minimum: 1,
    maximum: 86_400,
    default: 600,
    description: "Seconds between two rounds of advice",
  }),
  MNO_OPTIMIZER_LEAST_CONFIDENCE: Type.Number({
    minimum: 0,
    maximum: 1,
    default: 0.3,
    description: "Nothing is advised with less confidence (0 to 1; half after a day of samples every minute)",
  }),
});
type Configuration = Static<typeof Configuration>;

const EXPERIMENT_MILLISECONDS = 1000;
const PRUNE_MILLISECONDS = 3600_000;

/** Watches what workloads use, advises what they ought to request, finds what holds them up, and tries out knobs. */
export const performanceOptimizer: AgentDefinition<Configuration> = {
  name: "performance-optimizer",
  configuration: Configuration,

  async start(context) {
    const { config, log, clock, random, tracer, metrics, outbox, database, cluster, http } = context;
    const store = new OptimizerStore(database);
    await store.migrate();
    const instruments = createInstruments(metrics);
    const intervalMilliseconds = config.MNO_OPTIMIZER_SAMPLE_SECONDS * 1000;
    const sampler = new Sampler({ cluster, store, clock, log, instruments, intervalMilliseconds });
    const advisor = new Advisor({
      cluster,
      store,
      clock,
      random,
      tracer,
      instruments,
      leastConfidence: config.MNO_OPTIMIZER_LEAST_CONFIDENCE,
      onIssued: () => outbox.nudge(),
    });
    const runner = new ExperimentRunner({ store, client: httpKnobClient, clock, random, log, instruments });

    registerRoutes(http, { store, advisor, runner, cluster });
    context.readyWhen("database", () => database.ping());
    // One replica samples: two would count every sample twice, and turn knobs against each other.
    context.whileLeading(async (term) => {
      await sampler.load();
      runner.reset();
      term.every("sample", intervalMilliseconds, () => sampler.round());
      term.every("advise", config.MNO_OPTIMIZER_ADVISE_SECONDS * 1000, () => advisor.round(sampler.histories));
      term.every("experiments", EXPERIMENT_MILLISECONDS, () => runner.round(term.signal));
      term.every("prune", PRUNE_MILLISECONDS, () => store.prune(clock.now()));
    });
  },
};
