import { type Static, Type } from "@sinclair/typebox";

export const CONFIGURATION = Type.Object({
  MNO_GLB_LISTEN: Type.Optional(
    Type.String({
      pattern: "^(\\[[0-9a-fA-F:.]+\\]|[A-Za-z0-9._-]+):[0-9]{1,5}$",
      description:
        "host:port at which the balancer takes requests, HTTP/1.1 and HTTP/2; none by default: it only advises then",
    }),
  ),
  MNO_GLB_TLS_KEY_FILE: Type.Optional(
    Type.String({
      description: "PEM private key of the listener; read at start. Without it the listener speaks plain HTTP",
    }),
  ),
  MNO_GLB_TLS_CERTIFICATE_FILE: Type.Optional(
    Type.String({ description: "PEM certificates of the listener, its own first" }),
  ),
  MNO_GLB_UPSTREAMS: Type.Array(Type.Unknown(), {
    default: [],
    description: "Upstreams to declare at start, as PUT /v1/upstreams takes them, each with its name (JSON array)",
  }),
  MNO_GLB_REGION: Type.Optional(
    Type.String({ minLength: 1, maxLength: 63, description: "Region that this balancer runs in" }),
  ),
  MNO_GLB_ZONE: Type.Optional(
    Type.String({ minLength: 1, maxLength: 63, description: "Zone that this balancer runs in" }),
  ),
  MNO_GLB_TRUSTED_PROXIES: Type.Array(Type.String({ pattern: "^[0-9a-fA-F:.]+(/[0-9]{1,3})?$" }), {
    default: [],
    description: "Addresses or CIDR blocks of peers whose forwarding headers are believed (JSON array)",
  }),
  MNO_GLB_COOKIE_SECRET: Type.Optional(
    Type.String({
      minLength: 16,
      description:
        "Signs session cookies; replicas must share it. A new one at each start by default, which ends sessions",
    }),
  ),
  MNO_GLB_WAKE_URL: Type.Optional(
    Type.String({
      format: "uri",
      description: "Base URL of the runtime whose auto-scaling engine wakes workloads; this process's own by default",
    }),
  ),
  MNO_GLB_DNS_LISTEN: Type.Optional(
    Type.String({
      pattern: "^(\\[[0-9a-fA-F:.]+\\]|[A-Za-z0-9._-]+):[0-9]{1,5}$",
      description:
        "host:port at which DNS questions, over UDP and TCP, for the hosts of upstreams with `global` addresses are answered; none by default",
    }),
  ),
  MNO_GLB_SYNC_SECONDS: Type.Number({
    minimum: 0.1,
    maximum: 3600,
    default: 2,
    description: "How often other replicas' changes of upstreams are looked for",
  }),
});

export type Configuration = Static<typeof CONFIGURATION>;
