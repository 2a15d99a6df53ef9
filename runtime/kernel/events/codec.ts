import { randomUUID } from "node:crypto";
import { type TSchema, Type } from "@sinclair/typebox";
import Ajv, { type ErrorObject, type ValidateFunction } from "ajv";
import addFormats from "ajv-formats";
import { type FieldFault, MnoError } from "../../exports";
import type { Clock } from "../clock";
import type { TraceCarrier } from "../telemetry/traces";
import { EVENT_SCHEMAS, type EventData, type EventType } from "./catalogue";
import type { CloudEvent } from "./cloudevent";

/** What the emitter of an event says about it; the rest is filled in. */
export interface EventInput<T extends EventType> {
  type: T;
  /** `/mno/<engine>` of the emitter. */
  source: string;
  /** The ordering key. */
  subject: string;
  data: EventData<T>;
}

export interface EventContext {
  clock: Clock;
  /** The active trace context travels in the event. */
  tracer: { carrier(): TraceCarrier };
  /** Ids of new events. Default: random UUIDs. */
  id?: () => string;
}

/** A new event with its id, time and trace context. It is validated where it is published. */
export function createEvent<T extends EventType>(input: EventInput<T>, context: EventContext): CloudEvent<T> {
  return {
    specversion: "1.0",
    id: (context.id ?? randomUUID)(),
    source: input.source,
    type: input.type,
    subject: input.subject,
    time: new Date(context.clock.now()).toISOString(),
    datacontenttype: "application/json",
    data: input.data,
    ...context.tracer.carrier(),
  };
}

/** The CloudEvents 1.0 envelope (https://github.com/cloudevents/spec, v1.0.2) around one type's data. */
function eventSchema(type: string, data: TSchema): TSchema {
  return Type.Object(
    {
      specversion: Type.Literal("1.0"),
      // Printable and bounded, because NATS carries the id in a header for deduplication.
      id: Type.String({ minLength: 1, maxLength: 256, pattern: "^[\\x21-\\x7e]+$" }),
      source: Type.String({ pattern: "^/mno/[a-z0-9-]+$" }),
      type: Type.Literal(type),
      subject: Type.String({ minLength: 1 }),
      time: Type.String({ format: "date-time", pattern: "Z$" }),
      datacontenttype: Type.Literal("application/json"),
      data,
      traceparent: Type.Optional(Type.String({ pattern: "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$" })),
      tracestate: Type.Optional(Type.String()),
    },
    // Further context attributes are extensions, which the specification lets through.
    { additionalProperties: Type.Union([Type.String(), Type.Number(), Type.Boolean()]) },
  );
}

const ajv = addFormats(new Ajv({ allErrors: true, strict: true }));
const validators = new Map<string, ValidateFunction>();

function validatorOf(type: EventType): ValidateFunction {
  let validate = validators.get(type);
  if (!validate) {
    validate = ajv.compile(eventSchema(type, EVENT_SCHEMAS[type]));
    validators.set(type, validate);
  }
  return validate;
}

function fault(error: ErrorObject): FieldFault {
  const params = error.params as { missingProperty?: string; allowedValue?: unknown };
  const missing = params.missingProperty === undefined ? "" : `/${params.missingProperty}`;
  const allowed = params.allowedValue === undefined ? "" : ` ${JSON.stringify(params.allowedValue)}`;
  return { field: `${error.instancePath}${missing}`, message: `${error.message ?? error.keyword}${allowed}` };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const isEventType = (type: unknown): type is EventType =>
  typeof type === "string" && Object.hasOwn(EVENT_SCHEMAS, type);

/**
 * The value as an event of the catalogue.
 * Errors: MNO_EVENT_TYPE_UNKNOWN; MNO_EVENT_INVALID with every fault, `field` being a JSON pointer into the event.
 */
export function validateEvent(value: unknown): CloudEvent {
  if (!isObject(value)) {
    throw new MnoError("MNO_EVENT_INVALID", "the event is not a JSON object", {
      faults: [{ field: "", message: "must be a CloudEvents 1.0 object" }],
    });
  }
  const type = value["type"];
  if (!isEventType(type)) {
    if (typeof type === "string") {
      const known = Object.keys(EVENT_SCHEMAS).join(", ");
      throw new MnoError("MNO_EVENT_TYPE_UNKNOWN", `there is no event type ${type}; the catalogue has ${known}`);
    }
    throw new MnoError("MNO_EVENT_INVALID", "the event has no type", {
      faults: [{ field: "/type", message: "must be an event type of the catalogue" }],
    });
  }
  const validate = validatorOf(type);
  if (validate(value)) return value as unknown as CloudEvent;
  const faults = (validate.errors ?? []).map(fault);
  const summary = faults.map(({ field, message }) => `${field || "/"} ${message}`).join("; ");
  throw new MnoError("MNO_EVENT_INVALID", `${type}: ${summary}`, { faults });
}

/** JSON as it was stored; text that is no JSON is handed on as the string that it is, and then fails validation. */
export function parseStored(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
