import { cookieValue, forward, type ForwardedRequest, headerValue } from "../../kernel/proxy/headers";
import type { ServerRequest } from "../../kernel/proxy/listener";
import { TrustedPeers } from "../../kernel/proxy/peers";
import { SessionAffinity } from "./affinity";
import type { Member } from "./member";
import type { UpstreamSpec } from "./spec";

/** A request as it was taken in. */
export interface Received {
  readonly forwarded: ForwardedRequest;
  /** Address of the peer. */
  readonly address: string;
  readonly hasBody: boolean;
}

/** What binds a request to an endpoint. */
export interface Affinity {
  /** What consistent policies hash. */
  readonly key: string | undefined;
  /** Endpoint that the client's session is bound to. */
  readonly sticky: string | undefined;
  /** Further headers of the response once the endpoint is known. */
  readonly bind: ((member: Member) => string[]) | undefined;
}

/** Reads requests: who sent them, what goes on of them, and which endpoint they are bound to. */
export class Intake {
  private readonly peers: TrustedPeers;
  private readonly sessions: SessionAffinity;

  /** `trustedProxies`: addresses or CIDR blocks of peers whose forwarding headers are believed. */
  constructor(trustedProxies: readonly string[], cookieSecret: string | Buffer) {
    this.sessions = new SessionAffinity(cookieSecret);
    this.peers = new TrustedPeers(trustedProxies);
  }

  /** Errors: MNO_REQUEST_MALFORMED. */
  read(request: ServerRequest): Received {
    const { address, trusted, secure } = this.peers.of(request.socket);
    const forwarded = forward({
      method: request.method ?? "GET",
      target: request.url ?? "/",
      rawHeaders: request.rawHeaders,
      legacy: request.httpVersion === "1.0",
      secure,
      peer: address,
      trusted,
    });
    const hasBody = "stream" in request ? !request.stream.endAfterHeaders : forwarded.hasBody;
    return { forwarded, address, hasBody };
  }

  affinity(spec: UpstreamSpec, received: Received): Affinity {
    return { key: keyOf(spec, received), ...this.session(spec, received.forwarded) };
  }

  private session({ name, sticky }: UpstreamSpec, { cookie }: ForwardedRequest): Pick<Affinity, "sticky" | "bind"> {
    if (!sticky) return { sticky: undefined, bind: undefined };
    const value = cookieValue(cookie, sticky.cookie);
    const bound = value === undefined ? undefined : this.sessions.open(name, value, Date.now());
    const bind = ({ id }: Member): string[] => {
      if (id === bound) return [];
      const sealed = this.sessions.seal(name, id, Date.now() + sticky.seconds * 1000);
      const attributes = `Path=/; Max-Age=${String(sticky.seconds)}; HttpOnly; SameSite=Lax`;
      return ["set-cookie", `${sticky.cookie}=${sealed}; ${attributes}`];
    };
    return { sticky: bound, bind };
  }
}

function keyOf({ hashOn }: UpstreamSpec, { forwarded, address }: Received): string | undefined {
  switch (hashOn?.source) {
    case undefined:
      return undefined;
    case "header":
      return headerValue(forwarded.headers, (hashOn.name ?? "").toLowerCase());
    case "cookie":
      return cookieValue(forwarded.cookie, hashOn.name ?? "");
    case "path":
      return forwarded.path.split("?")[0];
    case "address":
      return address;
  }
}
