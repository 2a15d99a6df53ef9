import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { MnoError } from "../../runtime/exports";
import { type Clock, systemClock } from "../../runtime/kernel/clock";
import { PROBLEM_MEDIA_TYPE, toCodedError, toProblem } from "../../runtime/kernel/http/problems";
import { readSpans, type ViewedSpan } from "./spans";
import { TraceStore } from "./traces";
import type { TraceTree } from "./tree";

const MAX_BODY_BYTES = 16 * 1024 * 1024;
const DEFAULT_MAX_SPANS = 100_000;

export interface ReceiverOptions {
  /** TCP port on loopback; 0 takes a free one. */
  port: number;
  /** Spans held at most; what comes beyond is refused to its sender, as OTLP's `partialSuccess`. */
  maxSpans?: number;
  clock?: Clock;
  /** Called with each batch of spans accepted. */
  onSpans?: (spans: readonly ViewedSpan[]) => void;
}

export interface Receiver {
  /** Base URL, for OTEL_EXPORTER_OTLP_ENDPOINT. */
  url: string;
  /** Every span held, in order of trace and arrival. */
  spans(): ViewedSpan[];
  /** Every trace held, as a tree. */
  traces(): TraceTree[];
  /** Removes and returns the traces that have been quiet for that long. */
  takeQuiet(quietMs: number): TraceTree[];
  close(): Promise<void>;
}

/** Starts an OTLP/HTTP receiver for traces in JSON on loopback. Errors: MNO_PORT_IN_USE. */
export async function createReceiver(options: ReceiverOptions): Promise<Receiver> {
  const { clock = systemClock, maxSpans = DEFAULT_MAX_SPANS } = options;
  const store = new TraceStore(maxSpans);
  const accept = (body: string): object => {
    const spans = readSpans(body);
    const rejected = store.add(spans, clock.now());
    options.onSpans?.(spans.slice(0, spans.length - rejected));
    if (rejected === 0) return {};
    const errorMessage = `${String(maxSpans)} spans are held already; no more are taken`;
    return { partialSuccess: { rejectedSpans: String(rejected), errorMessage } };
  };
  const server = createServer((request, response) => void answer(request, response, accept));
  await listen(server, options.port);
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    spans: () => store.spans(),
    traces: () => store.traces(),
    takeQuiet: (quietMs) => store.takeQuiet(clock.now(), quietMs),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const inUse = error.code === "EADDRINUSE";
      reject(
        inUse ? new MnoError("MNO_PORT_IN_USE", `Port ${String(port)} is in use; choose another with --port`) : error,
      );
    });
    server.listen(port, "127.0.0.1", resolve);
  });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  accept: (body: string) => object,
): Promise<void> {
  let status = 200;
  let contentType = "application/json";
  let body: object;
  try {
    checkRequest(request);
    body = accept(await readBody(request));
  } catch (thrown) {
    const error = toCodedError(thrown);
    [status, contentType, body] = [error.status, PROBLEM_MEDIA_TYPE, toProblem(error)];
    // The rest of a refused body is not read, so that the connection cannot be used again.
    if (!request.complete) response.setHeader("connection", "close");
  }
  response.writeHead(status, { "content-type": contentType }).end(JSON.stringify(body));
}

function checkRequest(request: IncomingMessage): void {
  const path = (request.url ?? "").split("?")[0] ?? "";
  if (path !== "/v1/traces") throw new MnoError("MNO_NOT_FOUND", `Nothing answers ${path}; there is POST /v1/traces`);
  if (request.method !== "POST") throw new MnoError("MNO_METHOD_NOT_ALLOWED", "Only POST is answered here");
  const type = (request.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  if (type === "application/json") return;
  throw new MnoError(
    "MNO_MEDIA_TYPE_UNSUPPORTED",
    `Content-Type is "${type}"; this receiver reads OTLP as application/json only. ` +
      "Set OTEL_EXPORTER_OTLP_PROTOCOL=http/json, or use @opentelemetry/exporter-trace-otlp-http, which sends JSON",
  );
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  const encoding = request.headers["content-encoding"] ?? "identity";
  if (encoding === "identity") return Buffer.concat(chunks).toString("utf8");
  if (encoding !== "gzip") {
    throw new MnoError("MNO_MEDIA_TYPE_UNSUPPORTED", `Content-Encoding "${encoding}" is not read; send gzip or none`);
  }
  try {
    const plain = await promisify(gunzip)(Buffer.concat(chunks), { maxOutputLength: MAX_BODY_BYTES });
    return plain.toString("utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge();
    throw new MnoError("MNO_REQUEST_MALFORMED", `The body is not gzip: ${(error as Error).message}`, { cause: error });
  }
}

function tooLarge(): MnoError {
  return new MnoError(
    "MNO_REQUEST_TOO_LARGE",
    `The body is over ${String(MAX_BODY_BYTES)} bytes; send smaller batches`,
  );
}
