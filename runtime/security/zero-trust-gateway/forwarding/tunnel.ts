import type http from "node:http";
import type { Duplex } from "node:stream";
import { MnoError } from "../../../exports";
import type { ForwardedRequest } from "../../../kernel/proxy/headers";
import type { TransportOptions } from "../../../kernel/proxy/transport/transport";
import { askUpgrade, passAnswer, switchProtocols } from "../../../kernel/proxy/upgrade";
import type { GrantFacts } from "../enforcement/grant";
import type { Live, Watch } from "./live";

export interface TunnelOptions extends Watch {
  readonly facts: GrantFacts;
  readonly upstream: Pick<TransportOptions, "address" | "tls" | "connectMilliseconds">;
  readonly forwarded: Pick<ForwardedRequest, "path" | "headers" | "upgrade">;
  readonly socket: Duplex;
  /** What the client sent already beyond its request. */
  readonly head: Buffer;
}

/** A connection that changes protocol (WebSocket), from the upstream's 101 on bytes both ways, until an end or a cut. */
export class Tunnel implements Live {
  private outgoing: http.ClientRequest | undefined;
  private peer: Duplex | undefined;
  private told = false;
  private over = false;

  constructor(private readonly options: TunnelOptions) {}

  get facts(): GrantFacts {
    return this.options.facts;
  }

  start(): void {
    const { socket, head, upstream, forwarded, facts } = this.options;
    const clientGone = (): void => this.end(0);
    socket.once("close", clientGone);
    this.options.begun(this);
    if (socket.destroyed) return clientGone();
    const outgoing = askUpgrade(upstream, facts.request.method, forwarded);
    this.outgoing = outgoing;
    outgoing.setTimeout(upstream.connectMilliseconds, () => outgoing.destroy(new Error("no answer in time")));
    outgoing.once("error", (error) => {
      socket.off("close", clientGone);
      this.fail(new MnoError("MNO_UPSTREAM_FAILED", "The upstream did not open the tunnel", { cause: error }));
    });
    outgoing.once("response", (response) => {
      this.tell(response.statusCode ?? 502);
      passAnswer(socket, response, () => this.settle());
    });
    outgoing.once("upgrade", (response, peer, first) => {
      if (this.over) return void peer.destroy();
      outgoing.setTimeout(0);
      this.peer = peer;
      this.tell(101);
      switchProtocols({ socket, head, upgrade: forwarded.upgrade }, { response, socket: peer, head: first }, () =>
        this.end(0),
      );
    });
    outgoing.end();
  }

  cut(error: MnoError): void {
    if (this.told) this.end(0);
    else this.fail(error);
  }

  private fail(error: MnoError): void {
    if (this.over) return;
    this.outgoing?.destroy();
    // The caller answers on the socket, which is its to end.
    this.tell(error.status, error);
    this.settle();
  }

  private end(status: number): void {
    if (this.over) return;
    this.outgoing?.destroy();
    this.peer?.destroy();
    this.options.socket.destroy();
    this.tell(status);
    this.settle();
  }

  private settle(): void {
    if (this.over) return;
    this.over = true;
    this.options.ended();
  }

  private tell(status: number, error?: MnoError): void {
    if (this.told) return;
    this.told = true;
    this.options.answered(status, error);
  }
}
