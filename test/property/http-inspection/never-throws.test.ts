import fc from "fast-check";
import assert from "node:assert/strict";
import { createGrammar } from "../../../runtime/kernel/http-inspection/grammar/grammar";
import { BUDGET } from "../../../runtime/kernel/http-inspection/limits";
import { fieldsOf } from "../../../runtime/kernel/http-inspection/parse/fields";
import { multipartParts } from "../../../runtime/kernel/http-inspection/parse/multipart";
import { createSignatures } from "../../../runtime/kernel/http-inspection/signatures";
import { fullyDecoded, variantsOf } from "../../../runtime/kernel/http-inspection/transform/variants";

const PIECES = [
  "'",
  '"',
  "`",
  "\\",
  "%",
  "%25",
  "%u00",
  "&#",
  "&lt;",
  "${",
  "$(",
  "{{",
  "}}",
  "<",
  ">",
  "<!--",
  "<![CDATA[",
  "/*",
  "*/",
  "--",
  "#",
  ";",
  "|",
  "&",
  "=",
  "[",
  "]",
  "(",
  ")",
  "{",
  "}",
  "\r\n",
  "\n\n",
  "\0",
  "--b",
  "--b--",
  "content-disposition: form-data; name=",
  "filename=",
  "select",
  "union",
  " or ",
  "1",
  "a",
  "on",
  "javascript:",
  "../",
  "http://",
  "rO0AB",
  "+ADw-",
  "\u00ff",
  "\ud800",
  "😀",
  "__proto__",
  "cat ",
  "at ",
];
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 300 }),
  fc.array(fc.constantFrom(...PIECES), { maxLength: 80 }).map((pieces) => pieces.join("")),
);
const type = fc.constantFrom(
  "application/json",
  "application/xml",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=b",
  "multipart/form-data",
  "text/plain",
  "",
  "x",
);
const request = fc.record({
  method: fc.constantFrom("GET", "POST", "X"),
  target: text,
  type,
  cookie: text,
  agent: text,
  body: fc.oneof(
    text.map((value) => Buffer.from(value)),
    fc.uint8Array({ maxLength: 400 }),
  ),
});
const whole = ({
  method,
  target,
  type: contentType,
  cookie,
  agent,
}: {
  method: string;
  target: string;
  type: string;
  cookie: string;
  agent: string;
}) => ({
  method,
  target,
  headers: {
    "content-type": [contentType],
    cookie: [cookie],
    "user-agent": [agent],
    referer: [`https://e.example/${target}`],
  },
});

describe("inspection of hostile requests", () => {
  it("never throws, and counts what it finds", () => {
    const strict = createSignatures({ level: "strict" });
    fc.assert(
      fc.property(request, (one) => {
        const { score, refused, findings } = strict.inspect(whole(one), one.body);
        assert.equal(
          score,
          findings.reduce((sum, finding) => sum + finding.score, 0),
        );
        assert.equal(refused, score >= 5);
        assert.ok(findings.length <= BUDGET.findings);
      }),
      { numRuns: 3_000 },
    );
  });

  it("says the same again, with and without its memory", () => {
    const remembering = createSignatures({ level: "high" });
    fc.assert(
      fc.property(request, (one) => {
        const first = remembering.inspect(whole(one), one.body);
        assert.deepEqual(remembering.inspect(whole(one), one.body), first);
        assert.deepEqual(createSignatures({ level: "high" }).inspect(whole(one), one.body), first);
      }),
      { numRuns: 300 },
    );
  });

  it("stays within its budget", () => {
    fc.assert(
      fc.property(request, fc.integer({ min: 1, max: 3_000 }), (one, times) => {
        const body = Buffer.concat(Array.from({ length: times }, () => Buffer.from(one.body)));
        const { list } = fieldsOf(whole(one), body);
        assert.ok(list.length <= BUDGET.fields);
        assert.ok(list.every(({ value }) => value.length <= BUDGET.fieldChars));
        assert.ok(list.reduce((sum, { value }) => sum + value.length, 0) <= BUDGET.totalChars);
      }),
      { numRuns: 200 },
    );
  });

  it("decodes to no more than there was, and to the same when asked again", () => {
    fc.assert(
      fc.property(text, (value) => {
        const variants = variantsOf(value);
        assert.ok(variants.length <= 3);
        assert.ok(variants.every((variant) => variant.length <= 2 * value.length));
        assert.equal(fullyDecoded(value), fullyDecoded(value));
      }),
      { numRuns: 2_000 },
    );
  });

  it("takes multipart bodies apart and loses no content", () => {
    const part = fc.record({ name: fc.stringMatching(/^[a-z]{1,8}$/), value: fc.stringMatching(/^[a-z0-9 ]{0,40}$/) });
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 10 }), (parts) => {
        const body = `${parts.map(({ name, value }) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`).join("")}--b--\r\n`;
        const read = multipartParts(Buffer.from(body), "multipart/form-data; boundary=b");
        assert.equal(read.faults.size, 0);
        assert.deepEqual(
          read.parts.map(({ name, content }) => ({ name, value: Buffer.from(content).toString() })),
          parts.map(({ name, value }) => ({ name, value })),
        );
      }),
      { numRuns: 300 },
    );
  });

  it("learns from anything without throwing, in bounded memory", () => {
    const grammar = createGrammar({ enough: 5, endpoints: 3, parameters: 4 });
    fc.assert(
      fc.property(request, fc.nat(5), (one, endpoint) => {
        grammar.learn(`GET /${endpoint}`, whole(one), one.body);
        const { pValue } = grammar.judge(`GET /${endpoint}`, whole(one), one.body);
        assert.ok(pValue > 0 && pValue <= 1);
      }),
      { numRuns: 500 },
    );
    const { endpoints } = grammar.state();
    assert.ok(
      endpoints.length <= 3 &&
        endpoints.every(({ parameters, scores }) => parameters.length <= 4 && scores.length <= 512),
    );
  });
});
