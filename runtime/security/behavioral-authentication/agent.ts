import type { KernelConfiguration } from "../../kernel/config";
import type { AgentContext, AgentDefinition, LeaderTerm } from "../../kernel/lifecycle/agent";
import type { OcsfEvent } from "../../kernel/ocsf/schema";
import { Assessor } from "./assessor";
import { CommonKnowledge } from "./common-knowledge";
import { type Configuration, CONFIGURATION } from "./configuration";
import { createInstruments } from "./instruments";
import { Profiles } from "./profiles";
import { RequestReader } from "./reader";
import { Reports } from "./reports";
import { installRoutes } from "./routes";
import { checkSecret, secretIn } from "./secret";
import { Settlement } from "./settlement";
import { BehaviourStore } from "./store";
import { Templates } from "./templates";
import { GeoFiles } from "./travel/locator";
import { Users } from "./users";
import { Vault } from "./vault";

const DAY = 86_400_000;
const REFRESH_MILLISECONDS = 30_000;
const RELOAD_MILLISECONDS = 60_000;
const PRUNE_MILLISECONDS = 3_600_000;
/** Retentions after which a user who made no attempt is forgotten. */
const USER_RETENTIONS = 13;

/** Tells how likely it is that an attempt, or a session that goes on, is not the user's: a risk signal, never the sole factor. */
export const behavioralAuthentication: AgentDefinition<Configuration> = {
  name: "behavioral-authentication",
  configuration: CONFIGURATION,
  confidential: true,
  start,
};

async function start(context: AgentContext<Configuration>): Promise<void> {
  const { config, clock, log, tracer, outbox, database, http } = context;
  const store = new BehaviourStore(database);
  await store.migrate();
  const vault = new Vault(config.MNO_BA_SECRET ?? secretIn(stateFolder(config)));
  await checkSecret(store, vault);
  const halfLife = config.MNO_BA_HALF_LIFE_DAYS * DAY;
  const instruments = createInstruments(context.metrics);
  const knowledge = new CommonKnowledge(
    {
      store,
      halfLife,
      rates: { stepUp: config.MNO_BA_STEP_UP_RATE, deny: config.MNO_BA_DENY_RATE },
      attackProbability: config.MNO_BA_ATTACK_PROBABILITY,
      coldStart: config.MNO_BA_COLD_START,
      travel: {
        maxSpeedKmh: config.MNO_BA_TRAVEL_KMH,
        minDistanceKm: config.MNO_BA_TRAVEL_KM,
        ignoredKm: config.MNO_BA_TRAVEL_IGNORED_KM,
        ignoredMinutes: config.MNO_BA_TRAVEL_IGNORED_MINUTES,
        relayAsns: new Set(config.MNO_BA_RELAY_ASNS),
      },
    },
    clock.now(),
  );
  const locator = await GeoFiles.open(config.MNO_BA_GEO_FILES);
  if (config.MNO_BA_GEO_FILES.length === 0)
    log.info("no country, network or travel is told: MNO_BA_GEO_FILES is empty");
  const reader = new RequestReader(locator, vault, config.MNO_BA_TRUSTED_EGRESS);
  const profiles = new Profiles(store, vault, halfLife);
  const templates = new Templates(store, vault);
  const onCommit = (): void => outbox.nudge();
  const shared = { store, vault, profiles, templates, knowledge, instruments, tracer, clock, onCommit };
  const refresh = async (): Promise<void> => {
    await knowledge.refresh();
    instruments.knows(knowledge);
  };
  await refresh();

  installRoutes(http, {
    name: context.name,
    assessor: new Assessor({ ...shared, reader }),
    settlement: new Settlement({ ...shared, halfLife }),
    users: new Users(shared),
    knowledge,
  });
  context.readyWhen("database", () => database.ping());
  // Every replica answers, and needs what the others learned.
  context.every("refresh", REFRESH_MILLISECONDS, refresh);
  context.every("reload places", RELOAD_MILLISECONDS, () => locator.reload());
  const reports = new Reports(shared);
  context.whileLeading(async (term) => {
    await consume(context, term, reports);
    term.every("prune", PRUNE_MILLISECONDS, () => {
      const now = clock.now();
      const retention = config.MNO_BA_RETENTION_DAYS * DAY;
      return store.prune({ now, assessments: now - retention, users: now - USER_RETENTIONS * retention }, halfLife);
    });
  });
}

async function consume({ bus }: AgentContext<Configuration>, term: LeaderTerm, reports: Reports): Promise<void> {
  const subscription = await bus.subscribe(
    {
      consumer: "behavioral-authentication",
      types: ["mno.security.threat.detected", "mno.security.incident.changed"],
    },
    ({ data }) => reports.take(data as OcsfEvent),
  );
  term.onStop(() => subscription.close());
}

/** The kernel's configuration comes along with the engine's own. */
const stateFolder = (config: Configuration): string =>
  (config as Configuration & Pick<KernelConfiguration, "MNO_STATE_DIR">).MNO_STATE_DIR;
