import { join } from "node:path";
import type { KernelConfiguration } from "../../kernel/config";
import type { AgentContext, AgentDefinition } from "../../kernel/lifecycle/agent";
import type { OcsfEvent } from "../../kernel/ocsf/schema";
import { AlertDesk } from "./alerts/desk";
import { type Configuration, CONFIGURATION } from "./configuration";
import { createInstruments } from "./instruments";
import { OnnxModel } from "./models/onnx";
import { ModelSigner, privateKeyAt, publicKeyAt } from "./models/signing";
import { Supervision } from "./models/supervision";
import { Trainer } from "./models/trainer";
import { Monitor } from "./monitor";
import { follow } from "./promotion";
import { installRoutes } from "./routes";
import { SigmaRules } from "./sigma";
import { ThreatStore } from "./store";

const FOLLOW_MILLISECONDS = 10_000;
const PRUNE_MILLISECONDS = 3_600_000;
const KEY_FILE = "threat-detection-models.pem";

const CONSUMED = [
  "mno.security.access.decided",
  "mno.security.login.refused",
  "mno.security.session.established",
  "mno.security.session.revoked",
  "mno.security.authentication.assessed",
] as const;

/** Looks at security events for what is unusual, and for what is known to be an attack, within a budget of alerts. */
export const threatDetection: AgentDefinition<Configuration> = {
  name: "threat-detection",
  configuration: CONFIGURATION,
  start,
};

async function start(context: AgentContext<Configuration>): Promise<void> {
  const { name, config, clock, random, tracer, log, outbox, database, http } = context;
  const store = new ThreatStore(database);
  await store.migrate();
  const instruments = createInstruments(context.metrics);
  const signer = signerOf(config);
  const supervised = await Promise.all(config.MNO_TD_ONNX_FOLDERS.map((folder) => OnnxModel.open(folder, signer)));
  context.onStop(async () => void (await Promise.all(supervised.map((model) => model.close()))));
  for (const { folder, state, reason } of supervised)
    if (state !== "ready")
      log.warn({ folder, state, reason }, "a supervised model is not used; the anomaly ensemble goes on");
  instruments.supervised(supervised.map(({ state }) => state));
  const sigma = config.MNO_TD_SIGMA_FOLDER === undefined ? null : await SigmaRules.open(config.MNO_TD_SIGMA_FOLDER);
  for (const refusal of sigma?.refused ?? []) log.warn(refusal, "a Sigma rule is not used");

  const desk = new AlertDesk({
    ...{ name, store, clock, random, tracer, instruments },
    deduplicationMilliseconds: config.MNO_TD_DEDUPLICATION_SECONDS * 1000,
    onCommit: () => outbox.nudge(),
  });
  const monitor = new Monitor({
    ...{ store, desk, clock, random, instruments, sigma },
    supervision: new Supervision(supervised, instruments),
    alertsPerDay: config.MNO_TD_ALERTS_PER_DAY,
    method: config.MNO_TD_THRESHOLD_METHOD,
    windowMilliseconds: config.MNO_TD_WINDOW_SECONDS * 1000,
  });
  const load = async (): Promise<void> => {
    await desk.load();
    await monitor.load((what, error) =>
      log.warn({ err: error, what }, "what was learned cannot be read; it begins anew"),
    );
  };
  await load();
  const trainer = new Trainer({
    ...{ store, signer, clock, random, log, signal: context.signal },
    workers: () => context.workers,
    pipeline: (pipeline) => (monitor.names.includes(pipeline) ? monitor.detection(pipeline).pipeline : undefined),
  });
  context.onStop(() => trainer.settle());
  installRoutes(http, { monitor, store, trainer, signer, supervised, clock });
  // Every replica scores, and needs what was promoted elsewhere.
  context.every("follow promotions", FOLLOW_MILLISECONDS, () =>
    follow({ store, signer, monitor }, (model, error) =>
      log.warn({ err: error, model }, "a promoted model is not used"),
    ),
  );
  context.readyWhen("database", () => database.ping());

  context.whileLeading(async (term) => {
    const subscription = await context.bus.subscribe({ consumer: name, types: CONSUMED }, async ({ data }) => {
      await monitor.takeOcsf(data as OcsfEvent, "bus");
    });
    // What is learned until the consumer has stopped is saved.
    term.onStop(() => monitor.save());
    term.onStop(() => subscription.close());
    await trainer.resume();
    term.every("snapshot", config.MNO_TD_SNAPSHOT_SECONDS * 1000, () => monitor.save());
    term.every("prune", PRUNE_MILLISECONDS, () => store.prune(clock.now()));
  });
}

/** Errors: MNO_CONFIG_INVALID where a key file cannot be used. */
function signerOf(config: Configuration): ModelSigner {
  // The kernel's configuration comes along with the engine's own.
  const { MNO_STATE_DIR } = config as Configuration & Pick<KernelConfiguration, "MNO_STATE_DIR">;
  const given = config.MNO_TD_SIGNING_KEY_FILE;
  const key =
    given === undefined
      ? privateKeyAt(join(MNO_STATE_DIR, KEY_FILE), { make: true })
      : privateKeyAt(given, { make: false });
  return new ModelSigner(key, config.MNO_TD_TRUSTED_KEY_FILES.map(publicKeyAt));
}
