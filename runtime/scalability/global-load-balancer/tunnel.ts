import type { Duplex } from "node:stream";
import { MnoError } from "../../exports";
import type { ForwardedRequest } from "../../kernel/proxy/headers";
import { answer, askUpgrade, passAnswer, switchProtocols } from "../../kernel/proxy/upgrade";
import type { Backend } from "./backend";
import type { Ending } from "./observer";

export interface TunnelRequest {
  readonly method: string;
  readonly forwarded: ForwardedRequest;
  readonly socket: Duplex;
  /** What the client sent already beyond its request. */
  readonly head: Buffer;
  readonly key: string | undefined;
  readonly sticky: string | undefined;
}

/**
 * A connection that changes protocol (WebSocket): asked for at one endpoint, at the next where the first cannot be reached, and from the
 * endpoint's 101 on bytes pass both ways until either side ends. It is under way, for limits and policies, until then.
 */
export function openTunnel(backend: Backend, request: TunnelRequest): void {
  request.socket.on("error", () => undefined);
  const { limits } = backend.spec;
  if (backend.upstream.inFlight >= limits.requests) {
    return answer(
      request.socket,
      new MnoError("MNO_UPSTREAM_OVERLOADED", `${String(limits.requests)} requests are under way`),
    );
  }
  connect(backend, request, new Set(), backend.spec.retry.attempts);
}

function connect(backend: Backend, request: TunnelRequest, tried: Set<string>, retriesLeft: number): void {
  const { upstream, dependencies } = backend;
  const { forwarded, socket, key, sticky } = request;
  const now = dependencies.now();
  const member = upstream.pick({
    now,
    tried,
    ...(key === undefined ? {} : { key }),
    ...(sticky === undefined ? {} : { sticky }),
  });
  if (typeof member === "string") {
    return answer(
      socket,
      new MnoError("MNO_NO_ENDPOINT", `${backend.name} has no endpoint for a tunnel at the moment`),
    );
  }
  if (tried.size > 0) {
    upstream.retryBudget.withdraw(now, share(backend));
    dependencies.observer.extra(backend.name, "retry", "sent");
  }
  tried.add(member.id);
  const attempt = upstream.begin(member, now);
  let over = false;
  const finish = (ending: Ending, status: number): void => {
    if (over) return;
    over = true;
    backend.release(attempt);
    dependencies.observer.request(backend.name, ending, status, dependencies.now() - now);
  };
  const outgoing = askUpgrade({ address: member.spec.address, tls: backend.spec.tls }, request.method, forwarded);
  outgoing.setTimeout(backend.spec.timeouts.connectSeconds * 1000, () =>
    outgoing.destroy(new Error("no answer in time")),
  );
  const clientGone = (): void => {
    upstream.answered(attempt, undefined, dependencies.now());
    outgoing.destroy();
    finish("client-gone", 0);
  };
  socket.once("close", clientGone);
  outgoing.once("error", (error: NodeJS.ErrnoException) => {
    if (over) return;
    socket.off("close", clientGone);
    upstream.answered(attempt, "gateway-failure", dependencies.now());
    const unsent = error.code === "ECONNREFUSED" || error.code === "EHOSTUNREACH";
    if (unsent && retriesLeft > 0 && upstream.retryBudget.has(dependencies.now(), share(backend))) {
      over = true;
      backend.release(attempt);
      return connect(backend, request, tried, retriesLeft - 1);
    }
    finish("failed", 502);
    answer(
      socket,
      new MnoError("MNO_UPSTREAM_FAILED", `Endpoint ${member.id} did not open the tunnel: ${error.message}`),
    );
  });
  outgoing.once("response", (response) => {
    socket.off("close", clientGone);
    const status = response.statusCode ?? 502;
    upstream.answered(attempt, status < 500 ? "success" : "error", dependencies.now());
    passAnswer(socket, response, () => finish("answered", status));
  });
  outgoing.once("upgrade", (response, peer, head) => {
    outgoing.setTimeout(0);
    socket.off("close", clientGone);
    upstream.answered(attempt, "success", dependencies.now());
    const client = { socket, head: request.head, upgrade: forwarded.upgrade };
    switchProtocols(client, { response, socket: peer, head }, () => finish("answered", 101));
  });
  outgoing.end();
}

function share({ spec }: Backend): { percent: number; minimumPerSecond: number } {
  return { percent: spec.retry.budgetPercent, minimumPerSecond: spec.retry.minimumPerSecond };
}
