import { type Dispatcher, Pool } from "undici";
import {
  type OutgoingRequest,
  type Transport,
  type TransportOptions,
  type TryControl,
  type TryHandler,
  UnsendableRequest,
} from "./transport";

/**
 * HTTP/1.1 to one endpoint over undici's pool: kept-alive connections, one request on each at a time, no more than its owner's
 * own limits let through. undici honours the endpoint's Keep-Alive hint, so that a connection is seldom reused as it closes.
 */
export class Http1Transport implements Transport {
  private readonly pool: Pool;
  /** undici would ask for the name in the request's Host. */
  private readonly servername: string | undefined;

  constructor({ address, tls, connectMilliseconds, idleMilliseconds }: TransportOptions) {
    this.servername = tls?.serverName;
    this.pool = new Pool(`${tls ? "https" : "http"}://${address}`, {
      pipelining: 1,
      connections: null,
      // The caller has its own limits for the head of a response.
      headersTimeout: 0,
      bodyTimeout: idleMilliseconds,
      connect: {
        timeout: connectMilliseconds,
        ...(tls && { ALPNProtocols: ["http/1.1"] }),
        ...(tls?.certificateAuthority !== undefined && { ca: tls.certificateAuthority }),
      },
    });
  }

  send({ method, path, headers, body }: OutgoingRequest, handler: TryHandler): TryControl {
    const attempt = new Http1Try(handler);
    try {
      this.pool.dispatch(
        {
          method,
          path,
          headers,
          body: body ?? null,
          ...(this.servername !== undefined && { servername: this.servername }),
        },
        attempt,
      );
    } catch (error) {
      attempt.onResponseError(undefined, error as Error);
    }
    return attempt;
  }

  destroy(): void {
    this.pool.destroy().catch(() => undefined);
  }
}

/** What undici says of requests that it would not write. */
const UNSENDABLE = new Set(["UND_ERR_INVALID_ARG", "UND_ERR_NOT_SUPPORTED", "UND_ERR_REQ_CONTENT_LENGTH_MISMATCH"]);
const ABORTED = new Error("the proxy gave the try up");

class Http1Try implements Dispatcher.DispatchHandler, TryControl {
  private controller: Dispatcher.DispatchController | undefined;
  private over = false;

  constructor(private readonly handler: TryHandler) {}

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.over) controller.abort(ABORTED);
    else this.handler.onSent();
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    if (!this.over && status >= 200) this.handler.onHead(status, texts(controller.rawHeaders));
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.over) this.handler.onData(chunk);
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    if (this.over) return;
    this.over = true;
    this.handler.onEnd(texts(controller.rawTrailers));
  }

  onResponseError(_controller: unknown, error: Error): void {
    if (this.over) return;
    this.over = true;
    const unsendable = UNSENDABLE.has((error as NodeJS.ErrnoException).code ?? "");
    this.handler.onError(unsendable ? new UnsendableRequest(error.message, { cause: error }) : error);
  }

  abort(): void {
    if (this.over) return;
    this.over = true;
    this.controller?.abort(ABORTED);
  }

  pause(): void {
    this.controller?.pause();
  }

  resume(): void {
    this.controller?.resume();
  }
}

/** Header bytes are Latin-1 on the wire, and Node writes strings so. */
function texts(raw: Dispatcher.DispatchController["rawHeaders"]): string[] {
  if (!Array.isArray(raw)) return [];
  return raw.map((part) => (typeof part === "string" ? part : part.toString("latin1")));
}
