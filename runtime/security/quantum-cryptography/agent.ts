import type { KernelConfiguration } from "../../kernel/config";
import type { AgentContext, AgentDefinition } from "../../kernel/lifecycle/agent";
import { DatabaseClock } from "../../kernel/store/database-clock";
import { type Configuration, CONFIGURATION } from "./configuration";
import { Instruments } from "./instruments";
import { type Kms, openKms } from "./kms";
import { installOperationRoutes } from "./operation-routes";
import { policyFrom } from "./policy";
import { installReportRoutes } from "./report-routes";
import { openKmsPlugin } from "./kms-plugin/open";
import { openRootKey } from "./root-keys/open";
import { installKeyRoutes } from "./routes";

const SWEEP_MILLISECONDS = 5000;
const OBSERVE_MILLISECONDS = 10_000;
/** How long refusals are counted together before an event tells of them. */
const REFUSALS_MILLISECONDS = 10_000;
const MAINTAIN_MILLISECONDS = 30_000;
const REWRAP_MILLISECONDS = 1000;
const PRUNE_MILLISECONDS = 3_600_000;

/** A key-management service whose keys outlive a quantum computer, by a policy that can retire them. */
export const quantumCryptography: AgentDefinition = {
  name: "quantum-cryptography",
  configuration: CONFIGURATION,
  confidential: true,
  start: (context) => start(context as AgentContext<Configuration>),
};

async function start(context: AgentContext<Configuration>): Promise<void> {
  const { config, database, outbox, http, log, signal } = context;
  const clock = new DatabaseClock(database, context.clock);
  await clock.read();
  const policy = policyFrom(config);
  const kms = await openKms({
    database,
    // The kernel's configuration comes along with the engine's own.
    root: await openRootKey(config as Configuration & Pick<KernelConfiguration, "MNO_STATE_DIR">),
    policy,
    instruments: new Instruments(context.metrics),
    clock,
    tracer: context.tracer,
    log,
    cache: { entries: config.MNO_QC_CACHE_ENTRIES, seconds: config.MNO_QC_CACHE_SECONDS },
    wrapsPerEncapsulation: config.MNO_QC_WRAPS_PER_ENCAPSULATION,
    maximumKeys: config.MNO_QC_MAXIMUM_KEYS,
    destructionDays: config.MNO_QC_DESTRUCTION_DAYS,
    rewrapBatch: config.MNO_QC_REWRAP_BATCH,
    auditDays: config.MNO_QC_AUDIT_DAYS,
    onCommit: () => outbox.nudge(),
  });
  context.onStop(() => kms.close());
  context.onStop(() => kms.tellOfRefusals());
  context.every("tell of refusals", REFUSALS_MILLISECONDS, () => kms.tellOfRefusals());
  context.every("sweep", SWEEP_MILLISECONDS, async () => kms.sweep());
  context.every("observe", OBSERVE_MILLISECONDS, () => kms.observe());
  context.whileLeading(async (term) => {
    term.every("sign audit batches", config.MNO_QC_AUDIT_SECONDS * 1000, async () => {
      while (!signal.aborted && !term.signal.aborted && (await kms.batches.sign()));
    });
    term.every("wrap anew", REWRAP_MILLISECONDS, async () => {
      while (!signal.aborted && !term.signal.aborted && (await kms.rewrapper.step()));
    });
    term.every("maintain keys", MAINTAIN_MILLISECONDS, () => maintain(kms, context));
    term.every("prune", PRUNE_MILLISECONDS, () => kms.batches.prune());
  });
  context.readyWhen("database", () => database.ping());
  if (config.MNO_QC_KMS_SOCKET !== undefined) {
    const plugin = await openKmsPlugin(kms, config.MNO_QC_KMS_SOCKET);
    context.onStop(() => plugin.close());
  }
  const { keys: store, envelopes, audit } = kms.stores;
  installKeyRoutes(http, { ...kms, store });
  installOperationRoutes(http, kms);
  installReportRoutes(http, { store, envelopes, audit, batches: kms.batches, policy, clock });
}

async function maintain(kms: Kms, { log }: AgentContext<Configuration>): Promise<void> {
  for (const failure of await kms.keys.maintain()) log.error({ err: failure }, "a key could not be maintained");
}
