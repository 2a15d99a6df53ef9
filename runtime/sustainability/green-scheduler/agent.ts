import type { AgentContext, AgentDefinition } from "../../kernel/lifecycle/agent";
import { type Configuration, CONFIGURATION } from "./configuration";
import { planAll, whatIf } from "./engine";
import { timedId } from "./ids";
import { createInstruments } from "./instruments";
import { Board } from "./jobs/board";
import { Desk } from "./jobs/desk";
import { Forecasts } from "./jobs/forecasts";
import { Planning } from "./jobs/planning";
import { Scheduler } from "./jobs/scheduler";
import { Settlement } from "./jobs/settlement";
import { Outlooks } from "./outlook";
import { registerRoutes } from "./routes";
import { SchedulerStore } from "./store";

const HOUR = 3_600_000;
const PRUNE_MILLISECONDS = HOUR;

/** Runs batch jobs when and where the grid is clean, and never later than their deadlines allow. */
export const greenScheduler: AgentDefinition<Configuration> = {
  name: "green-scheduler",
  configuration: CONFIGURATION,
  start,
};

async function start(context: AgentContext<Configuration>): Promise<void> {
  const { config, clock, random, log, tracer, outbox, database, cluster, intensity } = context;
  const store = new SchedulerStore(database);
  await store.migrate();
  const instruments = createInstruments(context.metrics);
  const region = config.MNO_CARBON_REGION;
  const roundMilliseconds = config.MNO_GS_ROUND_SECONDS * 1000;
  const timeoutMilliseconds = config.MNO_GS_FEED_TIMEOUT_SECONDS * 1000;
  // A round may begin just before the line, and wait for a feed that does not answer.
  const marginMilliseconds = 2 * roundMilliseconds + timeoutMilliseconds;
  const defaults = {
    region,
    marginMilliseconds,
    durationSeconds: config.MNO_GS_DEFAULT_DURATION_SECONDS,
    wattsPerCore: config.MNO_GS_WATTS_PER_CORE,
  };
  const newDecisionId = (): string => timedId("dec", clock.now(), random);
  const newJobId = (): string => timedId("job", clock.now(), random);
  const events = { clock, tracer };
  const onCommit = (): void => outbox.nudge();
  /** Each its own memory of forecasts: what a request asks for does not touch what the leader compares with. */
  const newPlanning = (): Planning =>
    new Planning({
      planner: { planAll, whatIf },
      forecasts: new Forecasts({ intensity, clock, timeoutMilliseconds }),
      defaults,
      stepMilliseconds: config.MNO_GS_STEP_SECONDS * 1000,
      horizonMilliseconds: config.MNO_GS_HORIZON_HOURS * HOUR,
    });

  context.whileLeading(async (term) => {
    const board = new Board({ cluster, store, clock, region, newId: newJobId, onCommit });
    const settlement = new Settlement({
      board,
      intensity,
      instruments,
      clock,
      events,
      newDecisionId,
      defaults,
      timeoutMilliseconds,
    });
    const scheduler = new Scheduler({
      board,
      planning: newPlanning(),
      settlement,
      cluster,
      instruments,
      log,
      events,
      newDecisionId,
      region,
      marginMilliseconds,
      graceMilliseconds: config.MNO_GS_FEED_GRACE_SECONDS * 1000,
    });
    term.every("schedule", roundMilliseconds, () => scheduler.round(term.signal));
    term.every("prune", PRUNE_MILLISECONDS, () => store.prune(clock.now() - config.MNO_GS_RETENTION_DAYS * 24 * HOUR));
  });
  context.readyWhen("database", () => database.ping());

  const desk = new Desk({
    store,
    planning: newPlanning(),
    clock,
    events,
    region,
    newJobId,
    newDecisionId,
    onCommit,
  });
  const forecasts = new Forecasts({ intensity, clock, timeoutMilliseconds });
  const outlooks = new Outlooks({ intensity, forecasts, clock, region, timeoutMilliseconds });
  registerRoutes(context.http, { desk, store, clock, outlooks });
}
