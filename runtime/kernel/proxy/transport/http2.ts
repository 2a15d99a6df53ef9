import http2 from "node:http2";
import { http2Fields, sendableTrailers } from "../http2-fields";
import {
  type OutgoingRequest,
  type Transport,
  type TransportOptions,
  type TryControl,
  type TryHandler,
  UnsendableRequest,
} from "./transport";

const { NGHTTP2_CANCEL, NGHTTP2_REFUSED_STREAM, NGHTTP2_NO_ERROR } = http2.constants;

/** HTTP/2 to one endpoint: one session with as many streams as the endpoint allows, over TLS or, with prior knowledge, without. */
export class Http2Transport implements Transport {
  private session: http2.ClientHttp2Session | undefined;
  private destroyed = false;

  constructor(private readonly options: TransportOptions) {}

  send(request: OutgoingRequest, handler: TryHandler): TryControl {
    return new Http2Try(this.connected(), request, handler, this.options);
  }

  destroy(): void {
    this.destroyed = true;
    this.session?.destroy();
  }

  private connected(): http2.ClientHttp2Session {
    const { address, tls, connectMilliseconds } = this.options;
    if (this.session && !this.session.closed && !this.session.destroyed) return this.session;
    const session = http2.connect(`${tls ? "https" : "http"}://${address}`, {
      ...(tls && { servername: tls.serverName }),
      ...(tls?.certificateAuthority !== undefined && { ca: tls.certificateAuthority }),
    });
    const late = setTimeout(
      () => session.destroy(new Error(`no connection to ${address} in time`)),
      connectMilliseconds,
    );
    session.once("connect", () => clearTimeout(late));
    session.once("close", () => clearTimeout(late));
    // Each stream hears of it by itself.
    session.on("error", () => undefined);
    // No new streams on it; those under way finish.
    session.once("goaway", () => {
      if (this.session === session) this.session = undefined;
      session.close();
    });
    session.unref();
    if (this.destroyed) session.destroy();
    this.session = session;
    return session;
  }
}

class Http2Try implements TryControl {
  private stream: http2.ClientHttp2Stream | undefined;
  private over = false;
  private sent = false;
  private trailers: string[] = [];

  constructor(
    session: http2.ClientHttp2Session,
    { method, path, headers, body, trailers }: OutgoingRequest,
    private readonly handler: TryHandler,
    { tls, idleMilliseconds }: TransportOptions,
  ) {
    // The caller has the control before anything is reported to it.
    const begin = (): void => {
      if (this.over) return;
      if (session.destroyed || session.closed) return this.fail(new Error("the HTTP/2 session is closed"));
      try {
        const stream = session.request(
          { ":method": method, ":path": path, ":scheme": tls ? "https" : "http", ...fields(headers) },
          { endStream: body === undefined, waitForTrailers: body !== undefined },
        );
        this.follow(stream, body, trailers);
        if (idleMilliseconds > 0) {
          stream.setTimeout(idleMilliseconds, () => stream.destroy(new Error("the endpoint sent nothing in time")));
        }
        this.sent = true;
        this.handler.onSent();
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        const closing = code === "ERR_HTTP2_GOAWAY_SESSION" || code === "ERR_HTTP2_INVALID_SESSION";
        this.fail(closing ? (error as Error) : new UnsendableRequest(message, { cause: error }));
      }
    };
    if (session.connecting) {
      session.once("connect", begin);
      session.once("close", () => {
        if (!this.sent) this.fail(new Error("the HTTP/2 session could not be opened"));
      });
    } else {
      queueMicrotask(begin);
    }
  }

  abort(): void {
    if (this.over) return;
    this.over = true;
    this.stream?.close(NGHTTP2_CANCEL);
  }

  pause(): void {
    this.stream?.pause();
  }

  resume(): void {
    this.stream?.resume();
  }

  private follow(stream: http2.ClientHttp2Stream, body: OutgoingRequest["body"], trailers: () => string[]): void {
    this.stream = stream;
    let answered = false;
    stream.on("response", (head, _flags, raw?: string[]) => {
      answered = true;
      if (!this.over) this.handler.onHead(head[":status"] ?? 502, withoutPseudo(raw ?? flat(head)));
    });
    stream.on("data", (chunk: Buffer) => {
      if (!this.over) this.handler.onData(chunk);
    });
    stream.on("trailers", (_head, _flags, raw?: string[]) => {
      this.trailers = withoutPseudo(raw ?? []);
    });
    stream.on("end", () => {
      if (answered && stream.rstCode === NGHTTP2_NO_ERROR) this.end();
    });
    stream.on("error", (error: Error) =>
      this.fail(new StreamReset(error.message, stream.rstCode === NGHTTP2_REFUSED_STREAM)),
    );
    stream.on("close", () => {
      if (stream.rstCode === NGHTTP2_NO_ERROR && answered) return this.end();
      const code = String(stream.rstCode);
      this.fail(new StreamReset(`the stream was reset with code ${code}`, stream.rstCode === NGHTTP2_REFUSED_STREAM));
    });
    if (!body) return;
    stream.on("wantTrailers", () => {
      try {
        stream.sendTrailers(http2Fields(sendableTrailers(trailers())));
      } catch (error) {
        this.fail(new UnsendableRequest((error as Error).message, { cause: error }));
        stream.close(NGHTTP2_CANCEL);
      }
    });
    body.on("error", () => this.abort());
    body.pipe(stream);
  }

  private end(): void {
    if (this.over) return;
    this.over = true;
    this.handler.onEnd(this.trailers);
  }

  private fail(error: Error): void {
    if (this.over) return;
    this.over = true;
    this.handler.onError(error);
  }
}

/** An endpoint gave a stream up; where it refused the stream, it did nothing with the request (RFC 9113, section 8.7). */
export class StreamReset extends Error {
  constructor(
    message: string,
    readonly refused: boolean,
  ) {
    super(message);
  }
}

function fields(headers: readonly string[]): http2.OutgoingHttpHeaders {
  // Names come from clients: none may find what every object has.
  const object = Object.create(null) as Record<string, string | string[]>;
  for (let index = 0; index < headers.length; index += 2) {
    const name = (headers[index] ?? "").toLowerCase();
    const value = headers[index + 1] ?? "";
    const key = name === "host" ? ":authority" : name;
    const known = object[key];
    object[key] = known === undefined ? value : Array.isArray(known) ? [...known, value] : [known, value];
  }
  return object;
}

function flat(head: http2.IncomingHttpHeaders): string[] {
  return Object.entries(head).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value ?? ""]).flatMap((each) => [name, String(each)]),
  );
}

function withoutPseudo(raw: readonly string[]): string[] {
  const headers: string[] = [];
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] ?? "";
    if (!name.startsWith(":")) headers.push(name, raw[index + 1] ?? "");
  }
  return headers;
}
