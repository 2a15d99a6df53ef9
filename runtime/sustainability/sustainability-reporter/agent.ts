import type { AgentContext, AgentDefinition } from "../../kernel/lifecycle/agent";
import { type Configuration, CONFIGURATION, rulesOf } from "./configuration";
import { createInstruments } from "./instruments";
import { CONSUMED, Intake } from "./intake";
import { MonthCloser } from "./month-closer";
import { DAY } from "./record";
import { ReportStore } from "./report-store";
import { Reporter } from "./reporter";
import { installRoutes } from "./routes";
import { ed25519Signer } from "./signer";
import { RollUpStore } from "./store";

const PRUNE_MILLISECONDS = 3_600_000;
const CLOSE_MILLISECONDS = 600_000;
/** Nodes whose records are written together; events of one node come one by one anyway. */
const MOST_IN_FLIGHT = 512;

/** Adds up what the other sustainability engines measured, and reports it: exactly, with its sources, and for good. */
export const sustainabilityReporter: AgentDefinition<Configuration> = {
  name: "sustainability-reporter",
  configuration: CONFIGURATION,

  async start(context: AgentContext<Configuration>) {
    const { name, config, clock, tracer, log, metrics, bus, outbox, database, http } = context;
    const rollUps = new RollUpStore(database);
    await rollUps.migrate();
    const reports = new ReportStore(database);
    const instruments = createInstruments(metrics);
    const keyFile = config.MNO_SR_SIGNING_KEY_FILE;
    if (keyFile === undefined) log.info("closed reports are not signed: MNO_SR_SIGNING_KEY_FILE is not set");
    const reporter = new Reporter({
      rollUps,
      reports,
      rules: rulesOf(config),
      signer: keyFile === undefined ? null : ed25519Signer(keyFile),
      clock,
      tracer,
      onClosed: ({ revision }) => {
        instruments.closed(revision);
        outbox.nudge();
      },
    });
    const memoryMilliseconds = config.MNO_SR_EVENT_MEMORY_DAYS * DAY;

    installRoutes(http, { name, reporter, reports, publication: config.MNO_SR_PUBLICATION, instruments, clock });
    context.readyWhen("database", () => database.ping());
    context.whileLeading(async (term) => {
      const intake = new Intake({ store: rollUps, clock, instruments, memoryMilliseconds });
      const subscription = await bus.subscribe(
        { consumer: name, types: CONSUMED, maxInFlight: MOST_IN_FLIGHT },
        (event) => intake.take(event),
      );
      term.onStop(() => subscription.close());
      term.every("restate", config.MNO_SR_RESTATE_SECONDS * 1000, () => reporter.restate());
      term.every("prune", PRUNE_MILLISECONDS, async () => {
        await rollUps.prune(clock.now() - memoryMilliseconds);
      });
      if (config.MNO_SR_CLOSE_AFTER_DAYS > 0) {
        const afterDays = config.MNO_SR_CLOSE_AFTER_DAYS;
        const closer = new MonthCloser({ rollUps, reports, reporter, clock, log, afterDays });
        term.every("close the month", CLOSE_MILLISECONDS, () => closer.round());
      }
    });
  },
};
