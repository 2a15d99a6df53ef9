import { randomBytes } from "node:crypto";
import pino from "pino";
import { systemClock } from "../../runtime/kernel/clock";
import { aeadOf } from "../../runtime/kernel/crypto/crypto";
import { OUTBOX_MIGRATIONS } from "../../runtime/kernel/events/outbox";
import { openDatabase } from "../../runtime/kernel/store/open";
import { createMetrics } from "../../runtime/kernel/telemetry/metrics";
import { tracer } from "../../runtime/kernel/telemetry/traces";
import type { RegisteredEnvelope } from "../../runtime/security/quantum-cryptography/envelope-store";
import { newId } from "../../runtime/security/quantum-cryptography/ids";
import { Instruments } from "../../runtime/security/quantum-cryptography/instruments";
import { type Kms, openKms } from "../../runtime/security/quantum-cryptography/kms";
import type { BenchRow } from "../contract";

/** `MNO_BENCH_ENVELOPES=1000000` for the whole of it. */
const ENVELOPES = Number(process.env.MNO_BENCH_ENVELOPES ?? 100_000);
const REGISTERED_AT_ONCE = 5000;
/** Envelopes whose data keys are kept, to be read all the while and compared. */
const WATCHED = 500;

/** A rotation of a key with many registered envelopes, in a database in memory, while a reader opens them all the time. */
export async function rotation(): Promise<BenchRow[]> {
  const log = pino({ enabled: false });
  const database = await openDatabase("pglite:memory", { log });
  await database.migrate("outbox", OUTBOX_MIGRATIONS);
  const kms = await openBenchKms(database, log);
  try {
    const { key } = await kms.keys.create("bench", { purpose: "encrypt", suite: "ML-KEM-768" });
    const watched = await registerAll(kms, key.id);
    await kms.keys.rotate("bench", key.id, "X-Wing");
    const reader = { reads: 0, wrong: 0, longestMs: 0, done: false };
    const reading = read(kms, watched, reader);
    const started = performance.now();
    while (await kms.rewrapper.step());
    const seconds = (performance.now() - started) / 1000;
    reader.done = true;
    await reading;
    const lost = await lostOf(kms, key.id, watched);
    await kms.keys.destroyVersion("bench", key.id, 1);
    const work = `rotation of ${ENVELOPES} registered envelopes, ML-KEM-768 to X-Wing, ${reader.reads} reads meanwhile (longest ${reader.longestMs.toFixed(0)} ms)`;
    const row = { work, spread: 0, peers: {} };
    return [
      { ...row, metric: "vectors_run", unit: "envelopes", better: "higher", ours: ENVELOPES },
      {
        ...row,
        metric: "vectors_failed",
        unit: "envelopes lost or reads wrong",
        better: "lower",
        ours: lost + reader.wrong,
      },
      { ...row, metric: "envelopes_per_second", unit: "1/s", better: "higher", ours: ENVELOPES / seconds },
    ];
  } finally {
    await kms.close();
    await database.close();
  }
}

async function openBenchKms(database: Awaited<ReturnType<typeof openDatabase>>, log: pino.Logger): Promise<Kms> {
  const rootKey = randomBytes(32);
  const nonce = Buffer.alloc(12);
  return openKms({
    database,
    root: {
      id: "bench",
      wrap: async (plaintext, context) => aeadOf("A256GCM").seal(rootKey, nonce, plaintext, context),
      unwrap: async (wrapped, context) => aeadOf("A256GCM").open(rootKey, nonce, wrapped, context),
    },
    policy: { minimumCategory: 3, allowed: null, sunsets: new Map(), kem: "X-Wing", signature: "ML-DSA-65" },
    instruments: new Instruments(createMetrics()),
    clock: systemClock,
    tracer,
    log,
    cache: { entries: 1000, seconds: 300 },
    wrapsPerEncapsulation: 1000,
    maximumKeys: 10,
    destructionDays: 7,
    rewrapBatch: 500,
    auditDays: 1,
    onCommit: () => undefined,
  });
}

/** Wrapped by the service's own key; registered in bulk, for the audit of a million calls is not what is measured. */
async function registerAll(kms: Kms, keyId: string): Promise<Map<string, string>> {
  const watched = new Map<string, string>();
  const key = (await kms.stores.keys.find(keyId))!;
  for (let made = 0; made < ENVELOPES;) {
    const page: RegisteredEnvelope[] = [];
    while (page.length < REGISTERED_AT_ONCE && made < ENVELOPES) {
      const dataKey = randomBytes(32);
      const context = { row: String(made) };
      const wrappedKey = await kms.encapsulations.wrapping(key, (root) => root.wrap(dataKey, context));
      const id = newId("env", Date.now());
      page.push({ id, keyId, version: 1, wrappedKey, context });
      if (made % Math.ceil(ENVELOPES / WATCHED) === 0) watched.set(id, dataKey.toString("hex"));
      made += 1;
    }
    await kms.stores.envelopes.insert(page, Date.now());
  }
  return watched;
}

async function read(
  kms: Kms,
  watched: Map<string, string>,
  reader: { reads: number; wrong: number; longestMs: number; done: boolean },
): Promise<void> {
  while (!reader.done) {
    for (const [id, dataKey] of watched) {
      if (reader.done) return;
      const started = performance.now();
      const right = await opens(kms, id, dataKey);
      reader.longestMs = Math.max(reader.longestMs, performance.now() - started);
      reader.reads += 1;
      if (!right) reader.wrong += 1;
      await new Promise(setImmediate);
    }
  }
}

async function opens(kms: Kms, id: string, dataKey: string): Promise<boolean> {
  try {
    return (await kms.envelopes.openRegistered("bench", id)).plaintext.toString("hex") === dataKey;
  } catch {
    return false;
  }
}

/** Envelopes that are not there, not under the new version, or do not open to what they held. */
async function lostOf(kms: Kms, keyId: string, watched: Map<string, string>): Promise<number> {
  const there = await kms.stores.envelopes.countUsing(keyId, 2);
  let unreadable = 0;
  for (const [id, dataKey] of watched) if (!(await opens(kms, id, dataKey))) unreadable += 1;
  return ENVELOPES - there + unreadable;
}
