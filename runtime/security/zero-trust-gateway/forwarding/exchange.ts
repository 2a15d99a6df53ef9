import type { Readable } from "node:stream";
import { MnoError } from "../../../exports";
import { withoutTrailer } from "../../../kernel/proxy/headers";
import { addTrailers, type ClientResponse, writeHead } from "../../../kernel/proxy/reply";
import {
  type Transport,
  type TryControl,
  type TryHandler,
  UnsendableRequest,
} from "../../../kernel/proxy/transport/transport";
import type { GrantFacts } from "../enforcement/grant";
import type { Live, Watch } from "./live";

export interface ExchangeOptions extends Watch {
  readonly facts: GrantFacts;
  readonly response: ClientResponse;
  readonly transport: Transport;
  readonly path: string;
  /** Name, value, name, value. */
  readonly headers: string[];
  readonly content: Readable | undefined;
  /** From the end of the request to the beginning of the response; counted from its sending. */
  readonly responseMilliseconds: number;
  readonly idleMilliseconds: number;
  /** HTTP/1.0. */
  readonly legacy: boolean;
  /** Headers for the client, of the upstream's. */
  readonly decorate: (raw: readonly string[]) => { headers: string[]; length: boolean };
}

/** One request at its upstream: sent once, its answer passed on at the pace of the client, and cut where it may not go on. */
export class Exchange implements TryHandler, Live {
  private control: TryControl | undefined;
  private timer: NodeJS.Timeout | undefined;
  private headed = false;
  private over = false;

  constructor(private readonly options: ExchangeOptions) {}

  get facts(): GrantFacts {
    return this.options.facts;
  }

  start(): void {
    const { response, transport, facts, path, headers, content, responseMilliseconds } = this.options;
    response.on("close", () => this.clientGone());
    response.on("error", () => undefined);
    this.options.begun(this);
    if (response.destroyed) return this.clientGone();
    this.timer = setTimeout(() => this.late(), responseMilliseconds);
    const { method } = facts.request;
    this.control = transport.send({ method, path, headers, body: content, trailers: () => [] }, this);
    // What the client sends too much of ends the request, whatever the upstream makes of the rest.
    content?.once("error", (error) => {
      this.control?.abort();
      this.onError(error);
    });
  }

  cut(error: MnoError): void {
    if (this.over) return;
    if (!this.headed) return this.fail(error);
    this.finish();
    // The client must not take it for whole.
    this.options.response.destroy();
  }

  onSent(): void {
    // The request is sent once; nothing is retried, so it does not matter when.
  }

  onHead(status: number, raw: string[]): void {
    if (this.over) return;
    clearTimeout(this.timer);
    const { response, decorate, legacy, answered } = this.options;
    try {
      const { headers, length } = decorate(raw);
      writeHead(response, status, length || legacy ? withoutTrailer(headers) : headers);
    } catch (error) {
      for (const name of response.getHeaderNames()) response.removeHeader(name);
      return this.fail(
        new MnoError("MNO_UPSTREAM_FAILED", "The upstream answered what cannot be passed on", { cause: error }),
      );
    }
    this.headed = true;
    answered(status);
    // A body that begins later must not keep the head from the client.
    process.nextTick(() => {
      if (!this.over) response.flushHeaders();
    });
  }

  onData(chunk: Buffer): void {
    if (this.over) return;
    const { response, idleMilliseconds } = this.options;
    if (response.write(chunk)) return;
    this.control?.pause();
    clearTimeout(this.timer);
    // A client that takes nothing for so long holds no upstream any longer.
    this.timer = setTimeout(() => response.destroy(), idleMilliseconds);
    response.once("drain", () => {
      clearTimeout(this.timer);
      this.control?.resume();
    });
  }

  onEnd(trailers: string[]): void {
    if (this.over) return;
    const { response } = this.options;
    try {
      if (trailers.length > 0) addTrailers(response, trailers);
    } catch {
      // What cannot be said in the client's version of HTTP breaks the answer off rather than passing for whole.
      this.finish();
      return void response.destroy();
    }
    this.finish();
    response.end();
  }

  onError(error: Error): void {
    if (this.over) return;
    if (this.headed) {
      this.finish();
      return void this.options.response.destroy();
    }
    this.fail(
      error instanceof MnoError
        ? error
        : error instanceof UnsendableRequest
          ? new MnoError("MNO_REQUEST_MALFORMED", "The request cannot be passed on", { cause: error })
          : new MnoError("MNO_UPSTREAM_FAILED", "The upstream gave no answer", { cause: error }),
    );
  }

  private late(): void {
    this.fail(new MnoError("MNO_UPSTREAM_TIMEOUT", "The upstream gave no answer in time"));
  }

  private clientGone(): void {
    if (this.over) return;
    const { headed } = this;
    this.finish();
    if (!headed) this.options.answered(0);
  }

  private fail(error: MnoError): void {
    this.finish();
    this.options.answered(error.status, error);
  }

  private finish(): void {
    if (this.over) return;
    this.over = true;
    clearTimeout(this.timer);
    this.control?.abort();
    this.options.content?.destroy();
    this.options.ended();
  }
}
