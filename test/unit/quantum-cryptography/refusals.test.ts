import assert from "node:assert/strict";
import fc from "fast-check";
import type { ManualClock } from "../../../runtime/kernel/clock";
import { validateEvent } from "../../../runtime/kernel/events/codec";
import type { OcsfEvent } from "../../../runtime/kernel/ocsf/schema";
import type { Database } from "../../../runtime/kernel/store/database";
import { openDatabase } from "../../../runtime/kernel/store/open";
import { createMetrics } from "../../../runtime/kernel/telemetry/metrics";
import { keyRefused } from "../../../runtime/security/quantum-cryptography/events";
import { Instruments } from "../../../runtime/security/quantum-cryptography/instruments";
import type { Kms } from "../../../runtime/security/quantum-cryptography/kms";
import { type RefusalGroup, Refusals } from "../../../runtime/security/quantum-cryptography/refusals";
import { Detector } from "../../../runtime/security/security-intelligence/detection/detector";
import { BUS_TYPES } from "../../../runtime/security/security-intelligence/ingest/bus-events";
import { loadRules } from "../../../runtime/security/security-intelligence/rules/load";
import { DAY, emptied, freshKms, log, POLICY, START } from "./support";

const CONTEXT = { tenant: "context-canary" };
const PLAIN = Buffer.from("plaintext-canary");
const MOST_EVENTS = 128 + 64 + 1;

/** What the refusals of one window become. */
async function taken(refusals: Refusals): Promise<RefusalGroup[]> {
  const groups: RefusalGroup[] = [];
  await refusals.take(async (some) => void groups.push(...some));
  return groups;
}

