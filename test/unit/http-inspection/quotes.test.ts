import fc from "fast-check";
import assert from "node:assert/strict";
import { strayBrackets, strayQuotes } from "../../../runtime/kernel/http-inspection/lex/quotes";

describe("quotes and brackets without an explanation", () => {
  for (const text of [
    "O'Brien",
    "the parents' house",
    "rock 'n' roll",
    `5' 10" tall`,
    "he said 'yes' and \"no\"",
    `{"a":"b","c":[1,"d"]}`,
    "name eq 'open' and total gt 5",
    "goin' home",
    "''",
  ])
    it(`explains: ${text}`, () => assert.deepEqual(strayQuotes(text), []));

  for (const [text, at] of [
    ["admin' or x", 5],
    ["' or 1", 0],
    [`1" = "1`, 1],
    ["x\\' and", 2],
    ["1' or 'a", 1],
  ] as const)
    it(`finds: ${text}`, () => assert.ok(strayQuotes(text).includes(at)));

  it("finds brackets that close nothing, and no emoticons", () => {
    assert.deepEqual(strayBrackets("f(x) and 1) or"), [10]);
    assert.deepEqual(strayBrackets("nice :-) and ;) done"), []);
  });

  it("names only places of quotes, in order, whatever the text", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("'", '"', "`", "a", "s", " ", "1", "\\", ",", "("), maxLength: 60 }),
        (text) => {
          const stray = strayQuotes(text);
          assert.ok(stray.every((at, i) => "'\"`".includes(text[at]!) && (i === 0 || stray[i - 1]! < at)));
        },
      ),
      { numRuns: 500 },
    );
  });
});
