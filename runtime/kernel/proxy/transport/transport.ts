import type { Readable } from "node:stream";

/** One request as it goes to an endpoint; hop-by-hop headers are gone. */
export interface OutgoingRequest {
  readonly method: string;
  /** Origin form. */
  readonly path: string;
  /** Name, value, name, value; the authority is `host`. */
  readonly headers: string[];
  readonly body: Readable | undefined;
  /** Trailers of the request, once its body has ended; HTTP/1.1 drops them, as RFC 9110 section 6.5.1 allows. */
  readonly trailers: () => string[];
}

/** Told of one try, in this order; after `onEnd` or `onError` nothing more comes. */
export interface TryHandler {
  /** The request is about to be written: from here on the endpoint may have seen it. */
  onSent(): void;
  /** The final head; informational ones are not passed on. */
  onHead(status: number, headers: string[]): void;
  onData(chunk: Buffer): void;
  onEnd(trailers: string[]): void;
  onError(error: Error): void;
}

export interface TryControl {
  /** Gives the try up, and frees its connection or stream. Idempotent; nothing is told to the handler any more. */
  abort(): void;
  /** No `onData` until `resume`. */
  pause(): void;
  resume(): void;
}

/** The connections to one endpoint. */
export interface Transport {
  send(request: OutgoingRequest, handler: TryHandler): TryControl;
  /** Closes at once; tries under way end with an error. */
  destroy(): void;
}

export interface TransportOptions {
  /** host:port */
  readonly address: string;
  readonly tls: { readonly serverName: string; readonly certificateAuthority?: string } | undefined;
  readonly connectMilliseconds: number;
  /** Between two parts of a body; 0: no limit. */
  readonly idleMilliseconds: number;
}

/** The request itself cannot be sent to any endpoint: the client's fault, not the endpoint's. */
export class UnsendableRequest extends Error {}

/** Of `host:port`, without the brackets of an IPv6 address. */
export function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(":")).replace(/^\[|\]$/g, "");
}

export function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(":") + 1));
}
