import type { Metrics } from "../../kernel/telemetry/metrics";
import type { DecisionRecord, Stage } from "./enforcement/record";

/** Seconds; stages take from microseconds to the parts' deadline. */
const STAGE_BUCKETS = [
  0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1, 5,
];

/** The engine's metrics. Labels are closed sets, and routes, which configuration bounds. */
export function createInstruments(metrics: Metrics) {
  const decisions = metrics.counter(
    "mno_gateway_decisions_total",
    "Decisions on requests by outcome (allowed, refused, unavailable), deciding stage and way in",
    ["outcome", "stage", "via"],
  );
  const requests = metrics.counter("mno_gateway_requests_total", "Requests that a route was found for, by outcome", [
    "route",
    "outcome",
  ]);
  const stages = metrics.histogram("mno_gateway_stage_seconds", "Time that a stage took", ["stage"], STAGE_BUCKETS);
  const upstream = metrics.histogram(
    "mno_gateway_upstream_seconds",
    "From the sending of a request to the head of its upstream's response",
    ["route"],
  );
  const malformed = metrics.counter(
    "mno_gateway_unreadable_messages_total",
    "Messages that the HTTP parser refused, by its code",
    ["code"],
  );
  const exceptions = metrics.counter(
    "mno_gateway_exceptions_total",
    "Declared exceptions that decisions made use of (risk-unavailable, content-unread, attack-monitored)",
    ["exception"],
  );
  const live = metrics.gauge("mno_gateway_live_exchanges", "Answers, streams and tunnels under way");
  const cut = metrics.counter("mno_gateway_cut_total", "Answers, streams and tunnels that were cut, by error code", [
    "code",
  ]);
  const lost = metrics.counter(
    "mno_gateway_events_lost_total",
    "Events of decisions that were lost while the bus was away",
  );

  return {
    decided({ outcome, stage, via, route, exceptions: made }: DecisionRecord): void {
      decisions.inc({ outcome, stage, via });
      if (route !== null) requests.inc({ route, outcome });
      for (const exception of made) exceptions.inc({ exception });
    },
    took: (stage: Stage, milliseconds: number): void => stages.observe({ stage }, milliseconds / 1000),
    upstreamTook: (route: string, milliseconds: number): void => upstream.observe({ route }, milliseconds / 1000),
    unreadable: (code: string): void => malformed.inc({ code }),
    live: (count: number): void => live.set(count),
    cut: (code: string): void => cut.inc({ code }),
    eventLost: (): void => lost.inc(),
  };
}

export type Instruments = ReturnType<typeof createInstruments>;
