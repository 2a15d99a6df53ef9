import type { Logger } from "pino";
import type { Clock } from "../../kernel/clock";
import type { CacheLimits } from "../../kernel/crypto/secret-cache";
import { enqueue } from "../../kernel/events/outbox";
import type { Database } from "../../kernel/store/database";
import type { Tracer } from "../../kernel/telemetry/traces";
import { AuditBatches } from "./audit-batches";
import { AuditLog } from "./audit-log";
import { auditSigner } from "./audit-signer";
import { AuditStore } from "./audit-store";
import { Encapsulations } from "./encapsulations";
import { EnvelopeStore } from "./envelope-store";
import type { Instruments } from "./instruments";
import { KeyDirectory } from "./key-directory";
import { keyRefused } from "./events";
import { ITSELF, Keys } from "./keys";
import { KeyStore } from "./key-store";
import { type CryptoPolicy, mayProtect } from "./policy";
import { Refusals } from "./refusals";
import { Rewrapper } from "./rewrapper";
import type { RootKey } from "./root-keys/root-key";
import { EnvelopeService } from "./service";
import { SigningService } from "./signing";
import { Vault } from "./vault";

export interface KmsOptions {
  database: Database;
  root: RootKey;
  policy: CryptoPolicy;
  instruments: Instruments;
  clock: Pick<Clock, "now">;
  tracer: Tracer;
  log: Logger;
  cache: CacheLimits;
  wrapsPerEncapsulation: number;
  maximumKeys: number;
  destructionDays: number;
  rewrapBatch: number;
  auditDays: number;
  onCommit: () => void;
}

/** The key-management service as one piece: what the HTTP routes, and every other front end in this process, call. */
export interface Kms {
  readonly keys: Keys;
  readonly envelopes: EnvelopeService;
  readonly signing: SigningService;
  readonly directory: KeyDirectory;
  readonly batches: AuditBatches;
  readonly rewrapper: Rewrapper;
  readonly encapsulations: Encapsulations;
  readonly stores: { keys: KeyStore; envelopes: EnvelopeStore; audit: AuditStore };
  /** Sets the gauges. */
  observe(): Promise<void>;
  /** Puts what was refused since the last call into events: a bounded number, however much it was. */
  tellOfRefusals(): Promise<void>;
  /** Wipes secrets that are too old. */
  sweep(): void;
  close(): Promise<void>;
}

/** Errors: MNO_ROOT_KEY_INVALID where the database's keys are not under this root key. */
export async function openKms(options: KmsOptions): Promise<Kms> {
  const { database, root, policy, instruments, clock, cache, maximumKeys } = options;
  const stores = {
    keys: new KeyStore(database),
    envelopes: new EnvelopeStore(database),
    audit: new AuditStore(database),
  };
  await stores.keys.migrate();
  const vault = await Vault.open(root, stores.keys, cache, clock);
  const encapsulations = new Encapsulations(vault, cache, options.wrapsPerEncapsulation, clock);
  const directory = new KeyDirectory(stores.keys, policy, clock, 2 * maximumKeys);
  const refusals = new Refusals();
  const audit = new AuditLog(stores.audit, clock, (refusal) => {
    instruments.refused(refusal.code);
    // What the service does of its own accord is nobody's misuse.
    if (refusal.caller === ITSELF) return;
    const traceId = options.tracer.carrier().traceparent?.split("-")[1];
    refusals.add({ ...refusal, traceId }, clock.now());
  });
  const shared = { directory, audit, clock, vault, encapsulations, envelopes: stores.envelopes, store: stores.keys };
  const onOperation = instruments.operation.bind(instruments);
  const keys = new Keys({ ...options, ...shared, onChange: (change) => instruments.changed(change) });
  const batches = new AuditBatches(stores.audit, await auditSigner(keys, stores.keys, vault), clock, options.auditDays);
  return {
    keys,
    encapsulations,
    envelopes: new EnvelopeService({ ...shared, onOperation }),
    signing: new SigningService({ ...shared, onOperation }),
    directory,
    batches,
    rewrapper: new Rewrapper({
      keys: stores.keys,
      envelopes: stores.envelopes,
      encapsulations,
      clock,
      log: options.log,
      batch: options.rewrapBatch,
      onRewrapped: (count) => instruments.envelopesRewrapped(count),
    }),
    stores,
    observe: async () => {
      const suites = await stores.keys.suites();
      const refused = suites.filter(
        ({ suite, current }) => current > 0 && !mayProtect(policy, suite, clock.now()).allowed,
      );
      const { records, batched } = await stores.audit.head();
      instruments.observe(suites, refused.length, await stores.envelopes.jobs(100), records - batched);
    },
    tellOfRefusals: async () => {
      await refusals.take(async (groups) => {
        const events = groups.map((group) => keyRefused(group, clock.now()));
        await database.transaction((tx) => enqueue(tx, events));
        options.onCommit();
      });
    },
    sweep: () => {
      encapsulations.sweep();
      vault.sweep();
    },
    close: async () => {
      await audit.drain();
      encapsulations.close();
      vault.close();
      await root.close?.();
    },
  };
}
