import { type Static, Type } from "@sinclair/typebox";
import { closed, count, Name, oneOf, percent, seconds } from "./spec-parts";

/** How an upstream treats its endpoints and requests: the members of its wire form with a meaning of their own. */

export const Locality = Type.Object(
  {
    overprovisioningFactor: Type.Number({
      minimum: 1,
      maximum: 10,
      default: 1.4,
      description: "A level is full while its healthy share times this is at least 1",
    }),
    panicPercent: percent(
      50,
      "Below this share of healthy capacity, where no level helps out, all endpoints are used; 0: never",
    ),
    zoneAware: Type.Boolean({
      default: true,
      description: "Prefer endpoints of the balancer's own zone, as far as its share of the capacity goes",
    }),
    minimumEndpoints: count(6, 1, "With fewer, zones make no difference"),
    regions: Type.Array(Type.String({ minLength: 1, maxLength: 63 }), {
      default: [],
      description: "Order of the other regions when the own one fails; those not named come last, together",
    }),
  },
  { ...closed, default: {} },
);
export type Locality = Static<typeof Locality>;

export const ActiveHealth = Type.Object(
  {
    type: oneOf(["http", "tcp"], { default: "http", description: "GET of a path, or a connection" }),
    path: Type.String({ pattern: "^/", default: "/healthz", description: "Answers 2xx or 3xx when healthy" }),
    intervalSeconds: seconds(5, "Between two probes of one endpoint"),
    jitterPercent: percent(10, "Of the interval, at random, so that balancers do not probe together"),
    timeoutSeconds: seconds(2, "A probe that takes longer has failed"),
    healthyThreshold: count(2, 1, "Successes in a row until an unhealthy endpoint is healthy"),
    unhealthyThreshold: count(3, 1, "Failures in a row until a healthy endpoint is unhealthy"),
  },
  closed,
);
export type ActiveHealth = Static<typeof ActiveHealth>;

export const Outlier = Type.Object(
  {
    enabled: Type.Boolean({ default: true, description: "Whether endpoints are ejected for what their answers say" }),
    consecutiveErrors: count(5, 1, "Answers 5xx in a row"),
    consecutiveGatewayFailures: count(5, 1, "Failed connections, broken or late answers, 502, 503 and 504 in a row"),
    intervalSeconds: seconds(10, "Between two looks at the success rates"),
    baseEjectionSeconds: seconds(30, "Length of the first ejection; doubled with each further one"),
    maxEjectionSeconds: seconds(300, "Longest ejection"),
    maxEjectionPercent: percent(50, "Of the endpoints may be ejected at once; one always may, the last never"),
    successRateMinimumEndpoints: count(5, 2, "Success rates are compared where so many endpoints had requests enough"),
    successRateRequestVolume: count(100, 1, "Requests of an endpoint in one interval that are enough"),
    successRateDeviations: Type.Number({
      minimum: 0,
      maximum: 10,
      default: 1.9,
      description: "Standard deviations below the mean that eject",
    }),
  },
  { ...closed, default: {} },
);
export type OutlierSettings = Static<typeof Outlier>;

export const Limits = Type.Object(
  {
    requests: count(10_000, 1, "Requests under way in the upstream; further ones are refused with 503"),
    requestsPerEndpoint: count(
      0,
      0,
      "Requests under way at one endpoint; further ones wait in the balancer; 0: no limit",
    ),
    connectionsPerEndpoint: count(0, 0, "Connections to one endpoint, tunnels included; 0: no limit. HTTP/2 needs one"),
    pending: count(1000, 0, "Requests that may wait for an endpoint; further ones are refused with 503"),
    pendingSeconds: seconds(5, "A request that waits longer for an endpoint is refused with 503"),
    retries: count(100, 0, "Retries and hedges under way at once"),
  },
  { ...closed, default: {} },
);

export const Retry = Type.Object(
  {
    attempts: Type.Integer({
      minimum: 0,
      maximum: 10,
      default: 2,
      description: "Further tries of a request after the first; 0: none",
    }),
    budgetPercent: percent(20, "Retries as a share of the requests of the last 10 seconds"),
    minimumPerSecond: Type.Number({
      minimum: 0,
      maximum: 10_000,
      default: 5,
      description: "Retries that are allowed however few requests there are",
    }),
    statuses: Type.Array(Type.Integer({ minimum: 500, maximum: 599 }), {
      default: [502, 503, 504],
      description: "Answers that are tried again, where the request is idempotent",
    }),
    bufferBytes: Type.Integer({
      minimum: 0,
      maximum: 16_777_216,
      default: 65_536,
      description: "Of a request's body are kept for a retry; a longer one is not retried once it was sent",
    }),
  },
  { ...closed, default: {} },
);

export const Hedge = Type.Object(
  {
    quantile: Type.Number({
      minimum: 0.5,
      maximum: 0.999,
      default: 0.95,
      description: "Of the upstream's latencies: a request slower than this is sent to a second endpoint too",
    }),
    minimumDelaySeconds: seconds(0.005, "Never sooner than this"),
    budgetPercent: percent(5, "Hedges as a share of the requests of the last 10 seconds"),
  },
  closed,
);

export const Timeouts = Type.Object(
  {
    connectSeconds: seconds(2, "For a connection to an endpoint"),
    trySeconds: seconds(0, "For one try's response to begin; 0: as long as the request has", 0),
    requestSeconds: seconds(
      30,
      "From the end of the request to the beginning of the response, with all tries; 0: no limit",
      0,
    ),
    idleSeconds: seconds(300, "Between two parts of a request's or response's body; 0: no limit", 0),
    drainSeconds: seconds(30, "For requests under way at an endpoint that is taken away"),
  },
  { ...closed, default: {} },
);

export const Wake = Type.Object(
  {
    workload: Type.Optional(Name("Workload to wake; the only one of `workloads` by default")),
    held: count(100, 1, "Requests that may wait for the first replica"),
    seconds: seconds(30, "They wait at most so long"),
  },
  closed,
);

export const Tls = Type.Object(
  {
    serverName: Type.String({
      minLength: 1,
      maxLength: 253,
      description: "Asked for by SNI, whatever the Host of a request; the certificate must carry it",
    }),
    certificateAuthority: Type.Optional(
      Type.String({ maxLength: 65_536, description: "PEM certificates; the system's by default" }),
    ),
  },
  closed,
);
