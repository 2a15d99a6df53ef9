import assert from "node:assert/strict";
import * as fc from "fast-check";
import { MnoError } from "../../../runtime/exports";
import { parseSigma } from "../../../runtime/kernel/sigma/document";
import { compileRule } from "../../../runtime/kernel/sigma/rule";
import { RuleSet } from "../../../runtime/kernel/sigma/rule-set";
import { EventView } from "../../../runtime/kernel/sigma/view";
import { item, oracle, type Rule, textOf } from "./oracle";

const FIELDS = ["a", "b.c", "d"];
const WORDS = [
  "foo",
  "Bar",
  "baz qux",
  "-x",
  "/x",
  "a*b",
  "c?d",
  "e\\f",
  "10",
  "7.5",
  "",
  "ß",
  "10.1.2.3",
  "2026-11-23T22:05:00Z",
];

const value = fc.oneof(
  fc.constantFrom(...WORDS),
  fc.tuple(fc.constantFrom(...WORDS), fc.constantFrom(...WORDS)).map(([one, two]) => one + two),
  fc.integer({ min: -20, max: 40 }),
  fc.constantFrom(null, true, false),
);
const event = fc
  .tuple(...FIELDS.map(() => fc.option(fc.oneof(value, fc.array(value, { maxLength: 3 })), { nil: undefined })))
  .map(([a, bc, d]) => ({
    ...(a === undefined ? {} : { a }),
    ...(bc === undefined ? {} : { b: { c: bc } }),
    ...(d === undefined ? {} : { d }),
  }));

const rule: fc.Arbitrary<Rule> = fc.record({
  searches: fc.array(
    fc.array(item(fc.constantFrom(...FIELDS), fc.constantFrom(...WORDS)), { minLength: 1, maxLength: 3 }),
    {
      minLength: 1,
      maxLength: 3,
    },
  ),
  condition: fc.constantFrom("1 of s*", "all of s*", "s0", "not s0", "s0 or not s0", "not 1 of s*"),
});

describe("property: Sigma rules", () => {
  it("match what a plain reading of them says", () => {
    fc.assert(
      fc.property(rule, fc.array(event, { minLength: 1, maxLength: 8 }), (given, events) => {
        const compiled = compileRule(textOf(given, "r"));
        for (const one of events) assert.equal(compiled.matches(one), oracle(given, one), JSON.stringify(one));
      }),
      { numRuns: 2000 },
    );
  });

  it("the index finds exactly the rules that match, of many", () => {
    fc.assert(
      fc.property(
        fc.array(rule, { minLength: 1, maxLength: 40 }),
        fc.array(event, { minLength: 1, maxLength: 8 }),
        (given, events) => {
          const rules = given.map((one, index) => compileRule(textOf(one, `r${index}`)));
          const set = new RuleSet(rules);
          for (const one of events) {
            const found = set.match(new EventView(one), { product: "x" }).map(({ title }) => title);
            const expected = rules.filter((compiled) => compiled.matches(one)).map(({ title }) => title);
            assert.deepEqual(found, expected);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it("any text is read or refused with a code", () => {
    const lines = fc.array(
      fc.oneof(
        fc.string({ unit: "grapheme" }),
        fc.constantFrom(
          "title: a",
          "logsource: {product: x}",
          "detection:",
          "  s: {f|re: '('}",
          "  condition: s",
          "---",
          "correlation:",
          "  *a",
          "  &a [*a]",
          "__proto__: {x: 1}",
        ),
      ),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(lines, (parts) => {
        try {
          for (const document of parseSigma(parts.join("\n"))) assert.ok(document.id !== "");
        } catch (error) {
          assert.ok(error instanceof MnoError, String(error));
          assert.match(error.code, /^MNO_SIGMA_RULE_/);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("any event is looked at without a fault, and without reaching what it inherits", () => {
    const rules = ["constructor: '*'", "__proto__.x|exists: true", "toString|contains: native", "a.b.c: 1"].map(
      (text) =>
        compileRule(`title: t\nlogsource: {product: x}\ndetection: {s: {${text}}, k: [native], condition: s or k}`),
    );
    fc.assert(
      fc.property(fc.object({ withNullPrototype: true }), (one) => {
        for (const compiled of rules) compiled.matches(JSON.parse(JSON.stringify(one)));
      }),
      { numRuns: 500 },
    );
    assert.ok(!rules[0]!.matches({}) && !rules[1]!.matches({ a: 1 }) && !rules[2]!.matches({ a: [] }));
  });
});
