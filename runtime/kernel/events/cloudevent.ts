import type { EventData, EventType } from "./catalogue";

/**
 * A CloudEvents 1.0 event in its JSON form. `subject` is the ordering key: events of one subject reach a consumer in the
 * order in which they were published. `traceparent`/`tracestate` are the distributed-tracing extension (W3C Trace Context).
 * Source: https://github.com/cloudevents/spec (v1.0.2).
 */
export interface CloudEvent<T extends EventType = EventType> {
  specversion: "1.0";
  /** Unique per event; consumers are idempotent on it. */
  id: string;
  /** `/mno/<engine>` of the emitter. */
  source: string;
  type: T;
  subject: string;
  /** RFC 3339, UTC. */
  time: string;
  datacontenttype: "application/json";
  data: EventData<T>;
  traceparent?: string;
  tracestate?: string;
}
