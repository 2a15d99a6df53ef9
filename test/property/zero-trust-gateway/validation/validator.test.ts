import fc from "fast-check";
import assert from "node:assert/strict";
import { MnoError } from "../../../../runtime/exports/errors";
import { type GatewayRequest } from "../../../../runtime/security/zero-trust-gateway/contracts";
import { readStrictJson } from "../../../../runtime/security/zero-trust-gateway/validation/strict-json";
import { compileValidator } from "../../../../runtime/security/zero-trust-gateway/validation/validator";

const SCHEMA = {
  type: "object",
  properties: {
    a: { type: "integer" },
    b: { type: "array", items: { type: "string" } },
    c: { type: "object", properties: { d: { type: "boolean" } } },
  },
};
const MEDIA = Object.fromEntries(
  ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"].map((type) => [
    type,
    { schema: SCHEMA },
  ]),
);
const PARAMETERS = [
  { name: "id", in: "path", schema: { type: "integer" } },
  { name: "q", in: "query", style: "deepObject", schema: { type: "object", properties: { x: { type: "number" } } } },
  { name: "l", in: "query", explode: false, schema: { type: "array", items: { type: "integer" } } },
  { name: "h", in: "header", schema: { type: "object", properties: { x: { type: "integer" } } } },
];
const DOCUMENT = {
  openapi: "3.1.0",
  paths: { "/r/{id}": { post: { parameters: PARAMETERS, requestBody: { content: MEDIA } } } },
};
const LIMITS = { bytes: 1e6, depth: 10, items: 100, keys: 100, chars: 1_000 };

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.constantFrom("q[x]=1", "l=1,2", "a=1&b=x&b=y", '{"a":1}', "--b\r\n\r\n", "%", "=", "&&"),
);

describe("validation of hostile requests and documents", () => {
  it("answers every request by taking it or by an error of its own", () => {
    const validator = compileValidator(DOCUMENT);
    fc.assert(
      fc.property(
        text,
        text,
        text,
        fc.constantFrom(...Object.keys(MEDIA), "multipart/form-data; boundary=b", "text/x"),
        text,
        (id, query, header, type, body) => {
          const request: GatewayRequest = {
            id: "1",
            time: 0,
            method: "POST",
            scheme: "https",
            authority: "e",
            path: `/r/${id}`,
            target: `/r/${id}?${query}`,
            query,
            headers: { "content-type": [type], h: [header] },
            address: "192.0.2.1",
          };
          try {
            validator.validate(request, Buffer.from(body));
          } catch (error) {
            assert.ok(error instanceof MnoError && /^MNO_REQUEST_/.test(error.code), String(error));
          }
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it("reads as JSON.parse does what has no member twice and keeps the limits", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        const plain = JSON.stringify(value);
        const read = readStrictJson(plain, LIMITS);
        if (plain.includes('"__proto__"')) return;
        assert.deepEqual(read, { value: JSON.parse(plain) as unknown });
      }),
      { numRuns: 1_000 },
    );
  });

  it("finds every member that comes twice, however it is written", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 8 }), fc.jsonValue({ maxDepth: 2 }), (key, value) => {
        const hidden = Array.from(
          { length: key.length },
          (_none, at) => `\\u${key.charCodeAt(at).toString(16).padStart(4, "0")}`,
        ).join("");
        const read = readStrictJson(`{"x":{${JSON.stringify(key)}:${JSON.stringify(value)},"${hidden}":1}}`, LIMITS);
        assert.ok("fault" in read);
      }),
      { numRuns: 500 },
    );
  });

  it("takes or refuses any document by an error of its own", () => {
    const schema = fc.letrec<{ schema: unknown }>((tie) => ({
      schema: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom<unknown>(
          true,
          null,
          1,
          { type: "string" },
          { type: 5 },
          { $ref: "#/components/schemas/A" },
          { $ref: "#/x" },
          { $ref: "http://e/x" },
          { pattern: "(" },
          { enum: [] },
          { required: "a" },
        ),
        fc.record(
          {
            type: fc.constantFrom("object", "array"),
            properties: fc.dictionary(fc.string({ maxLength: 5 }), tie("schema"), { maxKeys: 3 }),
            items: tie("schema"),
            allOf: fc.array(tie("schema"), { maxLength: 2 }),
          },
          { requiredKeys: [] },
        ),
      ),
    })).schema;
    fc.assert(
      fc.property(schema, schema, (body, component) => {
        const document = {
          openapi: "3.1.0",
          paths: { "/a": { post: { requestBody: { content: { "application/json": { schema: body } } } } } },
          components: { schemas: { A: component } },
        };
        try {
          compileValidator(document);
        } catch (error) {
          assert.ok(error instanceof MnoError && error.code === "MNO_OPENAPI_INVALID", String(error));
        }
      }),
      { numRuns: 150 },
    );
  });
});
