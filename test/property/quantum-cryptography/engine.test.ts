import assert from "node:assert/strict";
import fc from "fast-check";
import { MnoError } from "../../../runtime/exports";
import { SUITES } from "../../../runtime/kernel/crypto/suite";
import {
  changed,
  decide,
  dueRotation,
  scheduledForDestruction,
} from "../../../runtime/security/quantum-cryptography/engine";
import {
  type Key,
  KEY_OPERATIONS,
  KEY_PURPOSES,
  type KeyOperation,
  type KeyState,
} from "../../../runtime/security/quantum-cryptography/key";
import {
  type CryptoPolicy,
  mayProtect,
  policyFrom,
  suitesFor,
} from "../../../runtime/security/quantum-cryptography/policy";

const DAY = 86_400_000;
const STATES: readonly KeyState[] = ["enabled", "disabled", "destruction-scheduled", "destroyed"];
const ids = SUITES.map(({ id }) => id);
const time = fc.integer({ min: Date.parse("2024-01-01"), max: Date.parse("2040-01-01") });
const callers = fc.constantFrom("", "alice", "bob");
const grants = fc.array(
  fc.record({
    caller: fc.constantFrom("alice", "bob"),
    operations: fc.subarray([...KEY_OPERATIONS], { minLength: 1 }),
  }),
  { maxLength: 3 },
);
const keys = fc.constantFrom(...KEY_PURPOSES).chain((purpose) =>
  fc.record({
    id: fc.constant("key_1"),
    alias: fc.constant(null),
    purpose: fc.constant(purpose),
    state: fc.constantFrom(...STATES),
    currentVersion: fc.integer({ min: 1, max: 5 }),
    suite: fc.constantFrom(...suitesFor(purpose)),
    rotationDays: fc.option(fc.integer({ min: 1, max: 400 })),
    grants,
    createdAt: time,
    rotatedAt: time,
    destroyAt: fc.option(time),
  }),
) as fc.Arbitrary<Key>;
const date = fc.option(fc.constantFrom("2025-01-01", "2027-06-01", "2033-01-01"), { nil: undefined });
const policies = fc.record({
  minimumCategory: fc.integer({ min: 0, max: 5 }),
  allowed: fc.option(fc.subarray(ids).map((some) => new Set(some))),
  sunsets: fc
    .dictionary(fc.constantFrom(...ids), fc.record({ deprecatedFrom: date, forbiddenFrom: date }))
    .map((entries) => new Map(Object.entries(entries))),
  kem: fc.constantFrom("X-Wing", "ML-KEM-1024"),
  signature: fc.constantFrom("ML-DSA-65", "ML-DSA-87"),
}) as fc.Arbitrary<CryptoPolicy>;
const operations = fc.constantFrom(...KEY_OPERATIONS);

