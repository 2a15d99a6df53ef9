import assert from "node:assert/strict";
import { configSchema, judge } from "../../policies/shared/judge";
import { stackBudget } from "../../policies/carbon/rules/cb-001-stack-budget";
import { allowedGrids } from "../../policies/carbon/rules/cb-003-allowed-grids";
import { pinnedPrograms } from "../../policies/zero-trust/rules/zt-003-pinned-programs";
import { ALL_RULES, TEST_NOW, toResource } from "../support/policies";
import { local } from "./fixtures/fixture";
import Ajv from "ajv";

const SHELL = toResource(local({ command: ["sh", "-c", "x"] }));
const judgeShell = (exempt: unknown, now = TEST_NOW) =>
  judge(pinnedPrograms, [SHELL], { exempt, programs: ["sh"] }, now);
const EXEMPTION = { name: "app", reason: "vendor start script, replaced in Q1", expires: "2026-12-31" };

describe("exemptions", () => {
  it("let the named resource pass and say so", () => {
    const [judgement, ...rest] = judgeShell([EXEMPTION]);
    assert.deepEqual(rest, []);
    assert.equal(judgement!.outcome, "exempt");
    assert.match(
      judgement!.message,
      /^ZT-003 is exempt until 2026-12-31 \(vendor start script.*\): the command starts the shell sh/,
    );
  });

  it("match by URN as well, and both where both are given", () => {
    const { name: _, ...rest } = EXEMPTION;
    assert.equal(judgeShell([{ ...rest, urn: SHELL.urn }])[0]!.outcome, "exempt");
    assert.equal(judgeShell([{ ...EXEMPTION, urn: "urn:pulumi:other::p::t::app" }])[0]!.outcome, "violation");
  });

  it("do not reach other resources", () => {
    assert.equal(judgeShell([{ ...EXEMPTION, name: "other" }])[0]!.outcome, "violation");
  });

  it("hold to the end of their last day and no longer; the violation then says that they expired", () => {
    assert.equal(judgeShell([EXEMPTION], new Date("2026-12-31T23:59:59Z"))[0]!.outcome, "exempt");
    const [judgement] = judgeShell([EXEMPTION], new Date("2027-01-01T00:00:00Z"));
    assert.equal(judgement!.outcome, "violation");
    assert.match(judgement!.message, /The exemption of app expired on 2026-12-31\.$/);
  });

  it("that still hold win over expired ones", () => {
    assert.equal(judgeShell([{ ...EXEMPTION, expires: "2020-01-01" }, EXEMPTION])[0]!.outcome, "exempt");
  });

  it("refuse missing parts, all at once", () => {
    const broken = [{ name: "app", expires: "2026-12-31" }, { reason: "x", expires: "2026-06-31" }, "app"];
    assert.throws(
      () => judgeShell(broken),
      (error: Error) => {
        assert.match(error.message, /^ZT-003: the configuration is not valid\./);
        assert.match(error.message, /exempt\[0\]\.reason is required/);
        assert.match(error.message, /exempt\[1\] needs a urn or a name/);
        assert.match(error.message, /exempt\[1\]\.expires is required/);
        assert.match(error.message, /exempt\[2\] must be an object/);
        return true;
      },
    );
    assert.throws(() => judgeShell({ app: true }), /exempt must be a list/);
  });

  it("work on single resources of stack rules, not on the stack's total", () => {
    const bare = toResource(local({ requests: undefined }));
    assert.equal(judge(stackBudget, [bare], { exempt: [EXEMPTION] }, TEST_NOW)[0]!.outcome, "exempt");
    const large = toResource(local({ replicas: 400 }));
    const outcomes = judge(stackBudget, [large], { exempt: [EXEMPTION], budgetGramsPerMonth: 1 }, TEST_NOW);
    assert.deepEqual(
      outcomes.map(({ outcome }) => outcome),
      ["violation"],
    );
  });
});

describe("rule configuration", () => {
  it("refuses keys that the rule does not have", () => {
    assert.throws(
      () => judge(allowedGrids, [SHELL], { allowedRegion: [] }, TEST_NOW),
      /CB-003: unknown configuration allowedRegion.*allowedRegions/,
    );
  });

  const ajv = new Ajv({ strict: false });
  for (const rule of ALL_RULES) {
    it(`${rule.id} has a schema that its own defaults fit and wrong exemptions do not`, () => {
      const { properties } = configSchema(rule);
      const validate = ajv.compile({ type: "object", properties });
      const defaults = Object.fromEntries(
        Object.entries(properties).flatMap(([key, s]) => ("default" in s ? [[key, s.default]] : [])),
      );
      assert.ok(validate({ ...defaults, exempt: [EXEMPTION] }), JSON.stringify(validate.errors));
      assert.ok(!validate({ exempt: [{ name: "app", expires: "2026-12-31" }] }));
      assert.ok(!validate({ exempt: [{ name: "app", reason: "x", expires: "soon" }] }));
    });
  }
});
