import { hostname } from "node:os";
import { join } from "node:path";
import type { KernelConfiguration } from "../../kernel/config";
import { MnoError } from "../../exports";
import { enqueue } from "../../kernel/events/outbox";
import { sibling } from "../../kernel/http/sibling";
import type { AgentContext, AgentDefinition, LeaderTerm } from "../../kernel/lifecycle/agent";
import { type Configuration, CONFIGURATION } from "./configuration";
import { Detection } from "./detection/detection";
import { incidentEvent } from "./incidents/events";
import { type Incident, mayBecome, noted } from "./incidents/incident";
import { IncidentStore } from "./incidents/store";
import { BUS_TYPES, ofBusEvent } from "./ingest/bus-events";
import { Enrichment } from "./ingest/enrich";
import { Intake } from "./ingest/intake";
import { MAX_AHEAD, PRODUCT } from "./ingest/record";
import { Instruments } from "./instruments";
import { Checkpoints } from "./log/checkpoint";
import { EventLog } from "./log/log";
import { Retention } from "./log/retention";
import { ServiceSigner } from "./log/service-signer";
import { FileSigner } from "./log/signer";
import { type Verification, verifyLog } from "./log/verify";
import { MIGRATIONS } from "./migrations";
import { Dispatcher } from "./notifications/dispatcher";
import { send } from "./notifications/send";
import { performers } from "./responses/actions";
import { Executor } from "./responses/executor";
import type { IsolationParts } from "./responses/isolation";
import { canTarget, propose, type Response } from "./responses/response";
import { ResponseStore } from "./responses/store";
import { eventRoutes } from "./routes/event-routes";
import { incidentRoutes } from "./routes/incident-routes";
import { ingestRoutes } from "./routes/ingest-routes";
import { responseRoutes } from "./routes/response-routes";
import { ruleRoutes } from "./routes/rule-routes";
import { loadRules } from "./rules/load";
import type * as wire from "./schemas";

const TICK_MILLISECONDS = 1000;
const PRUNE_MILLISECONDS = 3_600_000;
const SECOND = 1000;

