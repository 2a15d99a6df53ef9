import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { MnoError } from "../../../runtime/exports";
import { defineCorrelation } from "../../../runtime/kernel/sigma/correlation/definition";
import { parseSigma } from "../../../runtime/kernel/sigma/document";
import { loadSigma } from "../../../runtime/kernel/sigma/load";
import { ROOT } from "../../support/platform";

const FOLDER = join(ROOT, "test/data/sigma-spec");
const read = (kind: string, file: string): string => readFileSync(join(FOLDER, kind, file), "utf8");

const rule = (detection: string, head = ""): string =>
  `title: T\n${head}logsource: {product: x}\ndetection:\n${detection.replace(/^/gm, "  ")}\n`;

function refused(text: string, code: string, says: RegExp): void {
  assert.throws(
    () => {
      const loaded = loadSigma([{ source: "file", text }]);
      const [first] = loaded.refused;
      if (first) throw new MnoError(first.code as "MNO_SIGMA_RULE_INVALID", first.reason);
    },
    (error: MnoError) => {
      assert.equal(error.code, code, error.message);
      assert.match(error.message, says);
      return true;
    },
  );
}

describe("Sigma: the specification's schema tests", () => {
  for (const [folder, kind] of [
    ["rules", "rule"],
    ["correlation", "correlation"],
    ["filter", "filter"],
  ] as const) {
    for (const file of readdirSync(join(FOLDER, folder))) {
      it(`accepts ${folder}/${file}`, () => {
        const [document] = parseSigma(read(folder, file));
        assert.equal(document?.kind, kind);
        if (document?.kind === "correlation") assert.ok(defineCorrelation(document).groupBy.length > 0);
        if (document?.kind === "rule")
          assert.equal(loadSigma([{ source: file, text: read(folder, file) }]).rules.length, 1);
      });
    }
  }

  it("loads the specification's chained example, innermost first", () => {
    const text = `
title: Outer
correlation: {type: temporal_ordered, rules: [many, success], group-by: [User], timespan: 10m}
---
title: Many
name: many
correlation: {type: event_count, rules: [failed], group-by: [User], timespan: 10m, condition: {gte: 10}}
---
title: Failed
name: failed
logsource: {product: windows, service: security}
detection: {selection: {EventID: [529, 4625]}, condition: selection}
---
title: Success
name: success
logsource: {product: windows, service: security}
detection: {selection: {EventID: [528, 4624]}, condition: selection}
`;
    const loaded = loadSigma([{ source: "example", text }]);
    assert.deepEqual(loaded.refused, []);
    assert.deepEqual(
      loaded.correlations.map(({ title }) => title),
      ["Many", "Outer"],
    );
  });
});

