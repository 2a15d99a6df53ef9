import { type Static, Type } from "@sinclair/typebox";
import { IDENTITY_KEYS } from "./identity/configuration";
import { POLICY_KEYS } from "./policy/configuration";

const address = (description: string) =>
  Type.Optional(Type.String({ pattern: "^(\\[[0-9a-fA-F:.]+\\]|[A-Za-z0-9._-]+):[0-9]{1,5}$", description }));

const file = (description: string) => Type.Optional(Type.String({ minLength: 1, description }));

export const CONFIGURATION = Type.Object({
  ...POLICY_KEYS,
  ...IDENTITY_KEYS,
  MNO_ZTG_LISTEN: address("host:port at which the gateway takes requests, HTTP/1.1 and HTTP/2; none by default"),
  MNO_ZTG_EXT_AUTHZ_LISTEN: address(
    "host:port at which mesh proxies ask by Envoy's ext_authz over HTTP; none by default. Whoever reaches it is believed to be a proxy",
  ),
  MNO_ZTG_EXT_AUTHZ_GRPC_LISTEN: address(
    "host:port at which mesh proxies ask by Envoy's ext_authz over gRPC; none by default. Whoever reaches it is believed to be a proxy",
  ),
  MNO_ZTG_EXT_AUTHZ_PREFIX: Type.String({
    pattern: "^(/[A-Za-z0-9._~-]+)*$",
    default: "",
    description: "What the proxy puts before the path of a request when it asks over HTTP (Istio: pathPrefix)",
  }),
  MNO_ZTG_TLS_KEY_FILE: file("PEM private key of the gateway's listener; without it the listener speaks plain HTTP"),
  MNO_ZTG_TLS_CERTIFICATE_FILE: file("PEM certificates of the listener, its own first"),
  MNO_ZTG_TLS_CLIENT_AUTHORITY_FILE: file(
    "PEM authorities of clients' certificates; clients are asked for one then, and may show none",
  ),
  MNO_ZTG_TRUSTED_PROXIES: Type.Array(Type.String({ pattern: "^[0-9a-fA-F:.]+(/[0-9]{1,3})?$" }), {
    default: [],
    description: "Addresses or CIDR blocks of peers whose forwarding headers are believed (JSON array)",
  }),
  MNO_ZTG_ROUTES: Type.Array(Type.Unknown(), {
    default: [],
    description:
      "Routes, as PUT /v1/routes takes them (JSON array); they replace what is stored whenever they differ from what was declared before",
  }),
  MNO_ZTG_ROUTES_SYNC_SECONDS: Type.Number({
    minimum: 0.1,
    maximum: 3600,
    default: 2,
    description: "How often other replicas' changes of routes are looked for",
  }),
  MNO_ZTG_CSRF_SECRET: Type.Optional(
    Type.String({
      minLength: 32,
      description:
        "Signs anti-forgery tokens; replicas must share it. A new one at each start by default, which makes pages fetch new tokens",
    }),
  ),
  MNO_ZTG_ASSERTION_KEY_FILE: file(
    "PEM Ed25519 private key that signs what upstreams are told; replicas must share it. A new one at each start by default",
  ),
  MNO_ZTG_INSPECTION_LEVEL: Type.Unsafe<"standard" | "high" | "strict">({
    type: "string",
    enum: ["standard", "high", "strict"],
    default: "standard",
    description: "Which attack rules are used; higher levels find more, and refuse more that is no attack",
  }),
  MNO_ZTG_INSPECTION_THRESHOLD: Type.Number({
    minimum: 1,
    maximum: 1000,
    default: 5,
    description: "Score of findings from which a request is refused",
  }),
  MNO_ZTG_GRAMMAR_REFUSE_BELOW: Type.Number({
    minimum: 0,
    maximum: 0.05,
    default: 0,
    description: "p-value below which a request that is unusual for its endpoint is refused; 0: it is reported only",
  }),
  MNO_ZTG_GRAMMAR_SAVE_SECONDS: Type.Number({
    minimum: 1,
    maximum: 86_400,
    default: 60,
    description: "How often what the grammar learned is saved; it is when the gateway stops, too",
  }),
  MNO_ZTG_PART_SECONDS: Type.Number({
    minimum: 0.05,
    maximum: 30,
    default: 2,
    description: "Identity, limits and risk each have so long to answer; the request is refused with 503 then",
  }),
  MNO_ZTG_RENEW_SECONDS: Type.Number({
    minimum: 0.1,
    maximum: 300,
    default: 0.5,
    description:
      "What lasts (answers, streams, tunnels) is decided on again after this, and at once when something changed",
  }),
  MNO_ZTG_MAXIMUM_REQUESTS: Type.Integer({
    minimum: 1,
    maximum: 1_000_000,
    default: 10_000,
    description: "Requests, streams and tunnels under way; further ones are refused with 503",
  }),
  MNO_ZTG_CONTENT_BYTES: Type.Integer({
    minimum: 1_048_576,
    maximum: 17_179_869_184,
    default: 268_435_456,
    description: "Content of requests in memory at once; what does not fit is refused with 503",
  }),
  MNO_ZTG_DECISIONS_KEPT: Type.Integer({
    minimum: 100,
    maximum: 1_000_000,
    default: 10_000,
    description: "Decisions that can be asked why, in memory; the oldest go first",
  }),
  MNO_ZTG_DECISION_EVENTS: Type.Unsafe<"all" | "refused">({
    type: "string",
    enum: ["all", "refused"],
    default: "all",
    description: "Which decisions are told to other engines, security intelligence first of all",
  }),
  MNO_ZTG_DRAIN_SECONDS: Type.Number({
    minimum: 0,
    maximum: 600,
    default: 8,
    description: "For requests under way when the gateway stops",
  }),
});

export type Configuration = Static<typeof CONFIGURATION>;
