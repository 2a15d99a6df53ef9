import { Http1Transport } from "../../../kernel/proxy/transport/http1";
import { Http2Transport } from "../../../kernel/proxy/transport/http2";
import type { Transport, TransportOptions } from "../../../kernel/proxy/transport/transport";
import type { Route, RouteUpstream } from "../routing/route";

/** One upstream with its connections. */
export interface OpenUpstream {
  readonly options: TransportOptions;
  readonly transport: Transport;
  /** Requests and tunnels under way. */
  inFlight: number;
}

/** The connections to upstreams; routes of one upstream share them, and those of upstreams that are gone end with their last request. */
export class Upstreams {
  private open = new Map<string, OpenUpstream>();
  private readonly retired = new Set<OpenUpstream>();

  /** Keeps what these routes have in common with those before. */
  follow(routes: readonly Route[]): void {
    const wanted = new Set(routes.flatMap(({ upstream }) => (upstream ? [keyOf(upstream)] : [])));
    for (const [key, upstream] of this.open) {
      if (wanted.has(key)) continue;
      this.open.delete(key);
      this.retired.add(upstream);
      this.settle(upstream);
    }
  }

  /** Counts a request; to be given back. */
  take(spec: RouteUpstream): OpenUpstream {
    const key = keyOf(spec);
    let upstream = this.open.get(key);
    if (!upstream) {
      const options = optionsOf(spec);
      const transport = spec.protocol === "http2" ? new Http2Transport(options) : new Http1Transport(options);
      upstream = { options, transport, inFlight: 0 };
      this.open.set(key, upstream);
    }
    upstream.inFlight += 1;
    return upstream;
  }

  give(upstream: OpenUpstream): void {
    upstream.inFlight -= 1;
    this.settle(upstream);
  }

  /** Ends every connection at once. */
  destroy(): void {
    for (const upstream of [...this.open.values(), ...this.retired]) upstream.transport.destroy();
    this.open.clear();
    this.retired.clear();
  }

  private settle(upstream: OpenUpstream): void {
    if (upstream.inFlight > 0 || !this.retired.delete(upstream)) return;
    upstream.transport.destroy();
  }
}

function keyOf(upstream: RouteUpstream): string {
  return JSON.stringify(upstream);
}

function optionsOf({
  url,
  serverName,
  certificateAuthority,
  connectSeconds,
  idleSeconds,
}: RouteUpstream): TransportOptions {
  const { protocol, hostname, port } = new URL(url);
  const secure = protocol === "https:";
  const name = hostname.replace(/^\[|\]$/g, "");
  return {
    address: `${hostname}:${port === "" ? (secure ? "443" : "80") : port}`,
    tls: secure
      ? { serverName: serverName ?? name, ...(certificateAuthority !== undefined && { certificateAuthority }) }
      : undefined,
    connectMilliseconds: connectSeconds * 1000,
    idleMilliseconds: idleSeconds * 1000,
  };
}