describe("Sigma: what is refused, and why", () => {
  const cases: [string, string, string, RegExp][] = [
    ["no YAML", "a: b: c", "INVALID", /no YAML/],
    ["duplicate keys", "title: a\ntitle: b", "INVALID", /no YAML/],
    ["no logsource", "title: a\ndetection: {a: {b: c}, condition: a}", "INVALID", /logsource/],
    ["an empty logsource", "title: a\nlogsource: {}\ndetection: {a: {b: c}, condition: a}", "INVALID", /at least one/],
    ["an unknown status", rule("a: {b: c}\ncondition: a", "status: done\n"), "INVALID", /status.*stable/],
    ["an id that is no UUID", rule("a: {b: c}\ncondition: a", "id: 7\n"), "INVALID", /id/],
    ["a date with slashes", rule("a: {b: c}\ncondition: a", "date: 2023/01/01\n"), "INVALID", /date/],
    ["an unknown modifier", rule("a: {b|foo: c}\ncondition: a"), "INVALID", /detection\.a\.b\|foo: "foo"/],
    ["a modifier twice", rule("a: {b|contains|contains: c}\ncondition: a"), "INVALID", /twice/],
    ["a flag without re", rule("a: {b|i: c}\ncondition: a"), "INVALID", /flag/],
    ["two types", rule("a: {b|re|cidr: c}\ncondition: a"), "INVALID", /exclude/],
    ["all of one value", rule("a: {b|contains|all: c}\ncondition: a"), "INVALID", /several/],
    ["null in a list", rule("a: {b: ['', null]}\ncondition: a"), "INVALID", /null/],
    ["a number for re's look-ahead", rule("a: {b|re: '(?=a)b'}\ncondition: a"), "UNSUPPORTED", /linear time/],
    ["a back-reference", rule("a: {b|re: '(a)\\1'}\ncondition: a"), "UNSUPPORTED", /linear time/],
    ["text for gt", rule("a: {b|gt: x}\ncondition: a"), "INVALID", /number/],
    ["text for exists", rule("a: {b|exists: 'yes'}\ncondition: a"), "INVALID", /true or false/],
    ["no range for cidr", rule("a: {b|cidr: 10.0.0.0/33}\ncondition: a"), "INVALID", /CIDR/],
    ["an hour of 24", rule("a: {b|hour: 24}\ncondition: a"), "INVALID", /0 to 23/],
    ["base64 of wildcards", rule("a: {b|base64: 'x*'}\ncondition: a"), "INVALID", /without wildcards/],
    ["an unknown placeholder", rule("a: {b|expand: '%Servers%'}\ncondition: a"), "UNSUPPORTED", /%Servers%/],
    ["an unknown identifier", rule("a: {b: c}\ncondition: a and z"), "INVALID", /"z" is not a search/],
    ["a pattern of nothing", rule("a: {b: c}\ncondition: 1 of z*"), "INVALID", /no search identifier is of/],
    ["an open parenthesis", rule("a: {b: c}\ncondition: (a"), "INVALID", /not closed/],
    ["words without an operator", rule("a: {b: c}\ncondition: a a"), "INVALID", /left over/],
    ["an aggregation", rule("a: {b: c}\ncondition: a | count() > 3"), "UNSUPPORTED", /correlation rule/],
    ["a timeframe", rule("a: {b: c}\ntimeframe: 5m\ncondition: a"), "UNSUPPORTED", /correlation rule/],
    ["collections", "action: global\ntitle: a", "UNSUPPORTED", /collections/],
    ["a map in a value", rule("a: {b: [{c: d}]}\ncondition: a"), "INVALID", /a value is/],
    [
      "a correlation of nothing",
      "title: c\ncorrelation: {type: event_count, rules: [nobody], group-by: [a], timespan: 1h, condition: {gte: 1}}",
      "INVALID",
      /nobody is not there/,
    ],
    [
      "a correlation of itself",
      "title: c\nname: c\ncorrelation: {type: event_count, rules: [c], group-by: [a], timespan: 1h, condition: {gte: 1}}",
      "INVALID",
      /depends on this/,
    ],
    [
      "a sum without a field",
      "title: c\ncorrelation: {type: value_sum, rules: [r], group-by: [a], timespan: 1h, condition: {gte: 1}}",
      "INVALID",
      /needs a field/,
    ],
    [
      "an unknown correlation",
      "title: c\ncorrelation: {type: value_mode, rules: [r], group-by: [a], timespan: 1h, condition: {gte: 1}}",
      "INVALID",
      /value_percentile/,
    ],
    [
      "a timespan without a unit",
      "title: c\ncorrelation: {type: event_count, rules: [r], group-by: [a], timespan: 10, condition: {gte: 1}}",
      "INVALID",
      /timespan/,
    ],
  ];
  for (const [what, text, code, says] of cases) it(what, () => refused(text, `MNO_SIGMA_RULE_${code}`, says));

  it("refuses what depends on a refused rule, and keeps the rest", () => {
    const loaded = loadSigma([
      { source: "bad", text: rule("a: {b|foo: c}\ncondition: a", "name: bad\n") },
      { source: "good", text: rule("a: {b: c}\ncondition: a", "name: good\n") },
      {
        source: "of bad",
        text: "title: c\ncorrelation: {type: event_count, rules: [bad], group-by: [a], timespan: 1h, condition: {gte: 1}}",
      },
      { source: "again", text: rule("a: {b: d}\ncondition: a", "name: good\n") },
    ]);
    assert.deepEqual(
      loaded.rules.map(({ name }) => name),
      ["good"],
    );
    assert.deepEqual(
      loaded.refused.map(({ source }) => source),
      ["bad", "again", "of bad"],
    );
  });
});
