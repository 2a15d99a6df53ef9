import {
  type Attributes,
  context,
  INVALID_SPAN_CONTEXT,
  propagation,
  ProxyTracerProvider,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer as Recorder,
} from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";

/** W3C Trace Context as it travels in HTTP headers and events. */
export interface TraceCarrier {
  traceparent?: string;
  tracestate?: string;
}

export interface SpanOptions {
  kind?: SpanKind;
  attributes?: Attributes;
  /** The remote parent; without it the active span is the parent. */
  parent?: TraceCarrier;
}

/** Spans around work. With no exporter configured every call is a pass-through, carriers included. */
export interface Tracer {
  /** Runs `work` inside a span, which ends when it settles and records what it threw. */
  span<T>(name: string, options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T>;
  /** The active trace context, to be put into an outgoing event or request. */
  carrier(): TraceCarrier;
}

export const tracer: Tracer = {
  async span(name, options, work) {
    const recorder = recorderOf();
    if (recorder === undefined) return work(UNRECORDED);
    const parent = options.parent ? propagation.extract(context.active(), options.parent) : context.active();
    const span = recorder.startSpan(
      name,
      { kind: options.kind ?? SpanKind.INTERNAL, attributes: options.attributes ?? {} },
      parent,
    );
    try {
      return await context.with(trace.setSpan(parent, span), () => work(span));
    } catch (error) {
      span.recordException(error as Error);
      span.setStatus({ code: SpanStatusCode.ERROR, message: (error as Error).message });
      throw error;
    } finally {
      span.end();
    }
  },
  carrier() {
    const carrier: TraceCarrier = {};
    propagation.inject(context.active(), carrier);
    return carrier;
  },
};

/** What work gets where nothing is recorded. */
const UNRECORDED = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);

/** Undefined where nobody exports: spans that nobody sees are not made. */
function recorderOf(): Recorder | undefined {
  const provider = trace.getTracerProvider();
  return provider instanceof ProxyTracerProvider ? provider.getDelegateTracer("mno") : provider.getTracer("mno");
}

export { SpanKind };
export type { Span };

/**
 * Turns on export over OTLP/HTTP to `endpoint` (the base URL, as OTEL_EXPORTER_OTLP_ENDPOINT has it). Without a call nothing
 * is recorded. Returns the flush-and-stop to run at shutdown; it never throws, for telemetry must not fail a drain.
 */
export function startTracing(endpoint: string, serviceName: string, serviceVersion: string): () => Promise<void> {
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, "")}/v1/traces` });
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ "service.name": serviceName, "service.version": serviceVersion }),
    spanProcessors: [new BatchSpanProcessor(exporter, { scheduledDelayMillis: 1000 })],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
  return () => provider.shutdown().catch(() => undefined);
}
