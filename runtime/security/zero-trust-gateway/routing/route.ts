import { type Static, Type } from "@sinclair/typebox";

const closed = { additionalProperties: false } as const;

const oneOf = <T extends string>(values: readonly [T, ...T[]], description: string) =>
  Type.Unsafe<T>({ type: "string", enum: [...values], default: values[0], description });

const seconds = (value: number, description: string) =>
  Type.Number({ minimum: 0.01, maximum: 86_400, default: value, description });

const entityType = (options: object = {}) =>
  Type.String({ maxLength: 255, pattern: "^[A-Za-z_][A-Za-z0-9_]*(::[A-Za-z_][A-Za-z0-9_]*)*$", ...options });

/** Actions of the usual methods; WEBSOCKET stands for a GET that asks for a tunnel. */
export const DEFAULT_ACTIONS: Readonly<Record<string, string>> = {
  GET: "read",
  HEAD: "read",
  OPTIONS: "read",
  POST: "create",
  PUT: "update",
  PATCH: "update",
  DELETE: "delete",
  WEBSOCKET: "connect",
};

const Upstream = Type.Object(
  {
    url: Type.String({
      pattern: "^https?://(\\[[0-9A-Fa-f:.]+\\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?/?$",
      description: "http:// or https:// with host and port; the path of a request goes on as it is",
    }),
    protocol: oneOf(["http1", "http2"], "Version of HTTP that the upstream is spoken to in"),
    serverName: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 253,
        description: "Name in the upstream's certificate; its host by default",
      }),
    ),
    certificateAuthority: Type.Optional(
      Type.String({ maxLength: 65_536, description: "PEM certificates; the system's by default" }),
    ),
    closeAfterContent: Type.Boolean({
      default: false,
      description:
        "End the upstream's connection after each request with content, for servers that do not read it and would take it for the next request (CL.0)",
    }),
    connectSeconds: seconds(2, "For a connection"),
    responseSeconds: seconds(30, "From the end of the request to the beginning of the response"),
    idleSeconds: seconds(300, "Between two parts of a response"),
  },
  closed,
);

const Resource = Type.Object(
  {
    type: entityType({ default: "Resource", description: "Cedar entity type" }),
    id: Type.String({
      minLength: 1,
      maxLength: 512,
      default: "{path}",
      description:
        "Entity id, with {route}, {host}, {path} and {1}, {2} ... for the segments of the path behind `pathPrefix`; a segment that is missing is empty",
    }),
    attributes: Type.Record(Type.String({ minLength: 1, maxLength: 128 }), Type.Unknown(), {
      default: {},
      description: "Cedar attributes of every resource of the route",
    }),
    parents: Type.Array(Type.Object({ type: entityType(), id: Type.String({ maxLength: 512 }) }, closed), {
      default: [],
      maxItems: 64,
      description: "Cedar parents of every resource of the route",
    }),
  },
  { ...closed, default: {} },
);

const Csrf = Type.Object(
  {
    mode: oneOf(["enforce", "off"], "Whether requests with credentials that browsers add by themselves are guarded"),
    token: oneOf(
      ["fallback", "always"],
      "When a signed double-submit token is asked for: where the browser says nothing of the request's origin, or with every unsafe request of a session",
    ),
    field: Type.String({
      pattern: "^[A-Za-z0-9_.-]{1,64}$",
      default: "csrf_token",
      description: "Field of forms that has the token where the header x-csrf-token does not",
    }),
    trustedOrigins: Type.Array(Type.String({ pattern: "^https?://[^/?#\\s,]+$" }), {
      default: [],
      maxItems: 64,
      description: "Origins of other sites whose pages may send requests here",
    }),
  },
  { ...closed, default: {} },
);

const Content = Type.Object(
  {
    mode: oneOf(
      ["inspect", "stream"],
      "`inspect` reads the content whole, validates and inspects it, and then sends it on; `stream` passes it on unread, and decisions say so",
    ),
    maximumBytes: Type.Integer({
      minimum: 0,
      maximum: 1_073_741_824,
      default: 1_048_576,
      description: "Longer content is refused with 413",
    }),
    seconds: seconds(30, "For the content to arrive"),
  },
  { ...closed, default: {} },
);

