import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { judge } from "../../policies/shared/judge";
import { ALL_RULES, TEST_NOW, mandatoryViolations, assertConforms, toResource } from "../support/policies";
import { FIXTURES } from "./fixtures";
import { CONTAINER, kubernetes, local, type Fixture } from "./fixtures/fixture";

const DOCS = readFileSync(join(__dirname, "../../docs/policies.md"), "utf8");

const violations = (rule: (typeof ALL_RULES)[number], { resources, config = {} }: Fixture): string[] =>
  judge(rule, resources.map(toResource), config, TEST_NOW)
    .filter(({ outcome }) => outcome === "violation")
    .map(({ message }) => message);

describe("policy rules", () => {
  it("have unique ids and names", () => {
    assert.equal(new Set(ALL_RULES.map(({ id }) => id)).size, ALL_RULES.length);
    assert.equal(new Set(ALL_RULES.map(({ name }) => name)).size, ALL_RULES.length);
    assert.deepEqual(Object.keys(FIXTURES).sort(), ALL_RULES.map(({ id }) => id).sort());
  });

  for (const rule of ALL_RULES) {
    describe(`${rule.id} ${rule.name}`, () => {
      const { allowed, denied } = FIXTURES[rule.id]!;

      it("is fully described", () => {
        assert.match(rule.id, /^(ZT|CB)-\d{3}$/);
        assert.match(rule.name, /^[a-z]+(-[a-z]+)*$/);
        assert.ok(["low", "medium", "high", "critical"].includes(rule.severity));
        assert.ok(rule.frameworks.length > 0);
        const texts = [
          rule.title,
          rule.remediation,
          ...Object.values(rule.card),
          ...rule.frameworks.flatMap((f) => [f.name, f.version, f.clause]),
        ];
        for (const text of texts) assert.ok(text.trim() !== "");
        for (const [key, schema] of Object.entries(rule.config))
          assert.ok(schema.description, `${key} has no description`);
      });

      it("is documented with its configuration", () => {
        for (const text of [rule.id, `\`${rule.name}\``, ...Object.keys(rule.config).map((key) => `\`${key}\``)]) {
          assert.ok(DOCS.includes(text), `docs/policies.md does not mention ${text}`);
        }
      });

      it("has an allowed and a denied fixture for each kind it claims, and for no other", () => {
        const kinds = [...rule.kinds].sort();
        assert.deepEqual([...new Set(allowed.map(({ kind }) => kind))].sort(), kinds);
        assert.deepEqual([...new Set(denied.map(({ kind }) => kind))].sort(), kinds);
      });

      for (const fixture of allowed) {
        it(`allows ${fixture.kind}: ${fixture.title}`, () => assert.deepEqual(violations(rule, fixture), []));
      }
      for (const fixture of denied) {
        it(`denies ${fixture.kind}: ${fixture.title}`, () => {
          const messages = violations(rule, fixture);
          assert.ok(
            messages.some((message) => fixture.says.test(message)),
            `expected ${fixture.says} in ${JSON.stringify(messages)}`,
          );
          assert.ok(messages.every((message) => message.startsWith(`${rule.id}: `)));
        });
      }
    });
  }
});

describe("self-conformance", () => {
  it("passes a plain local workload through both packs", () => assertConforms([local()]));

  it("names every mandatory rule that a bad workload breaks, and none that it keeps", () => {
    const bad = local({
      command: ["/usr/bin/sudo", "sh"],
      environment: { HOST: "0.0.0.0", API_KEY: "x" },
      requests: undefined,
    });
    const ids = new Set(mandatoryViolations([bad]).map((message) => message.slice(0, 6)));
    assert.deepEqual([...ids].sort(), ["CB-001", "CB-002", "ZT-001", "ZT-002", "ZT-003", "ZT-004", "ZT-005"]);
  });

  it("judges API versions alike and leaves other types alone", () => {
    const deployment = kubernetes("Deployment", { containers: [{ ...CONTAINER, securityContext: {} }] });
    const zt001 = ALL_RULES.find(({ id }) => id === "ZT-001")!;
    for (const type of ["kubernetes:apps/v1beta2:Deployment", "kubernetes:extensions/v1beta1:Deployment"]) {
      assert.equal(judge(zt001, [toResource({ ...deployment, type })], {}, TEST_NOW).length, 1, type);
    }
    for (const type of [
      "aws:s3/bucket:Bucket",
      "kubernetes:example.com/v1:Deployment",
      "machine-native-ops:index:Workload",
    ]) {
      assert.deepEqual(judge(zt001, [toResource({ ...deployment, type })], {}, TEST_NOW), [], type);
    }
  });
});
