import { MnoError } from "../../exports";
import { SpanKind, type TraceCarrier, type Tracer } from "../telemetry/traces";
import type { CloudEvent } from "./cloudevent";
import { validateEvent } from "./codec";
import type { BusInstruments } from "./instruments";

/**
 * What both buses do around making events durable: validate all of them first, so that nothing of a bad batch is stored;
 * one producer span; and that span's context in each event that carries none yet (a relayed event keeps its own, and where
 * the whole batch is of one trace the span joins it).
 */
export async function publishEvents(
  events: CloudEvent | readonly CloudEvent[],
  deps: { tracer: Tracer; instruments: BusInstruments },
  append: (events: readonly CloudEvent[]) => Promise<void>,
): Promise<void> {
  const batch = validateBatch(events);
  const first = batch[0];
  if (!first) return;
  const single = batch.every((event) => event.type === first.type);
  const attributes = {
    "messaging.operation.type": "send",
    "messaging.batch.message_count": batch.length,
    "messaging.message.id": first.id,
    "messaging.destination.name": single ? first.type : "mno",
  };
  const name = single ? `publish ${first.type}` : "publish";
  const { traceparent } = first;
  const parent = batch.every((event) => event.traceparent === traceparent) ? carrierOf(first) : {};
  await deps.tracer.span(name, { kind: SpanKind.PRODUCER, attributes, ...parent }, async () => {
    const carrier = deps.tracer.carrier();
    await append(
      carrier.traceparent ? batch.map((event) => (event.traceparent ? event : { ...event, ...carrier })) : batch,
    );
  });
  for (const event of batch) deps.instruments.published(event.type, 1);
}

function carrierOf({ traceparent, tracestate }: CloudEvent): { parent?: TraceCarrier } {
  if (traceparent === undefined) return {};
  return { parent: { traceparent, ...(tracestate === undefined ? {} : { tracestate }) } };
}

function validateBatch(events: CloudEvent | readonly CloudEvent[]): readonly CloudEvent[] {
  if (!Array.isArray(events)) return [validateEvent(events)];
  return events.map((event, index) => {
    try {
      return validateEvent(event);
    } catch (error) {
      if (!(error instanceof MnoError)) throw error;
      const faults = error.faults.map(({ field, message }) => ({ field: `/${index}${field}`, message }));
      throw new MnoError(error.code, `event ${index} of the batch: ${error.message}`, { faults });
    }
  });
}
