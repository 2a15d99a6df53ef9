import assert from "node:assert/strict";
import * as fc from "fast-check";
import { RE2JS } from "re2js";
import { exampleOf } from "../../../bench/security-intelligence/example-of";
import { regexLiteral } from "../../../runtime/kernel/sigma/regex-literal";

describe("Sigma: what every match of an expression contains", () => {
  for (const [source, expected, insensitive] of [
    ["powershell", "powershell"],
    ["ab?cde", "cde"],
    ["abc*d", "ab"],
    ["ab{0,2}cd", "cd"],
    ["abc+d", "abc"],
    ["(abc)?d", "d"],
    ["(a(b)|c]d)xyz", "xyz"],
    ["[]abc]xy", "xy"],
    ["[^\\]abc]xy", "xy"],
    ["[[:alpha:]]xy", "xy"],
    ["a|bcd", undefined],
    ["x\\.y\\\\z", "x.y\\z"],
    ["a\\sbcd", "bcd"],
    ["\\Qa|b\\E", undefined],
    ["\\x41bcd", undefined],
    ["^cmd$", "cmd"],
    ["task", "ta", true],
    ["(?i)disk", "di"],
    ["a.*", "a"],
    [".*", undefined],
  ] as [string, string | undefined, boolean?][]) {
    it(`${source} -> ${expected ?? "nothing"}`, () =>
      assert.equal(regexLiteral(source, insensitive ?? false), expected));
  }

  it("is in whatever matches", () => {
    const atom = fc.constantFrom(
      "a",
      "b",
      "foo",
      "\\.",
      "\\d",
      ".",
      "[ab]",
      "[^x]",
      "(foo|bar)",
      "(?:ab)",
      "(a(b)?)",
      "^",
      "$",
    );
    const piece = fc
      .tuple(atom, fc.constantFrom("", "", "?", "*", "+", "{0,2}", "{2}", "??"))
      .map(([one, many]) => one + many);
    const text = fc.string({ unit: fc.constantFrom("a", "b", "f", "o", ".", "7", "x", "r"), maxLength: 20 });
    fc.assert(
      fc.property(
        fc.array(piece, { minLength: 1, maxLength: 6 }),
        fc.array(text, { maxLength: 20 }),
        (pieces, texts) => {
          const source = pieces.join("");
          let expression: RE2JS;
          try {
            expression = RE2JS.compile(source);
          } catch {
            return; // such as ^*
          }
          const literal = regexLiteral(source, false);
          for (const one of [...texts, exampleOf(source) ?? ""]) {
            if (literal !== undefined && expression.test(one)) assert.ok(one.includes(literal), `${source}: ${one}`);
          }
        },
      ),
      { numRuns: 3000 },
    );
  });
});
