import { type Static, type TSchema, Type } from "@sinclair/typebox";
import { UpstreamSpec } from "./spec";

/** The wire forms of the engine's HTTP interface; an upstream itself is in spec.ts. */

const closed = { additionalProperties: false } as const;
const nullable = <S extends TSchema>(schema: S, description: string) =>
  Type.Union([schema, Type.Null()], { description });
const Time = (description: string) => Type.String({ format: "date-time", description });
const Name = (description: string) => Type.String({ minLength: 1, maxLength: 63, description });

export const UpstreamPath = Type.Object({ name: Name("Name of the upstream") });
export type UpstreamPath = Static<typeof UpstreamPath>;

export const UpstreamHeaders = Type.Object({
  "if-match": Type.Optional(
    Type.String({
      pattern: '^"?[0-9]{1,15}"?$',
      description: "Only if this version is in force; 409 MNO_UPSTREAM_CHANGED otherwise",
    }),
  ),
});
export type UpstreamHeaders = Static<typeof UpstreamHeaders>;

export const UpstreamAnswer = Type.Object(
  {
    version: Type.Integer({ description: "Grows with every change; also the ETag" }),
    spec: Type.Object(UpstreamSpec.properties, {
      ...closed,
      description: "The upstream, with every default filled in",
    }),
  },
  closed,
);

export const ChangeAnswer = Type.Object(
  {
    ...UpstreamAnswer.properties,
    time: Time("When it was changed"),
    changes: Type.Array(Type.String(), { description: "What this version changed" }),
  },
  closed,
);

export const HttpRouteQuery = Type.Object({
  namespace: Type.String({
    minLength: 1,
    maxLength: 63,
    default: "default",
    description: "Namespace of the route and its Services",
  }),
  gateway: Type.String({
    minLength: 1,
    maxLength: 63,
    default: "gateway",
    description: "Gateway that it is attached to",
  }),
  port: Type.Integer({ minimum: 1, maximum: 65_535, default: 80, description: "Port of the Services" }),
});
export type HttpRouteQuery = Static<typeof HttpRouteQuery>;

export const Rendered = Type.Object({}, { additionalProperties: true, description: "The object, ready to be applied" });

export const EndpointsQuery = Type.Object({ upstream: Type.Optional(Name("Only endpoints of this upstream")) });
export type EndpointsQuery = Static<typeof EndpointsQuery>;

export const EndpointAnswer = Type.Object(
  {
    upstream: Type.String({ description: "Upstream that it belongs to" }),
    id: Type.String({ description: "Id within the upstream" }),
    address: Type.String({ description: "host:port" }),
    region: nullable(Type.String(), "Region it runs in"),
    zone: nullable(Type.String(), "Zone it runs in"),
    priority: Type.Integer({ description: "0 is used first" }),
    weight: Type.Number({ description: "Relative capacity" }),
    share: Type.Number({ description: "Part of the upstream's traffic that it gets in the long run, 0 to 1" }),
    state: Type.Unsafe<"fit" | "unfit" | "draining" | "leaving">({
      type: "string",
      enum: ["fit", "unfit", "draining", "leaving"],
      description: "leaving: taken away, with requests under way",
    }),
    by: nullable(Type.String(), "Who keeps requests from it: configuration, cluster, probe or outlier"),
    reason: nullable(Type.String(), "Why"),
    until: nullable(Type.String({ format: "date-time" }), "End of its ejection"),
    panic: Type.Boolean({ description: "It gets requests though it is unfit, for too few are left" }),
    inFlight: Type.Integer({ description: "Requests under way" }),
  },
  closed,
);
export type EndpointAnswer = Static<typeof EndpointAnswer>;

export const DecisionsQuery = Type.Object({
  upstream: Type.Optional(Name("Only decisions of this upstream")),
  limit: Type.Integer({ minimum: 1, maximum: 1000, default: 50, description: "At most so many, newest first" }),
});
export type DecisionsQuery = Static<typeof DecisionsQuery>;

export const DecisionPath = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 64, description: "Id of the decision" }),
});
export type DecisionPath = Static<typeof DecisionPath>;

export const DecisionAnswer = Type.Object(
  {
    id: Type.String({ description: "Id; the header mno-balancer-decision of explained upstreams" }),
    time: Time("When it was made"),
    upstream: Type.String({ description: "Upstream of the request" }),
    kind: Type.Unsafe<"first" | "retry" | "hedge">({
      type: "string",
      enum: ["first", "retry", "hedge"],
      description: "Which try it was for",
    }),
    endpoint: Type.String({ description: "The endpoint that was picked" }),
    pool: nullable(Type.String(), "Pool that it was picked from: <priority>/<rank of the region>[/<zone>]"),
    policy: nullable(Type.String(), "The policy that picked it"),
    reason: Type.String({ description: "Why, in a sentence" }),
    candidates: Type.Array(
      Type.Object(
        { id: Type.String({ description: "Endpoint" }), cost: Type.Number({ description: "The lowest wins" }) },
        closed,
      ),
      { description: "Those that were compared" },
    ),
    tried: Type.Array(Type.String(), { description: "Endpoints that the request was sent to before" }),
  },
  closed,
);

export const ResolveQuery = Type.Object({
  upstream: Name("Upstream whose `global` addresses are asked for"),
  client: Type.Optional(
    Type.String({ pattern: "^[0-9a-fA-F:.]{2,45}$", description: "Address of the client or of its network" }),
  ),
  region: Type.Optional(Name("Region of the client, where it is known")),
});
export type ResolveQuery = Static<typeof ResolveQuery>;

export const ResolveAnswer = Type.Object(
  {
    addresses: Type.Array(Type.String(), { description: "Best first" }),
    regions: Type.Array(Type.String(), { description: "The regions, in the order of their addresses" }),
    ttlSeconds: Type.Integer({ description: "How long the answer may be kept" }),
    reasons: Type.Array(Type.String(), { description: "Why in this order" }),
  },
  closed,
);
