import { type Static, Type } from "@sinclair/typebox";
import { PolicyOptionsSchema } from "./policies/options";
import { POLICY_NAMES } from "./policies/policy";
import { ActiveHealth, Hedge, Limits, Locality, Outlier, Retry, Timeouts, Tls, Wake } from "./settings";
import { closed, Name, oneOf, percent, Place, seconds } from "./spec-parts";

/** The wire form of an upstream: what PUT /v1/upstreams/{name} takes, what the store keeps, and what the data plane runs. */

const Weight = Type.Number({
  exclusiveMinimum: 0,
  maximum: 1_000_000,
  default: 1,
  description: "Relative capacity of one endpoint",
});

const Priority = Type.Integer({
  minimum: 0,
  maximum: 127,
  default: 0,
  description: "0 is used first; the next one when the capacity of those before it does not suffice",
});

export const EndpointSpec = Type.Object(
  {
    id: Type.String({
      minLength: 1,
      maxLength: 253,
      pattern: "^[A-Za-z0-9._:-]+$",
      description: "Unique in the upstream",
    }),
    address: Type.String({
      maxLength: 260,
      pattern: "^(\\[[0-9a-fA-F:.]+\\]|[A-Za-z0-9._-]+):[0-9]{1,5}$",
      description: "host:port",
    }),
    weight: Weight,
    priority: Priority,
    region: Place("Region it runs in"),
    zone: Place("Zone it runs in"),
    group: Place("Kubernetes Service that it belongs to; HTTPRoutes name it"),
    draining: Type.Boolean({ default: false, description: "Gets no new requests; those under way finish" }),
  },
  closed,
);
export type EndpointSpec = Static<typeof EndpointSpec>;

const WorkloadSource = Type.Object(
  {
    name: Name("Workload of the cluster; its ready replicas are endpoints"),
    port: Type.Optional(
      Type.String({ minLength: 1, maxLength: 63, description: "Port name; the first one by default" }),
    ),
    weight: Weight,
    priority: Priority,
    region: Place("Region that its cluster is in"),
  },
  closed,
);
export type WorkloadSource = Static<typeof WorkloadSource>;

const Match = Type.Object(
  {
    hosts: Type.Array(Type.String({ minLength: 1, maxLength: 253, pattern: "^(\\*\\.)?[A-Za-z0-9.:_-]+$" }), {
      default: [],
      description: "Host names, without port; *.example.com for all below it; none: any host",
    }),
    pathPrefix: Type.String({
      default: "/",
      pattern: "^/",
      maxLength: 1024,
      description: "Whole segments: /a matches /a/b, not /ab",
    }),
  },
  closed,
);
export type Match = Static<typeof Match>;

const BalancingPolicy = Type.Object(
  {
    name: oneOf(POLICY_NAMES, { default: "expected-wait", description: "How one of equal endpoints is chosen" }),
    options: Type.Object(PolicyOptionsSchema.properties, {
      additionalProperties: false,
      default: {},
      description: "Each policy takes only its own; slow start is among them",
    }),
    probePath: Type.String({
      pattern: "^/",
      default: "/",
      description: "Where policies that probe ask for an endpoint's load",
    }),
  },
  { ...closed, default: {} },
);

const HashOn = Type.Object(
  {
    source: oneOf(["header", "cookie", "path", "address"], { description: "What the consistent policies hash" }),
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 128, description: "Of the header or cookie" })),
  },
  closed,
);

const Sticky = Type.Object(
  {
    cookie: Type.String({
      pattern: "^[A-Za-z0-9_-]{1,64}$",
      default: "mno_endpoint",
      description: "Name of the signed cookie",
    }),
    seconds: seconds(3600, "How long a session keeps its endpoint", 1),
  },
  closed,
);

const GlobalRegion = Type.Object(
  {
    region: Type.String({ minLength: 1, maxLength: 63, description: "Region of endpoints of this upstream" }),
    addresses: Type.Array(Type.String({ pattern: "^[0-9a-fA-F:.]{2,45}$" }), {
      minItems: 1,
      maxItems: 16,
      description: "Public addresses at which the region takes requests, IPv4 or IPv6",
    }),
    networks: Type.Array(Type.String({ pattern: "^[0-9a-fA-F:.]{2,45}/[0-9]{1,3}$" }), {
      default: [],
      maxItems: 10_000,
      description: "CIDR blocks of the clients that are nearest to it",
    }),
  },
  closed,
);

const GlobalAddresses = Type.Object(
  {
    regions: Type.Array(GlobalRegion, {
      minItems: 1,
      maxItems: 64,
      description: "In the order in which they stand in for each other",
    }),
    ttlSeconds: Type.Integer({
      minimum: 1,
      maximum: 86_400,
      default: 60,
      description: "How long an answer may be kept",
    }),
    failoverTtlSeconds: Type.Integer({
      minimum: 1,
      maximum: 86_400,
      default: 10,
      description: "The same while a region is failed",
    }),
    failBelowPercent: percent(50, "A region with less healthy capacity fails"),
    recoverAbovePercent: percent(70, "A failed region with more healthy capacity is back"),
  },
  closed,
);
export type GlobalAddresses = Static<typeof GlobalAddresses>;

export const UpstreamSpec = Type.Object(
  {
    name: Name("Unique name"),
    match: Type.Array(Match, {
      default: [{}],
      maxItems: 100,
      description: "Requests that it serves; the most specific match of all upstreams wins",
    }),
    endpoints: Type.Array(EndpointSpec, { default: [], maxItems: 10_000, description: "Static endpoints" }),
    workloads: Type.Array(WorkloadSource, {
      default: [],
      maxItems: 16,
      description: "Workloads whose replicas are endpoints",
    }),
    protocol: oneOf(["http1", "http2"], {
      default: "http1",
      description: "Spoken with the endpoints; http2 without tls is h2c",
    }),
    tls: Type.Optional(Tls),
    policy: BalancingPolicy,
    hashOn: Type.Optional(HashOn),
    sticky: Type.Optional(Sticky),
    locality: Locality,
    health: Type.Optional(ActiveHealth),
    outlier: Outlier,
    limits: Limits,
    retry: Retry,
    hedge: Type.Optional(Hedge),
    timeouts: Timeouts,
    wake: Type.Optional(Wake),
    global: Type.Optional(GlobalAddresses),
    explain: Type.Boolean({
      default: false,
      description: "Answers carry the header mno-balancer-decision: GET /v1/decisions/{id} says why",
    }),
  },
  closed,
);
export type UpstreamSpec = Static<typeof UpstreamSpec>;

type DeepPartial<T> = T extends readonly (infer E)[]
  ? readonly DeepPartial<E>[]
  : T extends object
    ? { [K in keyof T]?: DeepPartial<T[K]> | undefined }
    : T;

/** An upstream as it is written: all but the name has a default. */
export type UpstreamInput = DeepPartial<UpstreamSpec> & { name: string };