/** Logs what the fabric sees so that nobody can rewrite it, finds attacks in it, and acts on them. */
export const securityIntelligence: AgentDefinition<Configuration> = {
  name: "security-intelligence",
  configuration: CONFIGURATION,
  confidential: true,

  async start(context) {
    const { config, clock, database, tracer, outbox, http, log: logger } = context;
    await database.migrate("security-intelligence", MIGRATIONS);
    const instruments = new Instruments(context.metrics);
    const log = new EventLog(database, clock);
    const gateway = sibling(config, config.MNO_SI_GATEWAY_URL);
    const keys = sibling(config, config.MNO_SI_KEYS_URL);
    const own = await FileSigner.open(keyFile(config));
    const key = config.MNO_SI_SIGNING_KEY;
    const signer = key === undefined ? own : new ServiceSigner(key, keys, own);
    const checkpoints = new Checkpoints(database, log, signer, clock);
    const incidents = new IncidentStore(database);
    const responses = new ResponseStore(database);
    const enrichment = await Enrichment.open({
      ...(config.MNO_SI_DIRECTORY_FILE === undefined ? {} : { directory: config.MNO_SI_DIRECTORY_FILE }),
      ...(config.MNO_SI_GEO_FILE === undefined ? {} : { geo: config.MNO_SI_GEO_FILE }),
    });
    const events = { clock, tracer };
    const executor = new Executor({
      database,
      store: responses,
      performers: performers({ gateway, keys, isolate: isolationParts(context) }, events, clock),
      policies: config.MNO_SI_RESPONSES.map((policy) => ({ tactics: [], ...policy })),
      context: events,
      clock,
      onEvents: () => outbox.nudge(),
      onExecuted: (action, outcome) => instruments.responded(action, outcome),
    });
    const dispatcher = new Dispatcher(
      database,
      config.MNO_SI_CHANNELS,
      (channel, message) => send(channel, message, clock.now(), hostname()),
      clock,
      (outcome) => instruments.notified(outcome),
    );
    const detection = new Detection({
      database,
      log,
      incidents,
      context: events,
      clock,
      random: context.random,
      lateness: config.MNO_SI_LATENESS_SECONDS * SECOND,
      window: config.MNO_SI_INCIDENT_WINDOW_SECONDS * SECOND,
      announceAt: config.MNO_SI_ANNOUNCE_CONFIDENCE,
      onIncident: async (tx, incident) => {
        await executor.consider(tx, incident);
        await dispatcher.queue(tx, incident);
      },
      onAlert: (alert, incident) => {
        instruments.alerted(alert.level);
        if (incident.alertCount === 1 && incident.status !== "watching") instruments.announced();
        outbox.nudge();
      },
    });
    const readRules = () => loadRules(config.MNO_SI_RULES_FOLDER, config.MNO_SI_PLACEHOLDERS);
    await detection.use(await readRules());
    for (const { source, reason } of detection.loaded.refused) logger.warn({ source }, reason);

    // One source that is ahead takes this much of the time that all others may be late.
    const ahead = Math.min(MAX_AHEAD, (config.MNO_SI_LATENESS_SECONDS * SECOND) / 2);
    const intake = new Intake(log, enrichment, clock, (logged) => detection.offer(logged), ahead);
    context.onStop(() => intake.drain());

    const verify = async (kept?: wire.VerifyRequest): Promise<Verification> => {
      const verification = await verifyLog(database, signer, kept?.checkpoint);
      instruments.verification(verification, clock.now());
      if (!verification.intact)
        logger.error({ faults: verification.faults.slice(0, 10) }, "the security log was tampered with");
      return verification;
    };

    const changeStatus = async (id: string, { status, by, reason }: wire.StatusChange): Promise<Incident> => {
      const changed = await database.transaction(async (tx) => {
        const incident = await incidents.get(id, tx, true);
        if (!mayBecome(incident.status, status)) {
          throw new MnoError(
            "MNO_INCIDENT_CONFLICT",
            `Incident ${id} is ${incident.status} and cannot become ${status}`,
          );
        }
        const next = noted({ ...incident, status }, clock.now(), by, `${status}: ${reason}`);
        await incidents.put(tx, next);
        await dispatcher.queue(tx, next);
        await enqueue(tx, [incidentEvent(next, false, events)]);
        return next;
      });
      detection.changed(changed);
      outbox.nudge();
      return changed;
    };

    const proposeFor = async (id: string, request: wire.ResponseRequest): Promise<Response> => {
      const { action, target, by, reason } = request;
      if (!canTarget(action, target)) {
        throw new MnoError("MNO_RESPONSE_UNSUPPORTED", `${action} is not for a ${target.kind}`);
      }
      await incidents.get(id);
      const response = propose(id, action, target, { automatic: false, reason, by, now: clock.now() });
      await database.transaction((tx) => responses.propose(tx, [response]));
      return responses.get(response.id);
    };

    ingestRoutes(http, { intake, instruments, clock });
    eventRoutes(http, { database, checkpoints, verify });
    incidentRoutes(http, { database, incidents, responses, changeStatus });
    responseRoutes(http, { responses, executor, proposeFor });
    ruleRoutes(http, {
      loaded: () => detection.loaded,
      placeholders: config.MNO_SI_PLACEHOLDERS,
      reload: async () => {
        const loaded = await readRules();
        await detection.use(loaded);
        return loaded;
      },
    });
    context.readyWhen("database", () => database.ping());

    const retention = new Retention(database, log, clock, {
      classes: new Map(
        Object.entries(config.MNO_SI_RETENTION_CLASS_SECONDS).map(([of, seconds]) => [Number(of), seconds]),
      ),
      otherwise: config.MNO_SI_RETENTION_SECONDS,
    });
    // Every replica stores what it is sent; one looks for attacks, signs, acts and forgets.
    context.whileLeading(async (term) => {
      await detection.lead(term);
      await consume(context, term, intake, detection, instruments);
      term.every("correlate", TICK_MILLISECONDS, async () => {
        await detection.tick();
        instruments.observe(detection.detector, await detection.lag());
      });
      term.every("respond", TICK_MILLISECONDS, () => executor.round());
      term.every("notify", TICK_MILLISECONDS, () => dispatcher.round());
      term.every("sign", config.MNO_SI_CHECKPOINT_SECONDS * SECOND, async () => void (await checkpoints.sign()));
      term.every("verify", config.MNO_SI_VERIFY_SECONDS * SECOND, async () => void (await verify()));
      term.every("prune", PRUNE_MILLISECONDS, async () => {
        await retention.prune();
        const before = clock.now() - config.MNO_SI_RETENTION_SECONDS * SECOND;
        await incidents.prune(before);
        await dispatcher.prune(before);
      });
    });
  },
};

async function consume(
  { bus, tracer }: AgentContext<Configuration>,
  term: LeaderTerm,
  intake: Intake,
  detection: Detection,
  instruments: Instruments,
): Promise<void> {
  const subscription = await bus.subscribe({ consumer: "security-intelligence", types: BUS_TYPES }, async (event) => {
    const ocsf = ofBusEvent(event);
    const own = ocsf.metadata.product.name === PRODUCT;
    await tracer.span("log", { attributes: { "mno.event.uid": ocsf.metadata.uid } }, async () => {
      instruments.ingested(own ? "own" : "bus", await intake.accept([ocsf], own));
    });
    // In the trace of the request that it is about.
    await tracer.span("correlate and detect", {}, () => detection.settled());
  });
  term.onStop(() => subscription.close());
}

function isolationParts(context: AgentContext<Configuration>): IsolationParts {
  return {
    cluster: () => context.cluster,
    self: [hostname(), process.env["MNO_REPLICA"]].filter((name) => name !== undefined),
    seconds: context.config.MNO_SI_ISOLATION_SECONDS,
  };
}

function keyFile(config: Configuration & Partial<KernelConfiguration>): string {
  return config.MNO_SI_SIGNING_KEY_FILE ?? join(config.MNO_STATE_DIR ?? ".", "security-log.key");
}
