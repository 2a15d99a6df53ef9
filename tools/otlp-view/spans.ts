import { MnoError } from "../../runtime/exports";

export type AttributeValue = string | number | boolean | null | AttributeValue[] | { [key: string]: AttributeValue };

/** A finished span as the viewer keeps it. */
export interface ViewedSpan {
  traceId: string;
  spanId: string;
  /** Empty for a root. */
  parentSpanId: string;
  /** `service.name` of the resource. */
  service: string;
  name: string;
  /** INTERNAL, SERVER, CLIENT, PRODUCER or CONSUMER. */
  kind: string;
  /** Nanoseconds since the Unix epoch. */
  startNs: bigint;
  endNs: bigint;
  attributes: Record<string, AttributeValue>;
  /** The message of a failed span, which may be empty; undefined when it did not fail. */
  error?: string;
}

const KINDS = ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"];
const STATUS_ERROR = 2;

/** The members of OTLP/JSON that are read; opentelemetry-proto v1, lowerCamelCase, ids in hex, 64-bit integers as strings or numbers. */
interface OtlpValue {
  stringValue?: string;
  boolValue?: boolean;
  intValue?: string | number;
  doubleValue?: number;
  bytesValue?: string;
  arrayValue?: { values?: OtlpValue[] };
  kvlistValue?: { values?: OtlpAttribute[] };
}
interface OtlpAttribute {
  key: string;
  value?: OtlpValue;
}
interface OtlpSpan {
  traceId?: unknown;
  spanId?: unknown;
  parentSpanId?: string;
  name?: string;
  kind?: number;
  startTimeUnixNano?: string | number;
  endTimeUnixNano?: string | number;
  attributes?: OtlpAttribute[];
  status?: { code?: number; message?: string };
}
interface OtlpRequest {
  resourceSpans?: { resource?: { attributes?: OtlpAttribute[] }; scopeSpans?: { spans?: OtlpSpan[] }[] }[];
}

/** Reads the body of POST /v1/traces. Errors: MNO_REQUEST_MALFORMED. */
export function readSpans(body: string): ViewedSpan[] {
  let request: OtlpRequest;
  try {
    request = JSON.parse(body) as OtlpRequest;
  } catch (error) {
    throw new MnoError("MNO_REQUEST_MALFORMED", `The body is not JSON: ${(error as Error).message}`, { cause: error });
  }
  try {
    return (request.resourceSpans ?? []).flatMap(({ resource, scopeSpans }) => {
      const service = readAttributes(resource?.attributes)["service.name"];
      const name = typeof service === "string" ? service : "unknown_service";
      return (scopeSpans ?? []).flatMap(({ spans }) => (spans ?? []).map((span) => readSpan(span, name)));
    });
  } catch (error) {
    if (error instanceof MnoError) throw error;
    const detail = `The body is not an ExportTraceServiceRequest of OTLP/JSON: ${(error as Error).message}`;
    throw new MnoError("MNO_REQUEST_MALFORMED", detail, { cause: error });
  }
}

function readSpan(span: OtlpSpan, service: string): ViewedSpan {
  return {
    traceId: readId(span.traceId, 32, "traceId"),
    spanId: readId(span.spanId, 16, "spanId"),
    parentSpanId: span.parentSpanId ?? "",
    service,
    name: span.name ?? "",
    kind: KINDS[span.kind ?? 0] ?? "UNSPECIFIED",
    startNs: BigInt(span.startTimeUnixNano ?? 0),
    endNs: BigInt(span.endTimeUnixNano ?? 0),
    attributes: readAttributes(span.attributes),
    ...(span.status?.code === STATUS_ERROR ? { error: span.status.message ?? "" } : {}),
  };
}

function readId(value: unknown, digits: number, what: string): string {
  if (typeof value === "string" && value.length === digits && /^[0-9a-f]+$/i.test(value)) return value.toLowerCase();
  throw new MnoError(
    "MNO_REQUEST_MALFORMED",
    `${what} must be ${String(digits)} hex digits; it is ${JSON.stringify(value)}`,
  );
}

function readAttributes(attributes: OtlpAttribute[] = []): Record<string, AttributeValue> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, readValue(value)]));
}

function readValue(value: OtlpValue = {}): AttributeValue {
  if (value.intValue !== undefined) return Number(value.intValue);
  if (value.arrayValue) return (value.arrayValue.values ?? []).map(readValue);
  if (value.kvlistValue) return readAttributes(value.kvlistValue.values);
  return value.stringValue ?? value.boolValue ?? value.doubleValue ?? value.bytesValue ?? null;
}

/** The span as one line of JSON; nanoseconds are strings, as in OTLP/JSON. */
export function toJsonLine(span: ViewedSpan): string {
  return JSON.stringify({ ...span, startNs: String(span.startNs), endNs: String(span.endNs) });
}