describe("refused uses of keys", () => {
  it("are counted by caller and key; a flood under any names leaves none out, and makes a bounded number of events", async () => {
    const refusal = fc.record({
      caller: fc.oneof(fc.constantFrom("", "ann", "__proto__"), fc.string()),
      keyId: fc.option(fc.oneof(fc.constantFrom("key_1", "key_2"), fc.string())),
      operation: fc.constantFrom("decrypt", "sign"),
      code: fc.constantFrom("MNO_KEY_UNUSABLE", "verification-failed"),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(refusal, { minLength: 1, maxLength: 600 }), fc.boolean(), async (all, fails) => {
        const refusals = new Refusals();
        all.forEach((one, at) => {
          refusals.add(one, START + at);
        });
        if (fails) await assert.rejects(refusals.take(() => Promise.reject(new Error("the database is away"))));
        const groups = await taken(refusals);
        assert.ok(groups.length <= MOST_EVENTS);
        const sum = (counts: Iterable<number>): number => [...counts].reduce((total, count) => total + count, 0);
        assert.equal(sum(groups.map(({ count }) => count)), all.length);
        for (const group of groups) {
          assert.equal(sum(group.codes.values()), group.count);
          assert.equal(sum(group.operations.values()), group.count);
          assert.ok(group.first <= group.last);
        }
        assert.deepEqual(await taken(refusals), [], "told once");
      }),
      { numRuns: 60 },
    );
    const flood = new Refusals();
    for (let n = 0; n < 20_000; n += 1)
      flood.add(
        { caller: `c${n}`, keyId: `key_${n % 500}`, operation: "decrypt", code: "MNO_KEY_ACCESS_DENIED" },
        START,
      );
    const groups = await taken(flood);
    assert.equal(groups.length, MOST_EVENTS);
    assert.equal(groups.filter(({ caller }) => caller !== null).length, 128);
    assert.equal(
      groups.reduce((sum, { count }) => sum + count, 0),
      20_000,
    );
  });

  describe("of the service", function () {
    this.timeout(60_000);
    let database: Database;
    let kms: Kms;
    let clock: ManualClock;
    let metrics: ReturnType<typeof createMetrics>;

    before(async () => {
      database = await openDatabase("pglite:memory", { log });
    });
    beforeEach(async () => {
      await emptied(database);
      metrics = createMetrics();
      ({ kms, clock } = await freshKms(database, { instruments: new Instruments(metrics) }));
      await database.query("TRUNCATE outbox");
    });
    afterEach(() => kms.close());
    after(() => database.close());

    type Told = { type: string; subject: string; data: OcsfEvent };
    /** The events of refusals since the last call. */
    async function told(): Promise<Told[]> {
      await kms.tellOfRefusals();
      const rows = await database.query<{ event: Told }>("DELETE FROM outbox RETURNING event");
      return rows.map(({ event }) => event).filter(({ type }) => type === "mno.security.key.refused");
    }
    const refused = (work: Promise<unknown>): Promise<void> => assert.rejects(work);
    const made = async (spec: Partial<Parameters<Kms["keys"]["create"]>[1]> = {}): Promise<string> =>
      (await kms.keys.create("ann", { purpose: "encrypt", ...spec })).key.id;
    const brief = ({ subject, data }: Told): unknown[] => [
      subject,
      data.actor?.user?.uid,
      data.api?.operation,
      data.status_detail,
      data.count,
    ];

    it("are told, whatever the reason, with who and which key and why, and nothing that was sent", async () => {
      const granted = await made({ grants: [{ caller: "ann", operations: ["encrypt"] }] });
      const [disabled, mac, destroyed] = [await made(), await made({ purpose: "mac" }), await made()];
      const signing = await made({ purpose: "sign" });
      await kms.keys.changeState("ann", disabled, "disable");
      const { envelope } = await kms.envelopes.encrypt("ann", destroyed, PLAIN, CONTEXT);
      const other = (await kms.envelopes.encrypt("ann", granted, PLAIN, CONTEXT)).envelope;
      const intact = await made();
      const tampered = (await kms.envelopes.encrypt("ann", intact, PLAIN, CONTEXT)).envelope;
      tampered[tampered.length - 1]! ^= 1;
      await kms.keys.scheduleDestruction("ann", destroyed);
      await clock.advance(8 * DAY);
      assert.deepEqual(await kms.keys.maintain(), []);

      await refused(kms.envelopes.decrypt("eve", other, CONTEXT));
      await refused(kms.envelopes.encrypt("eve", disabled, PLAIN, CONTEXT));
      await refused(kms.envelopes.encrypt("eve", mac, PLAIN, CONTEXT));
      await refused(kms.envelopes.decrypt("eve", envelope, CONTEXT));
      for (let n = 0; n < 3; n += 1) await refused(kms.envelopes.decrypt("eve", tampered, CONTEXT));
      await refused(kms.envelopes.encrypt("eve", "alias-canary", PLAIN, CONTEXT));
      const verified = await kms.signing.verify("eve", signing, PLAIN, Buffer.alloc(3309), {});
      assert.equal(verified.valid, false);
      assert.equal((await kms.signing.verifyMac("eve", mac, PLAIN, Buffer.alloc(64))).valid, false);

      const events = await told();
      assert.deepEqual(
        events.map(brief).sort(),
        [
          [granted, "eve", "decrypt", "MNO_KEY_ACCESS_DENIED", 1],
          [disabled, "eve", "encrypt", "MNO_KEY_UNUSABLE", 1],
          [mac, "eve", "encrypt", "MNO_KEY_UNUSABLE", 2],
          [destroyed, "eve", "decrypt", "MNO_KEY_UNUSABLE", 1],
          [intact, "eve", "decrypt", "MNO_CRYPTO_OPEN_FAILED", 3],
          ["unknown", "eve", "encrypt", "MNO_KEY_NOT_FOUND", 1],
          [signing, "eve", "verify", "verification-failed", 1],
        ].sort(),
      );
      const text = JSON.stringify(events);
      for (const secret of ["canary", PLAIN.toString("base64"), PLAIN.toString("hex"), tampered.toString("base64")])
        assert.ok(!text.includes(secret), secret);
      for (const event of events) {
        validateEvent(event);
        assert.deepEqual([event.data.class_uid, event.data.status_id, event.data.disposition_id], [6003, 2, 2]);
      }
      assert.deepEqual(await told(), [], "told once");
      const metered = await metrics.registry.metrics();
      assert.match(metered, /mno_qc_refusals_total\{code="MNO_CRYPTO_OPEN_FAILED"\} 3/);
      assert.match(metered, /mno_qc_refusals_total\{code="verification-failed"\} 2/);
      const record = await kms.stores.audit.find(verified.decisionId);
      assert.match(JSON.stringify(record), /it does not verify/, "and who asks why learns it");
    });

    it("by the policy are told, and those of the service's own doing are not", async () => {
      await kms.close();
      await emptied(database);
      ({ kms, clock } = await freshKms(database, {
        policy: { ...POLICY, allowed: new Set(["ML-KEM-1024", "ML-DSA-65"]) },
        instruments: new Instruments(metrics),
      }));
      await refused(kms.keys.create("eve", { purpose: "encrypt", suite: "X-Wing" }));
      const events = await told();
      assert.deepEqual(
        events.map((event) => brief(event).slice(1)),
        [["eve", "create-key", "MNO_CRYPTO_POLICY_REFUSED", 1]],
      );
    });

    it("make the rules fire that wait for them, and fewer do not", async () => {
      const key = await made({ grants: [{ caller: "ann", operations: ["encrypt"] }] });
      assert.ok(BUS_TYPES.includes("mno.security.key.refused"), "security intelligence hears them");
      const rules = await loadRules(undefined, {});
      const attempt = async (callers: string[], on = key): Promise<OcsfEvent[]> => {
        for (const caller of callers) await refused(kms.envelopes.encrypt(caller, on, PLAIN, {}));
        return (await told()).map(({ data }) => data);
      };
      const times = (count: number, caller = "eve"): string[] => Array.from({ length: count }, () => caller);
      const titles = (events: OcsfEvent[]): string[] => {
        const detector = new Detector(rules, 120_000);
        return [...new Set(events.flatMap((event) => detector.process(event)).map(({ title }) => title))];
      };
      assert.deepEqual(titles(await attempt(times(10))), ["Misuse of a key, many times over"]);
      assert.deepEqual(titles(await attempt(times(9))), []);
      const slow: OcsfEvent[] = [];
      for (let n = 0; n < 10; n += 1) {
        slow.push(...(await attempt(["eve"])));
        await clock.advance(20_000);
      }
      assert.equal(slow.length, 10);
      assert.deepEqual(titles(slow).sort(), ["Misuse of a key", "Misuse of a key, many times over"]);
      const names = Array.from({ length: 50 }, (_, n) => `eve-${n}`);
      assert.deepEqual(titles(await attempt(names)), ["Misuse of a key under many names"]);
      assert.deepEqual(titles(await attempt(times(50, ""))), ["Misuse of a key under many names"], "and without one");
      assert.deepEqual(titles(await attempt(names.slice(1))), []);
      const searched: OcsfEvent[] = [];
      for (let n = 0; n < 50; n += 1) searched.push(...(await attempt([""], `alias-${n}`)));
      assert.deepEqual(titles(searched), ["Keys searched for"]);
      assert.deepEqual(titles(searched.slice(1)), []);
    });

    it("are kept while they cannot be told", async () => {
      const key = await made({ grants: [{ caller: "ann", operations: ["encrypt"] }] });
      await refused(kms.envelopes.encrypt("eve", key, PLAIN, {}));
      await database.query("ALTER TABLE outbox RENAME TO away");
      await assert.rejects(kms.tellOfRefusals());
      await database.query("ALTER TABLE away RENAME TO outbox");
      assert.deepEqual((await told()).map(brief), [[key, "eve", "encrypt", "MNO_KEY_ACCESS_DENIED", 1]]);
    });
  });

  it("name nobody and no key where there are too many to tell apart: nothing that a response could be aimed at", () => {
    const many = (count: number): Map<string, number> => new Map([["decrypt", count]]);
    const group = { keyId: null, traceId: undefined, first: START, last: START, count: 3, codes: many(3) };
    const { data, subject } = keyRefused({ ...group, caller: null, operations: many(3) }, START);
    assert.equal(subject, "unknown");
    assert.equal((data as OcsfEvent).actor, undefined);
    assert.deepEqual((data as OcsfEvent).resources, [{ type: "key" }]);
  });
});
