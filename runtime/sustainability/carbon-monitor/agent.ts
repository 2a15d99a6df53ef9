import { MnoError } from "../../exports";
import { monotonicClock, systemClock } from "../../kernel/clock";
import type { AgentDefinition } from "../../kernel/lifecycle/agent";
import { Configuration } from "./configuration";
import { createInstruments } from "./instruments";
import { thisMachine } from "./local-machine";
import { Monitor } from "./monitor";
import { Recorder } from "./recorder";
import { registerRoutes } from "./routes";
import { Sampler } from "./sampler";
import { registerSdkRoutes } from "./sdk-routes";
import { EnergyStore } from "./store";

const PRUNE_MILLISECONDS = 3_600_000;
const DAY_MILLISECONDS = 86_400_000;

/** Measures what each node uses, whose it is and what it emits; serves figures and the grid's intensity over HTTP. */
export const carbonMonitor: AgentDefinition<Configuration> = {
  name: "carbon-monitor",
  configuration: Configuration,

  async start(context) {
    const { config, clock, metrics, database, cluster, http, intensity } = context;
    const names = config.MNO_CARBON_BUDGETS.map((budget) => budget.name);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) {
      throw new MnoError("MNO_CONFIG_INVALID", `MNO_CARBON_BUDGETS has more than one budget named ${twice}`);
    }
    const store = new EnergyStore(database);
    await store.migrate();
    const instruments = createInstruments(metrics);
    const machine = thisMachine();
    const { MNO_CARBON_BUDGETS: budgets, MNO_CARBON_INTENSITY_LINES: lines } = config;
    const recorder = new Recorder(context, store, instruments, budgets, lines);
    const steady = clock === systemClock ? monotonicClock : clock;
    const newMonitor = (): Monitor =>
      new Monitor(context, new Sampler(cluster, machine, steady), machine, store, recorder, instruments);
    let monitor = newMonitor();

    registerRoutes(http, { store, clock, monitor: () => monitor });
    registerSdkRoutes(http, { intensity, clock });
    context.readyWhen("database", () => database.ping());
    // One replica measures: what two saw would be counted twice.
    context.whileLeading(async (term) => {
      // What was seen before an earlier term ended was recorded then.
      monitor = newMonitor();
      term.onStop(() => monitor.flush());
      term.every("sample", config.MNO_CARBON_SAMPLE_SECONDS * 1000, () => monitor.round());
      term.every("prune", PRUNE_MILLISECONDS, () =>
        store.prune(clock.now() - config.MNO_CARBON_RETENTION_DAYS * DAY_MILLISECONDS),
      );
    });
  },
};