const Exclusion = Type.Object(
  {
    rules: Type.Array(Type.String({ pattern: "^(\\*|[a-z0-9]+(-[a-z0-9]+)*)$", maxLength: 64 }), {
      minItems: 1,
      maxItems: 64,
      description: "Ids of rules as findings have them (`sql-tautology`), or what they begin with (`sql`), or `*`",
    }),
    where: Type.Optional(
      Type.Array(
        Type.String({ pattern: "^(target|path|query|header|cookie|body)([.#$\\[][^*]*)?\\*?$", maxLength: 200 }),
        {
          minItems: 1,
          maxItems: 64,
          description:
            "Places as findings have them: `query.name`, `header.referer`, `cookie.name`, `body.name` of forms, `body.$.a[].b` of JSON; `*` at the end for all that begin so. Anywhere by default",
        },
      ),
    ),
    reason: Type.String({ pattern: "\\S", maxLength: 500, description: "Why; decisions that it applies to say so" }),
    expires: Type.Optional(
      Type.String({
        pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)?$",
        description: "Day or time, UTC, from which on it does not apply any more; the log warns then",
      }),
    ),
  },
  closed,
);

const Inspection = Type.Object(
  {
    mode: oneOf(
      ["block", "monitor"],
      "`monitor` refuses nothing that looks like an attack, and decisions say so; policies still see the score",
    ),
    exclusions: Type.Array(Exclusion, {
      default: [],
      maxItems: 256,
      description:
        "Attack rules and findings of the learned grammar that do not count, where they are wrong about this service",
    }),
  },
  { ...closed, default: {} },
);

/** One route of the gateway: which requests, where they go, and what they are to the policies. */
export const Route = Type.Object(
  {
    name: Type.String({ pattern: "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", description: "Label of metrics and records" }),
    hosts: Type.Array(Type.String({ pattern: "^(\\*\\.)?[a-z0-9_-]+(\\.[a-z0-9_-]+)*$" }), {
      default: [],
      maxItems: 256,
      description: "Hosts without port, or *.suffix; any by default",
    }),
    pathPrefix: Type.String({
      pattern: "^/([^/?#%\\\\]+/)*[^/?#%\\\\]*$",
      maxLength: 1024,
      default: "/",
      description: "Decoded; it ends at a segment's end",
    }),
    upstream: Type.Optional(Upstream),
    resource: Resource,
    actions: Type.Record(Type.String({ pattern: "^[A-Z][A-Z-]*$" }), Type.String({ minLength: 1, maxLength: 255 }), {
      default: {},
      description: `Action of a method, beside or in place of ${Object.entries(DEFAULT_ACTIONS)
        .map((pair) => pair.join(" "))
        .join(", ")}; "-" forbids the method`,
    }),
    whenRiskUnavailable: oneOf(
      ["refuse", "decide"],
      "`decide` lets policies decide with risk `unknown` while no risk can be had; the decision's record says so",
    ),
    inspection: Inspection,
    csrf: Csrf,
    content: Content,
    shownParameters: Type.Array(Type.String({ minLength: 1, maxLength: 128 }), {
      default: [],
      maxItems: 256,
      description:
        "Parameters of the query whose values decisions and events show; of all others they have name, kind and length",
    }),
    openapi: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        description: "OpenAPI 3.0 or 3.1 document of the upstream; requests that it does not declare are refused",
      }),
    ),
    responseHeaders: Type.Record(
      Type.String({ pattern: "^[a-z0-9-]+$" }),
      Type.Union([Type.String({ maxLength: 4096, pattern: "^[\\t\\x20-\\x7e]*$" }), Type.Null()]),
      { default: {}, description: "Over the gateway's security headers; null sets none of that name" },
    ),
    forwardCredentials: Type.Boolean({
      default: false,
      description: "Pass `authorization` and `dpop` on; without it upstreams get the gateway's assertion only",
    }),
  },
  closed,
);
export type Route = Static<typeof Route>;
export type RouteUpstream = Static<typeof Upstream>;
