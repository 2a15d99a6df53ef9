import type { Metrics } from "../telemetry/metrics";

/** The bus's metrics. Labels are bounded: types come from the catalogue ("unknown" otherwise), consumers from the code. */
export interface BusInstruments {
  published(type: string, count: number): void;
  delivered(consumer: string, type: string): void;
  deadLettered(consumer: string, type: string): void;
  lag(consumer: string, events: number): void;
}

export function busInstruments(metrics: Metrics): BusInstruments {
  const published = metrics.counter("mno_bus_published_total", "Events made durable by this process", ["type"]);
  const delivered = metrics.counter("mno_bus_delivered_total", "Deliveries to handlers, retries included", [
    "consumer",
    "type",
  ]);
  const deadLetters = metrics.counter("mno_bus_dead_letters_total", "Events set aside after the last failure", [
    "consumer",
    "type",
  ]);
  const lag = metrics.gauge("mno_bus_lag", "Events published and not yet settled by the consumer", ["consumer"]);
  return {
    published: (type, count) => published.inc({ type }, count),
    delivered: (consumer, type) => delivered.inc({ consumer, type }),
    deadLettered: (consumer, type) => deadLetters.inc({ consumer, type }),
    lag: (consumer, events) => lag.set({ consumer }, events),
  };
}
