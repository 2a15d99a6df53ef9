import assert from "node:assert/strict";
import * as fc from "fast-check";
import { generatedRules } from "../../../bench/security-intelligence/generated-rules";
import { witnessOf } from "../../../bench/security-intelligence/witness";
import { compileRule } from "../../../runtime/kernel/sigma/rule";
import { RuleSet } from "../../../runtime/kernel/sigma/rule-set";
import { EventView } from "../../../runtime/kernel/sigma/view";
import { DEFAULT_PACK } from "../../../runtime/security/security-intelligence/rules/pack";
import { loadSigma } from "../../../runtime/kernel/sigma/load";
import { item, oracle, type Rule, textOf } from "./oracle";

const WORDS = ["foo", "Bar", "baz qux", "-x", "a*b", "c?d", "10.1.2.3", "2026-11-23T22:05:00Z"];

describe("property: what rules say of themselves", () => {
  it("a rule's own example is one by a plain reading, too, and its near misses are none", () => {
    const given: fc.Arbitrary<Rule> = fc.record({
      searches: fc.array(
        fc.array(item(fc.constantFrom("a", "d"), fc.constantFrom(...WORDS)), { minLength: 1, maxLength: 2 }),
        {
          minLength: 1,
          maxLength: 2,
        },
      ),
      condition: fc.constantFrom("1 of s*", "all of s*", "not s0"),
    });
    let found = 0;
    fc.assert(
      fc.property(given, (one) => {
        const witness = witnessOf(compileRule(textOf(one, "r")));
        if (!witness) return; // it may well contradict itself
        found++;
        assert.ok(oracle(one, witness.positive), JSON.stringify(witness.positive));
        for (const event of witness.nearMisses) assert.ok(!oracle(one, event), JSON.stringify(event));
      }),
      { numRuns: 1000 },
    );
    assert.ok(found > 500, `${found} of 1000 have an example`);
  });

  it("every generated rule fires, found by the index among all others, on its example and not on its near misses", () => {
    const rules = generatedRules(500, 11).map((text) => compileRule(text));
    const set = new RuleSet(rules);
    const fires = (title: string, event: object): boolean =>
      set
        .match(new EventView(event), { product: "windows", category: "process_creation" })
        .some((rule) => rule.title === title);
    for (const rule of rules) {
      const witness = witnessOf(rule);
      assert.ok(witness, `${rule.title} has no example`);
      assert.ok(fires(rule.title, witness.positive), rule.title);
      assert.ok(witness.nearMisses.length > 0, `${rule.title} has no near miss`);
      for (const event of witness.nearMisses) assert.ok(!fires(rule.title, event), rule.title);
    }
  });

  it("so does every rule of the default pack", () => {
    const { rules, refused, correlations } = loadSigma(DEFAULT_PACK);
    assert.deepEqual(refused, []);
    assert.ok(correlations.length >= 12);
    for (const rule of rules) {
      const witness = witnessOf(rule);
      assert.ok(witness && witness.nearMisses.length > 0, rule.title);
    }
  });
});
