import assert from "node:assert/strict";
import { MnoError } from "../../../../runtime/exports/errors";
import { type GatewayRequest } from "../../../../runtime/security/zero-trust-gateway/contracts";
import {
  compileValidator,
  type ValidationOptions,
} from "../../../../runtime/security/zero-trust-gateway/validation/validator";

const DOCUMENT = {
  openapi: "3.0.3",
  servers: [{ url: "https://example.test/api" }],
  paths: {
    "/users": {
      get: {
        parameters: [
          { name: "limit", in: "query", schema: { type: "integer", minimum: 1, maximum: 100 } },
          { name: "tags", in: "query", schema: { type: "array", items: { type: "string" } } },
          {
            name: "ids",
            in: "query",
            explode: false,
            schema: { type: "array", items: { type: "integer" }, maxItems: 3 },
          },
          {
            name: "filter",
            in: "query",
            style: "deepObject",
            schema: { type: "object", properties: { age: { type: "integer" }, name: { type: "string" } } },
          },
          { name: "x-tenant", in: "header", required: true, schema: { type: "string", format: "uuid" } },
          { name: "theme", in: "cookie", schema: { enum: ["light", "dark"] } },
        ],
      },
      post: {
        parameters: [
          {
            name: "where",
            in: "query",
            content: { "application/json": { schema: { type: "object", properties: { a: { type: "number" } } } } },
          },
        ],
        requestBody: {
          required: true,
          content: {
            "application/json": { schema: { $ref: "#/components/schemas/User" } },
            "application/x-www-form-urlencoded": { schema: { $ref: "#/components/schemas/User" } },
            "multipart/form-data": {
              schema: {
                type: "object",
                required: ["photo"],
                properties: {
                  name: { type: "string" },
                  age: { type: "integer" },
                  photo: { type: "string", format: "binary", maxLength: 20 },
                },
              },
            },
          },
        },
      },
    },
    "/users/me": { get: {} },
    "/users/{id}": {
      parameters: [{ name: "id", in: "path", required: true, schema: { type: "integer" } }],
      get: {},
      delete: {},
    },
    "/files/{name}.{ext}": {
      get: {
        parameters: [
          { name: "name", in: "path", schema: { type: "string" } },
          { name: "ext", in: "path", schema: { enum: ["png", "txt"] } },
        ],
      },
    },
    "/matrix/{point}": {
      get: {
        parameters: [
          {
            name: "point",
            in: "path",
            style: "matrix",
            explode: true,
            schema: { type: "object", properties: { x: { type: "integer" }, y: { type: "integer" } } },
          },
        ],
      },
    },
  },
  components: {
    schemas: {
      Named: {
        type: "object",
        required: ["name"],
        properties: {
          name: { type: "string", maxLength: 10, pattern: "^[a-z]+$" },
          id: { type: "integer", readOnly: true },
        },
      },
      User: {
        allOf: [
          { $ref: "#/components/schemas/Named" },
          {
            type: "object",
            properties: {
              age: { type: "integer", nullable: true, minimum: 0, exclusiveMinimum: true },
              friends: { type: "array", items: { $ref: "#/components/schemas/User" } },
            },
          },
        ],
      },
    },
  },
};

const TENANT = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";

function request(method: string, target: string, headers: Record<string, string> = {}): GatewayRequest {
  const [path = "", query = ""] = target.split("?");
  const lists = Object.fromEntries(
    Object.entries({ "x-tenant": TENANT, ...headers }).map(([name, value]) => [name, [value]]),
  );
  return {
    id: "1",
    time: 0,
    method,
    scheme: "https",
    authority: "example.test",
    path,
    target,
    query,
    headers: lists,
    address: "192.0.2.1",
  };
}

/** Fields of the faults, or the code of an error without any; [] where the request is taken. */
function faults(
  method: string,
  target: string,
  headers: Record<string, string> = {},
  body?: string | Buffer,
  options?: ValidationOptions,
): string[] {
  try {
    compileValidator(DOCUMENT, options).validate(
      request(method, target, headers),
      body === undefined ? undefined : Buffer.from(body),
    );
    return [];
  } catch (error) {
    assert.ok(error instanceof MnoError, String(error));
    return error.faults.length > 0 ? error.faults.map(({ field }) => field) : [error.code];
  }
}

const json = (value: unknown, options?: ValidationOptions): string[] =>
  faults(
    "POST",
    "/api/users",
    { "content-type": "application/json" },
    typeof value === "string" ? value : JSON.stringify(value),
    options,
  );

