import { Server, status } from "@grpc/grpc-js";
import { addUnaryService, bindGrpc, stopGrpc, unaryMethod } from "../../../kernel/grpc/unary";
import { SpanKind } from "../../../kernel/telemetry/traces";
import { traceparentOf } from "../enforcement/trace";
import { WITHOUT_CONTENT } from "../enforcement/understand";
import { check, type Check, type CheckDependencies } from "./check";
import { type CheckRequest, readCheckRequest, writeCheckResponse } from "./messages";

/** A door that mesh proxies ask at. */
export interface ExtAuthz {
  /** host:port as bound. */
  readonly address: string;
  /** Lets checks under way finish within `milliseconds`. */
  close(milliseconds: number): Promise<void>;
}

/** Nothing could be decided: what then happens is the proxy's `failure_mode_allow` to say, as with a status of 5xx over HTTP. */
class Undecided extends Error {
  readonly code = status.UNAVAILABLE;
}

/**
 * Envoy's external authorization over gRPC: envoy.service.auth.v3.Authorization/Check.
 * https://www.envoyproxy.io/docs/envoy/latest/api-v3/service/auth/v3/external_auth.proto
 */
export async function openGrpcExtAuthz(at: string, dependencies: CheckDependencies): Promise<ExtAuthz> {
  // Nobody asks this server for channelz, which would keep a record of every call.
  const server = new Server({ "grpc.enable_channelz": 0 });
  addUnaryService(server, "envoy.service.auth.v3.Authorization", {
    Check: unaryMethod({ read: readCheckRequest, answer: (request) => answer(dependencies, request) }),
  });
  const port = await bindGrpc(server, at, "The gateway's ext_authz");
  return {
    address: `${at.slice(0, at.lastIndexOf(":"))}:${String(port)}`,
    close: async (milliseconds) => {
      const late = setTimeout(() => server.forceShutdown(), milliseconds);
      await stopGrpc(server);
      clearTimeout(late);
    },
  };
}

async function answer(dependencies: CheckDependencies, request: CheckRequest): Promise<Buffer> {
  const { tracer } = dependencies;
  const at = request.headers.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === "traceparent");
  const incoming = at === -1 ? undefined : request.headers[at + 1];
  const parent = incoming === undefined ? {} : { parent: { traceparent: incoming } };
  return tracer.span("gateway ext_authz", { kind: SpanKind.SERVER, ...parent }, async () => {
    const traceparent = traceparentOf(tracer.carrier(), incoming);
    const checked = await check(dependencies, "ext-authz-grpc", asked(dependencies, request, traceparent));
    if (!checked.allowed && checked.status >= 500) throw new Undecided(checked.body);
    return writeCheckResponse(checked);
  });
}

function asked({ newId, time }: CheckDependencies, request: CheckRequest, traceparent: string): Check {
  const { source, destination, method, path, host, headers } = request;
  const rawHeaders: string[] = [];
  const framing: Framing = { partial: false, length: undefined, chunked: false };
  for (let index = 0; index < headers.length; index += 2) {
    const name = (headers[index] ?? "").toLowerCase();
    const value = headers[index + 1] ?? "";
    if (name === "x-envoy-auth-partial-body") framing.partial ||= value === "true";
    else if (name === "content-length") framing.length = value;
    else if (name === "transfer-encoding") framing.chunked = true;
    // The proxy says host and pseudo-headers beside the headers.
    else if (!name.startsWith(":") && name !== "host") rawHeaders.push(name, value);
  }
  const content = shownContent(request, framing);
  return {
    message: {
      id: newId(),
      time: time(),
      method,
      target: path,
      rawHeaders: [...rawHeaders, "host", host],
      version: "1.1",
      peer: { address: source.address, trusted: true, secure: request.scheme === "https" },
      certificate: () => undefined,
      ...(source.principal.startsWith("spiffe://") && { spiffeId: source.principal }),
      traceparent,
      isTrusted: () => false,
      ...(content !== undefined && { hasContent: true }),
    },
    content,
    destination: destination.principal === "" ? undefined : destination.principal,
  };
}

/** What the headers say of the content's length; it is the proxy's to judge, and not the gateway's. */
interface Framing {
  /** The proxy cut what it shows at its `max_request_bytes`. */
  partial: boolean;
  length: string | undefined;
  chunked: boolean;
}

/**
 * `size` counts what had come when the proxy asked: neither does it tell that more follows, nor that there is no content where the
 * proxy was not told to wait for it. Envoy calls content whole that it cut where exactly its `max_request_bytes` had come.
 */
function shownContent(
  { method, size, content }: CheckRequest,
  { partial, length, chunked }: Framing,
): Check["content"] {
  if (partial || size > content.length) return "not shown";
  if (length !== undefined && Number(length) !== content.length) return "not shown";
  if (content.length > 0) return content;
  return chunked || (length === undefined && !WITHOUT_CONTENT.has(method)) ? "not shown" : undefined;
}
