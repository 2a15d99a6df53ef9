import {
  evaluationRequest,
  evaluationsRequest,
  RequestFault,
  searchRequest,
} from "../../../runtime/security/zero-trust-gateway/authzen/requests";
import { validateRoutes } from "../../../runtime/security/zero-trust-gateway/routing/validate";
import { readStrictJson } from "../../../runtime/security/zero-trust-gateway/validation/strict-json";
import { compileValidator } from "../../../runtime/security/zero-trust-gateway/validation/validator";
import { ACCEPTED, holds, target } from "../target";

const SUBJECT = { type: "user", id: "alice", properties: { department: "Sales" } };
const ASKED = {
  subject: SUBJECT,
  action: { name: "can_read" },
  resource: { type: "todo", id: "1" },
  context: { time: "x" },
};

const authzen = target<Record<string, unknown>>({
  name: "gateway: AuthZEN requests",
  kind: "JSON",
  seeds: [
    ASKED,
    {
      ...ASKED,
      evaluations: [{ resource: { type: "todo", id: "2" } }, {}],
      options: { evaluations_semantic: "execute_all" },
    },
    { ...ASKED, page: { token: "a", limit: 10 } },
  ],
  words: [
    "evaluations",
    "options",
    "page",
    "subject",
    "resource",
    "action",
    "properties",
    "deny_on_first_deny",
    "limit",
  ],
  milliseconds: 20,
  run: (body) => {
    if (typeof body !== "object" || body === null || Array.isArray(body)) return "no object";
    const several = evaluationsRequest(body);
    const { subject } = several === undefined ? evaluationRequest(body) : { subject: SUBJECT };
    holds(typeof subject.type === "string" && typeof subject.id === "string", "a subject without a name");
    for (const kind of ["subject", "resource", "action"] as const) searchRequest(kind, body);
    return several?.items.some((item) => item instanceof RequestFault) === true ? "items" : ACCEPTED;
  },
  refusal: (error) => (error instanceof RequestFault ? "bad request" : undefined),
});

const ROUTE = {
  name: "shop",
  hosts: ["shop.test", "*.shop.test"],
  pathPrefix: "/shop",
  upstream: { url: "http://127.0.0.1:8080", protocol: "http2" },
  resource: { type: "Order", id: "{host}/{1}", attributes: { open: true }, parents: [{ type: "Shop", id: "s" }] },
  actions: { POST: "order", DELETE: "-" },
  csrf: { mode: "enforce", trustedOrigins: ["https://a.test"] },
  content: { mode: "inspect", maximumBytes: 1000 },
  responseHeaders: { "x-a": "b", "x-c": null },
};

const routes = target<unknown>({
  name: "gateway: routes",
  kind: "JSON",
  seeds: [[ROUTE, { name: "rest" }]],
  words: ["{2}", "{path}", "{", "*.", "https://", ":99999", "-", "stream", "/a/../b", "%2f", "[::1]"],
  milliseconds: 50,
  run: (input) => {
    const read = validateRoutes(input);
    holds(JSON.stringify(validateRoutes(read)) === JSON.stringify(read), "not idempotent");
    return ACCEPTED;
  },
});

const LIMITS = { bytes: 1_048_576, depth: 32, items: 1000, keys: 100, chars: 10_000 };

const strict = target<string>({
  name: "gateway: strict JSON",
  kind: "text",
  seeds: ['{"a":[1,2,{"b":null}],"c":"\\u00e9\\n","d":-1.5e10}', '[[],{},"",0,true,false]'],
  words: ['"a":1,', "[", "]", "{", "}", '"', "\\u", "\\ud800", "1e999", '"__proto__":1', "-0", ","],
  milliseconds: 50,
  run: (text) => {
    const read = readStrictJson(text, LIMITS);
    if (!("value" in read)) return `refused: ${read.fault.replace(/\d+/g, "")}`;
    holds(JSON.stringify(JSON.parse(text)) === JSON.stringify(read.value), "another value than the text has");
    return ACCEPTED;
  },
});

const DOCUMENT = {
  openapi: "3.1.0",
  info: { title: "a", version: "1" },
  paths: {
    "/orders/{id}": {
      parameters: [{ name: "id", in: "path", required: true, schema: { type: "integer", minimum: 1 } }],
      get: {
        parameters: [
          { name: "q", in: "query", schema: { type: "array", items: { type: "string", maxLength: 5 } } },
          {
            name: "f",
            in: "query",
            style: "deepObject",
            schema: { type: "object", properties: { a: { type: "string" } } },
          },
        ],
        responses: {},
      },
      post: {
        requestBody: {
          required: true,
          content: {
            "application/json": { schema: { $ref: "#/components/schemas/Order" } },
            "application/x-www-form-urlencoded": { schema: { $ref: "#/components/schemas/Order" } },
          },
        },
        responses: {},
      },
    },
  },
  components: {
    schemas: {
      Order: {
        type: "object",
        required: ["item"],
        properties: {
          item: { type: "string", pattern: "^[a-z]+$" },
          count: { type: "integer" },
          tags: { type: "array" },
        },
      },
    },
  },
};
const validator = compileValidator(DOCUMENT);

/** Method, path, query, content type and content, one line each. */
const validation = target<string>({
  name: "gateway: requests by their OpenAPI document",
  kind: "text",
  seeds: [
    "GET\n/orders/1\nq=a&q=b&f[a]=c\n\n",
    'POST\n/orders/2\n\napplication/json\n{"item":"a","count":1,"tags":[1,{}]}',
    "POST\n/orders/3\n\napplication/x-www-form-urlencoded\nitem=a&count=2",
  ],
  words: [
    "&q=",
    "f[a]=",
    "f[__proto__]=",
    "%2C",
    "+",
    '"item":',
    "application/json; charset=utf-8",
    "1e3",
    "count=",
    "\n",
  ],
  milliseconds: 50,
  run: (text) => {
    const [method = "", path = "", query = "", type = "", ...rest] = text.split("\n");
    const headers = { host: ["a"], ...(type !== "" && { "content-type": [type] }) };
    const asked = { method, path, query, headers, target: `${path}?${query}` };
    const body = rest.join("\n");
    validator.validate(asked as never, body === "" ? undefined : Buffer.from(body));
    return ACCEPTED;
  },
});

const documents = target<unknown>({
  name: "gateway: OpenAPI documents",
  kind: "JSON",
  seeds: [DOCUMENT],
  words: [
    "$ref",
    "#/components/schemas/Order",
    "#/",
    "allOf",
    "not",
    "(a+)+$",
    "pattern",
    "3.0.3",
    "deepObject",
    "get",
  ],
  // Ajv makes a program of each schema: some 20 ms.
  share: 0.003,
  milliseconds: 500,
  run: (document) => {
    compileValidator(document).operationOf({ method: "GET", path: "/orders/1" });
    return ACCEPTED;
  },
});

export const DECISION_TARGETS = [authzen, routes, strict, validation, documents];