describe("validation of requests by an OpenAPI document", () => {
  it("finds the operation, what is concrete before what is templated", () => {
    const validator = compileValidator(DOCUMENT);
    const name = (method: string, path: string) => validator.operationOf({ method, path });
    assert.equal(name("GET", "/api/users/me"), "GET /users/me");
    assert.equal(name("GET", "/api/users/7"), "GET /users/{id}");
    assert.equal(name("GET", "/api/files/a.b.png"), "GET /files/{name}.{ext}");
    assert.equal(name("GET", "/users/me"), undefined);
    assert.equal(name("PUT", "/api/users/7"), undefined);
  });

  it("refuses what is not declared, by path and by method", () => {
    assert.deepEqual(faults("GET", "/api/admin"), ["MNO_REQUEST_UNDECLARED"]);
    assert.throws(
      () => compileValidator(DOCUMENT).validate(request("PATCH", "/api/users/7")),
      (error: MnoError) =>
        error.status === 405 && assert.deepEqual(error.extensions.allow, ["GET", "DELETE"]) === undefined,
    );
  });

  it("reads parameters by style, and refuses what does not fit", () => {
    assert.deepEqual(
      faults("GET", `/api/users?limit=5&tags=a&tags=b&ids=1,2&filter[age]=3`, { cookie: "theme=dark" }),
      [],
    );
    assert.deepEqual(faults("GET", "/api/users?limit=0"), ["/query/limit"]);
    assert.deepEqual(faults("GET", "/api/users?limit=0x10"), ["/query/limit"]);
    assert.deepEqual(faults("GET", "/api/users?ids=1,2,3,4"), ["/query/ids"]);
    assert.deepEqual(faults("GET", "/api/users?ids=1,b"), ["/query/ids/1"]);
    assert.deepEqual(faults("GET", "/api/users?filter[age]=x"), ["/query/filter/age"]);
    assert.deepEqual(faults("GET", "/api/users?filter[admin]=1"), ["/query/filter/admin"]);
    assert.deepEqual(faults("GET", "/api/users", { "x-tenant": "1" }), ["/headers/x-tenant"]);
    assert.deepEqual(faults("GET", "/api/users", { cookie: "theme=red" }), ["/cookies/theme"]);
    assert.deepEqual(faults("GET", "/api/users/x"), ["/path/id"]);
    assert.deepEqual(faults("GET", "/api/files/a.exe"), ["/path/ext"]);
    assert.deepEqual(faults("GET", "/api/matrix/;x=1;y=2"), []);
    assert.deepEqual(faults("GET", "/api/matrix/;x=1;y=b"), ["/path/point/y"]);
  });

  it("refuses parameters that are not declared, come twice, or are not UTF-8", () => {
    assert.deepEqual(faults("GET", "/api/users?debug=1"), ["/query/debug"]);
    assert.deepEqual(faults("GET", "/api/users?debug=1", {}, undefined, { strict: false }), []);
    assert.deepEqual(faults("GET", "/api/users?limit=1&limit=2"), ["/query/limit"]);
    assert.deepEqual(faults("GET", "/api/users?tags=%ff"), ["/query"]);
  });

  it("validates JSON bodies, members of composed schemas included", () => {
    assert.deepEqual(json({ name: "ann", age: 3, friends: [{ name: "bob" }] }), []);
    assert.deepEqual(json({ name: "ann", age: null }), []);
    assert.deepEqual(json({ name: "ann", age: 0 }), ["/body/age"]);
    assert.deepEqual(json({ name: "ann", admin: true }), ["/body/admin"]);
    assert.deepEqual(json({ name: "ann", admin: true }, { strict: false }), []);
    assert.deepEqual(json({ name: "ann", friends: [{ name: "bob", admin: 1 }] }), ["/body/friends/0/admin"]);
    assert.deepEqual(json({ age: 3 }), ["/body"]);
    assert.deepEqual(json({ name: "ANN" }), ["/body/name"]);
    assert.deepEqual(json({ name: "ann", id: 4 }), ["/body/id"]);
    assert.deepEqual(faults("POST", "/api/users", { "content-type": "application/json" }), ["/body"]);
    assert.deepEqual(faults("POST", "/api/users", { "content-type": "text/csv" }, "a"), ["/headers/content-type"]);
    assert.deepEqual(
      faults("POST", "/api/users", { "content-type": "application/json", "content-encoding": "gzip" }, "a"),
      ["/headers/content-encoding"],
    );
  });

  it("refuses JSON that parsers read differently, and what is too deep, long or many", () => {
    assert.deepEqual(json('{"name":"ann","name":"bob"}'), ["/body/name"]);
    assert.deepEqual(json('{"name":"ann","n\\u0061me":"bob"}'), ["/body/name"]);
    assert.deepEqual(json('{"name":"ann","__proto__":{}}'), ["/body/name"]);
    assert.deepEqual(json('{"name":"ann"} x'), ["/body"]);
    assert.equal(json("[".repeat(50_000) + "]".repeat(50_000)).length, 1);
    assert.deepEqual(json({ name: "ann" }, { limits: { bytes: 5 } }), ["/body"]);
    assert.deepEqual(json({ name: "a".repeat(50) }, { limits: { chars: 20 } }), ["/body/name"]);
    assert.deepEqual(json({ name: "a", friends: [1, 2, 3] }, { limits: { items: 2 } }), ["/body/friends/2"]);
  });

  it("validates forms", () => {
    const form = (body: string) =>
      faults("POST", "/api/users", { "content-type": "application/x-www-form-urlencoded" }, body);
    assert.deepEqual(form("name=ann&age=4"), []);
    assert.deepEqual(form("name=ann&age=four"), ["/body/age"]);
    assert.deepEqual(form("name=ann&role=admin"), ["/body/role"]);
    assert.deepEqual(form("name=ann&name=bob"), ["/body/name"]);
  });

  it("validates multipart bodies", () => {
    const part = (name: string, value: string, file = "") =>
      `--b\r\ncontent-disposition: form-data; name="${name}"${file}\r\n\r\n${value}\r\n`;
    const multipart = (...parts: string[]) =>
      faults("POST", "/api/users", { "content-type": "multipart/form-data; boundary=b" }, `${parts.join("")}--b--\r\n`);
    const photo = part("photo", "bytes", '; filename="a.png"');
    assert.deepEqual(multipart(photo, part("name", "ann"), part("age", "4")), []);
    assert.deepEqual(multipart(part("name", "ann")), ["/body"]);
    assert.deepEqual(multipart(photo, part("age", "x")), ["/body/age"]);
    assert.deepEqual(multipart(photo, photo), ["/body/photo"]);
    assert.deepEqual(multipart(part("photo", "x".repeat(21), '; filename="a.png"')), ["/body/photo"]);
    assert.deepEqual(faults("POST", "/api/users", { "content-type": "multipart/form-data" }, "x"), ["/body"]);
  });

  it("validates parameters that are JSON themselves", () => {
    const post = (query: string) =>
      faults("POST", `/api/users?${query}`, { "content-type": "application/json" }, '{"name":"a"}');
    assert.deepEqual(post("where=%7B%22a%22:1%7D"), []);
    assert.deepEqual(post("where=%7B%22a%22:%22x%22%7D"), ["/query/where/a"]);
    assert.deepEqual(post("where=%7B"), ["/query/where"]);
  });

  it("takes no document that reaches outside, goes in circles, or could take long", () => {
    const broken = (change: object, pointer: string) =>
      assert.throws(
        () => compileValidator({ ...DOCUMENT, ...change }),
        (error: MnoError) => {
          assert.equal(error.code, "MNO_OPENAPI_INVALID");
          assert.equal(error.faults[0]?.field, pointer);
          return true;
        },
      );
    const schema = (value: unknown) => ({
      paths: { "/a": { post: { requestBody: { content: { "application/json": { schema: value } } } } } },
    });
    const at = "/paths/~1a/post/requestBody/content/application~1json/schema";
    broken({ openapi: "2.0" }, "/openapi");
    broken({ paths: undefined }, "/paths");
    broken(
      schema({ $ref: "https://example.test/x.json" }),
      "/paths//a/post/requestBody/content/application/json/schema/$ref",
    );
    broken(schema({ $ref: "#/nowhere" }), at);
    broken(
      {
        ...schema({ $ref: "#/components/schemas/A" }),
        components: { schemas: { A: { $ref: "#/components/schemas/B" }, B: { $ref: "#/components/schemas/A" } } },
      },
      at,
    );
    broken(schema({ type: "string", pattern: "(?=a)b" }), "/components/schemas");
    broken({ paths: { "/a": { get: { parameters: [{ name: "x", in: "body" }] } } } }, "/paths/~1a/get/parameters/0/in");
    let deep: unknown = { type: "string" };
    for (let i = 0; i < 200; i++) deep = { items: deep };
    assert.throws(() => compileValidator({ ...DOCUMENT, ...schema(deep) }), /nested deeper/);
  });

  it("matches patterns in linear time", () => {
    const document = {
      openapi: "3.1.0",
      paths: {
        "/a": { get: { parameters: [{ name: "x", in: "query", schema: { type: "string", pattern: "^(a+)+$" } }] } },
      },
    };
    const start = process.hrtime.bigint();
    assert.throws(
      () => compileValidator(document).validate(request("GET", `/a?x=${"a".repeat(5_000)}!`)),
      /does not|must match|x/,
    );
    assert.ok(process.hrtime.bigint() - start < 5_000_000_000n);
  });
});
