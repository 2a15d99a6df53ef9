import { randomBytes } from "node:crypto";
import pino from "pino";
import { type ErrorCode, MnoError } from "../../../runtime/exports";
import { ManualClock } from "../../../runtime/kernel/clock";
import { OUTBOX_MIGRATIONS } from "../../../runtime/kernel/events/outbox";
import { aeadOf } from "../../../runtime/kernel/crypto/crypto";
import type { Database } from "../../../runtime/kernel/store/database";
import { createMetrics } from "../../../runtime/kernel/telemetry/metrics";
import { tracer } from "../../../runtime/kernel/telemetry/traces";
import { Instruments } from "../../../runtime/security/quantum-cryptography/instruments";
import { type Kms, type KmsOptions, openKms } from "../../../runtime/security/quantum-cryptography/kms";
import type { CryptoPolicy } from "../../../runtime/security/quantum-cryptography/policy";
import type { RootKey } from "../../../runtime/security/quantum-cryptography/root-keys/root-key";

export const log = pino({ enabled: false });
export const START = Date.parse("2026-11-23T12:00:00Z");
export const DAY = 86_400_000;

/** For assert.throws and assert.rejects: an error of the catalogue with this code. */
export const code =
  (expected: ErrorCode) =>
  (error: unknown): boolean =>
    error instanceof MnoError && error.code === expected;

export const POLICY: CryptoPolicy = {
  minimumCategory: 3,
  allowed: null,
  sunsets: new Map(),
  kem: "X-Wing",
  signature: "ML-DSA-65",
};

/** A root key in memory. */
export function rootKey(key: Uint8Array = randomBytes(32), id = "test"): RootKey {
  const cipher = aeadOf("A256GCM");
  return {
    id,
    wrap: async (plaintext, context) =>
      Buffer.concat([Buffer.alloc(12), cipher.seal(key, Buffer.alloc(12), plaintext, context)]),
    unwrap: async (wrapped, context) => cipher.open(key, wrapped.subarray(0, 12), wrapped.subarray(12), context),
  };
}

const TABLES = [
  "master",
  "key_versions",
  "keys",
  "encapsulations",
  "envelopes",
  "rewraps",
  "audit_records",
  "audit_batches",
];

/** The service on a database that the test has to itself. */
export async function freshKms(
  database: Database,
  options: Partial<KmsOptions> = {},
): Promise<{ kms: Kms; clock: ManualClock }> {
  const clock = (options.clock as ManualClock | undefined) ?? new ManualClock(START);
  await database.migrate("outbox", OUTBOX_MIGRATIONS);
  const kms = await openKms({
    database,
    root: rootKey(),
    policy: POLICY,
    instruments: new Instruments(createMetrics()),
    tracer,
    log,
    cache: { entries: 100, seconds: 300 },
    wrapsPerEncapsulation: 50,
    maximumKeys: 100,
    destructionDays: 7,
    rewrapBatch: 40,
    auditDays: 30,
    onCommit: () => undefined,
    ...options,
    clock,
  });
  return { kms, clock };
}

export async function emptied(database: Database): Promise<void> {
  await database.migrate("outbox", OUTBOX_MIGRATIONS);
  const [there] = await database.query<{ there: boolean }>(`SELECT to_regclass('qc_master') IS NOT NULL AS there`);
  if (!there!.there) return;
  for (const table of TABLES) await database.query(`DELETE FROM qc_${table}`);
  await database.query(`UPDATE qc_audit_head SET records = 0, batched = 0`);
  await database.query(`DELETE FROM outbox`);
}
