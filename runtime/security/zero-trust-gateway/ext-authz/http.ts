import { TrustedPeers } from "../../../kernel/proxy/peers";
import { listen, type ServerRequest } from "../../../kernel/proxy/listener";
import { type ClientResponse, writeHead } from "../../../kernel/proxy/reply";
import { SpanKind } from "../../../kernel/telemetry/traces";
import { traceparentOf } from "../enforcement/trace";
import { WITHOUT_CONTENT } from "../enforcement/understand";
import { ContentBudget, readContent } from "../forwarding/content";
import { check, type Check, type CheckDependencies } from "./check";
import type { ExtAuthz } from "./grpc";

/** Envoy shows at most `max_request_bytes`; more is not asked for. */
const CONTENT = { maximumBytes: 16_777_216, seconds: 10 };
const BUDGET_BYTES = 268_435_456;
const NOTHING = Buffer.alloc(0);

/**
 * Envoy's external authorization over HTTP: the proxy repeats method, path (behind a prefix) and headers of a request; 200 lets it
 * through with the headers of the answer, anything else goes to the client, and 5xx says that nothing could be decided.
 * https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/ext_authz_filter
 */
export async function openHttpExtAuthz(at: string, dependencies: CheckDependencies): Promise<ExtAuthz> {
  const peers = new TrustedPeers([]);
  const budget = new ContentBudget(BUDGET_BYTES);
  const { tracer } = dependencies;
  const handle = async (request: ServerRequest, response: ClientResponse): Promise<void> => {
    request.on("error", () => undefined);
    response.on("error", () => undefined);
    const { traceparent } = request.headers;
    const incoming = typeof traceparent === "string" ? traceparent : undefined;
    const parent = incoming === undefined ? {} : { parent: { traceparent: incoming } };
    await tracer.span("gateway ext_authz", { kind: SpanKind.SERVER, ...parent }, async () => {
      const { content, release } = await contentOf(request, budget);
      const checked = await check(dependencies, "ext-authz-http", {
        message: {
          ...messageOf(request, traceparentOf(tracer.carrier(), incoming)),
          ...(Buffer.isBuffer(content) && { hasContent: true }),
        },
        content,
        destination: undefined,
      });
      release();
      if (response.destroyed) return;
      if (checked.allowed) {
        const remove = checked.remove.length === 0 ? [] : ["x-envoy-auth-headers-to-remove", checked.remove.join(",")];
        // One list serves both: which headers go where is the proxy's to say.
        const once = {
          ...Object.fromEntries(pairs(checked.toClient)),
          ...Object.fromEntries(pairs(checked.toUpstream)),
        };
        writeHead(response, 200, ["content-length", "0", ...Object.entries(once).flat(), ...remove]);
        return void response.end();
      }
      const length = String(Buffer.byteLength(checked.body));
      writeHead(response, checked.status, ["content-length", length, ...checked.headers]);
      response.end(checked.body);
    });
  };

  const messageOf = (request: ServerRequest, traceparent: string): Check["message"] => ({
    id: dependencies.newId(),
    time: dependencies.time(),
    method: request.method ?? "",
    target: withoutPrefix(request.url ?? "", dependencies.prefix),
    rawHeaders: asked(request.rawHeaders),
    version: "1.1",
    // Who asks here is the mesh's proxy, which says what it knows of its client by headers.
    peer: { ...peers.of(request.socket), trusted: true },
    certificate: () => undefined,
    traceparent,
    isTrusted: () => false,
  });

  const listener = await listen({
    listen: at,
    handle: (request, response) => void handle(request, response).catch(() => response.destroy()),
    upgrades: () => false,
    upgrade: (_request, socket) => void socket.destroy(),
  });
  return { address: listener.address, close: (milliseconds) => listener.close(milliseconds) };
}

function* pairs(flat: readonly string[]): Generator<[name: string, value: string]> {
  for (let index = 0; index < flat.length; index += 2) yield [flat[index] ?? "", flat[index + 1] ?? ""];
}

/** Behind the prefix; what does not have it is no path at all, and refused so. */
function withoutPrefix(target: string, prefix: string): string {
  return target.startsWith(prefix) ? target.slice(prefix.length) : "";
}

/** The check's own framing is not the request's: Envoy sets the length to that of what it shows. */
function asked(rawHeaders: readonly string[]): string[] {
  const kept: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? "").toLowerCase();
    if (name === "content-length" || name === "transfer-encoding" || name === "connection") continue;
    if (!name.startsWith(":") || name === ":authority") kept.push(rawHeaders[index] ?? "", rawHeaders[index + 1] ?? "");
  }
  return kept;
}

/** Nothing is to be waited for: the framing says that no content follows. */
function hasNone(request: ServerRequest): boolean {
  if ("stream" in request) return request.stream.endAfterHeaders;
  const { "content-length": length, "transfer-encoding": coding } = request.headers;
  return coding === undefined && (length === undefined || length === "0");
}

async function contentOf(
  request: ServerRequest,
  budget: ContentBudget,
): Promise<{ content: Check["content"]; release: () => void }> {
  const { content, release } = hasNone(request)
    ? { content: NOTHING, release: () => undefined }
    : await readContent(request, { limits: CONTENT, length: undefined, budget });
  const partial = request.headers["x-envoy-auth-partial-body"] === "true";
  if (partial) return { content: "not shown", release };
  // Without content the proxy may have had none to show, or was not told to.
  if (content.length === 0)
    return { content: WITHOUT_CONTENT.has(request.method ?? "") ? undefined : "not shown", release };
  return { content, release };
}