describe("decisions about keys", () => {
  it("nothing is done with a key that is not enabled, nor by a caller whom its grants do not name", () => {
    fc.assert(
      fc.property(keys, operations, callers, policies, time, (key, operation, caller, policy, now) => {
        const { refusal, reasons } = decide(key, operation, caller, policy, now);
        assert.ok(reasons.length > 0, "every decision has a reason");
        const granted =
          key.grants.length === 0 ||
          key.grants.some((grant) => grant.caller === caller && grant.operations.includes(operation));
        if (!granted) assert.equal(refusal?.code, "MNO_KEY_ACCESS_DENIED");
        else if (operation !== "manage" && key.state !== "enabled") assert.ok(refusal !== undefined);
      }),
    );
  });

  it("what protects is allowed only with a suite that the policy allows; what opens is not stopped by it", () => {
    const opening: readonly KeyOperation[] = ["decrypt", "verify", "verify-mac", "open"];
    fc.assert(
      fc.property(keys, operations, policies, time, (key, operation, policy, now) => {
        const { refusal } = decide({ ...key, grants: [] }, operation, "", policy, now);
        if (opening.includes(operation)) assert.notEqual(refusal?.code, "MNO_CRYPTO_POLICY_REFUSED");
        else if (operation !== "manage" && refusal === undefined) assert.ok(mayProtect(policy, key.suite, now).allowed);
      }),
    );
  });

  it("a suite once refused for its date, or for its category, stays refused", () => {
    fc.assert(
      fc.property(fc.constantFrom(...ids), policies, time, fc.nat({ max: 3650 }), (suite, policy, now, days) => {
        if (!mayProtect(policy, suite, now).allowed) assert.ok(!mayProtect(policy, suite, now + days * DAY).allowed);
      }),
    );
  });

  it("a rotation that is due leads to a suite that the policy allows, of the key's purpose", () => {
    fc.assert(
      fc.property(keys, policies, time, (key, policy, now) => {
        const due = dueRotation(key, policy, now);
        if (due === undefined) return;
        assert.equal(key.state, "enabled");
        assert.ok(suitesFor(key.purpose).includes(due.suite));
        assert.ok(mayProtect(policy, due.suite, now).allowed);
        const rotated = { ...key, suite: due.suite, rotatedAt: now };
        assert.equal(dueRotation(rotated, policy, now), undefined, "once rotated, nothing is due at the same time");
      }),
    );
  });

  it("only a waiting period leads to destruction, and no way leads back from it", () => {
    const changes = fc.constantFrom("enable" as const, "disable" as const, "cancel-destruction" as const);
    fc.assert(
      fc.property(keys, changes, fc.integer({ min: 0, max: 60 }), time, (key, change, days, now) => {
        try {
          const after = changed(key, change);
          assert.ok(key.state !== "destroyed" && after.state !== "destroyed" && after.destroyAt === null);
        } catch (error) {
          assert.equal((error as MnoError).code, "MNO_KEY_CONFLICT");
        }
        try {
          const after = scheduledForDestruction(key, days, 7, now);
          assert.ok(after.destroyAt! >= now + 7 * DAY && key.state !== "destroyed");
        } catch (error) {
          assert.ok(error instanceof MnoError);
        }
      }),
    );
  });
});

describe("the policy's configuration", () => {
  const DEFAULTS = {
    MNO_QC_MINIMUM_CATEGORY: 3,
    MNO_QC_ALLOWED_SUITES: "",
    MNO_QC_SUNSETS: "",
    MNO_QC_KEM: "X-Wing",
    MNO_QC_SIGNATURE: "ML-DSA-65",
  };

  it("is read, or refused with the key's name, whatever it is", () => {
    const text = fc.oneof(
      fc.string(),
      fc.constantFrom("X-Wing", "ML-KEM-768=2027-01-01/", "ML-KEM-768=/2028-01-01,Ed25519=2027-01-01/2028-01-01"),
    );
    fc.assert(
      fc.property(fc.constantFrom(...(Object.keys(DEFAULTS) as (keyof typeof DEFAULTS)[])), text, (key, value) => {
        if (key === "MNO_QC_MINIMUM_CATEGORY") return;
        try {
          policyFrom({ ...DEFAULTS, [key]: value });
        } catch (error) {
          assert.equal((error as MnoError).code, "MNO_CONFIG_INVALID");
          assert.ok((error as MnoError).message.startsWith(key));
        }
      }),
    );
  });

  it("takes earlier dates than the catalogue's only", () => {
    const policy = policyFrom({
      ...DEFAULTS,
      MNO_QC_MINIMUM_CATEGORY: 0,
      MNO_QC_SUNSETS: "Ed25519=2027-01-01/2028-01-01,ML-DSA-65=/2040-01-01",
    });
    assert.ok(mayProtect(policy, "Ed25519", Date.parse("2027-06-01")).allowed);
    assert.ok(!mayProtect(policy, "Ed25519", Date.parse("2028-01-01")).allowed);
    assert.ok(mayProtect(policy, "ML-DSA-65", Date.parse("2039-01-01")).allowed);
    const later = policyFrom({
      ...DEFAULTS,
      MNO_QC_MINIMUM_CATEGORY: 0,
      MNO_QC_SUNSETS: "Ed25519=2040-01-01/2050-01-01",
    });
    assert.ok(!mayProtect(later, "Ed25519", Date.parse("2035-01-01")).allowed);
  });
});
