import { chosen, quantileOf, rateOf } from "../promql";
import { type Section, Unit } from "./description";

const WINDOW = "$__rate_interval";

/** The global load balancer: what goes through it, and to whom. */
export const balancing: Section = {
  title: "Load balancing",
  panels: [
    {
      title: "Requests",
      description: "Requests per second by how they ended.",
      unit: Unit.PerSecond,
      queries: [
        {
          expression: rateOf(chosen("mno_balancer_requests_total"), "upstream", "ending", "class"),
          legend: "{{upstream}} {{ending}} {{class}}",
        },
      ],
    },
    {
      title: "Duration",
      description: "From a request's arrival to the last byte of its response.",
      unit: Unit.Seconds,
      queries: [
        {
          expression: quantileOf(0.5, chosen("mno_balancer_request_seconds_bucket"), WINDOW, "upstream"),
          legend: "{{upstream}} p50",
        },
        {
          expression: quantileOf(0.99, chosen("mno_balancer_request_seconds_bucket"), WINDOW, "upstream"),
          legend: "{{upstream}} p99",
        },
      ],
    },
    {
      title: "Endpoints",
      description: "Endpoints by what keeps them from requests; fit ones get them.",
      unit: Unit.Count,
      queries: [
        {
          expression: `max by (upstream, state) (${chosen("mno_balancer_endpoints")})`,
          legend: "{{upstream}} {{state}}",
        },
      ],
    },
    {
      title: "Retries and hedges",
      description: "Further tries of requests per second, sent or refused by their budget.",
      unit: Unit.PerSecond,
      queries: [
        {
          expression: rateOf(chosen("mno_balancer_extra_tries_total"), "upstream", "kind", "outcome"),
          legend: "{{upstream}} {{kind}} {{outcome}}",
        },
      ],
    },
    {
      title: "Waiting",
      description: "Requests under way, and those that wait for an endpoint.",
      unit: Unit.Count,
      queries: [
        {
          expression: `sum by (upstream) (${chosen("mno_balancer_in_flight_requests")})`,
          legend: "{{upstream}} under way",
        },
        {
          expression: `sum by (upstream) (${chosen("mno_balancer_waiting_requests")})`,
          legend: "{{upstream}} waiting",
        },
      ],
    },
  ],
};

/** The resource pool manager: leases of named pools. */
export const pools: Section = {
  title: "Pools",
  panels: [
    {
      title: "Slots leased",
      description: "Share of each pool that is leased.",
      unit: Unit.Share,
      queries: [
        {
          expression: `max by (pool) (${chosen("mno_rpm_leased_slots")}) / max by (pool) (${chosen("mno_rpm_slots")})`,
          legend: "{{pool}}",
        },
      ],
    },
    {
      title: "Queue",
      description: "Requests that wait for a slot.",
      unit: Unit.Count,
      queries: [{ expression: `max by (pool) (${chosen("mno_rpm_waiting")})`, legend: "{{pool}}" }],
    },
    {
      title: "Wait",
      description: "From a request to its lease.",
      unit: Unit.Seconds,
      queries: [
        { expression: quantileOf(0.5, chosen("mno_rpm_wait_seconds_bucket"), WINDOW), legend: "p50" },
        { expression: quantileOf(0.99, chosen("mno_rpm_wait_seconds_bucket"), WINDOW), legend: "p99" },
      ],
    },
  ],
};

/** The performance optimizer: what it saw, and what it said. */
export const optimizing: Section = {
  title: "Optimizing",
  panels: [
    {
      title: "Samples",
      description: "Samples of usage per second by what became of them.",
      unit: Unit.PerSecond,
      queries: [{ expression: rateOf(chosen("mno_optimizer_samples_total"), "result"), legend: "{{result}}" }],
    },
    {
      title: "Advice and experiments",
      description: "Advice issued, applied or reverted, and experiments ended, per second.",
      unit: Unit.PerSecond,
      queries: [
        { expression: rateOf(chosen("mno_optimizer_advice_total")), legend: "issued" },
        { expression: rateOf(chosen("mno_optimizer_applied_total"), "action"), legend: "{{action}}" },
        { expression: rateOf(chosen("mno_optimizer_experiments_total"), "outcome"), legend: "experiment {{outcome}}" },
      ],
    },
  ],
};
