import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Logger } from "pino";
import { MnoError } from "../../exports";
import { listen, type Listener, type ListenerTls, type ServerRequest } from "../../kernel/proxy/listener";
import type { TrustedPeers } from "../../kernel/proxy/peers";
import { type ClientResponse, writeHead } from "../../kernel/proxy/reply";
import { answer, opensTunnel } from "../../kernel/proxy/upgrade";
import { SpanKind, type Tracer } from "../../kernel/telemetry/traces";
import { verifiedCertificate } from "./enforcement/certificate";
import { type ContentSource, type Enforcement, type Entered, Refusal } from "./enforcement/enforcement";
import { traceparentOf } from "./enforcement/trace";
import type { InboundMessage } from "./enforcement/understand";
import { type ContentBudget, readContent } from "./forwarding/content";
import type { Forwarder } from "./forwarding/forwarder";
import { refusalHeaders, sendRefusal } from "./forwarding/refusal";
import type { GatewayIdentity } from "./identity/parts";
import type { Instruments } from "./instruments";
import { isReserved, type Reserved } from "./reserved";

export interface GatewayDependencies {
  /** host:port; port 0 takes a free one. */
  readonly listen: string;
  readonly tls: ListenerTls | undefined;
  readonly peers: TrustedPeers;
  readonly enforcement: Enforcement;
  readonly forwarder: Forwarder;
  readonly reserved: Reserved;
  readonly headersOf: GatewayIdentity["headersOf"];
  readonly budget: ContentBudget;
  /** Requests, answers and tunnels under way at once. */
  readonly mostRequests: number;
  /** Answers and tunnels that last. */
  readonly lasting: () => number;
  readonly instruments: Pick<Instruments, "unreadable">;
  readonly tracer: Tracer;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly time: () => number;
}

/** The gateway's listener: takes requests, has them decided on, and sends on what was granted. */
export class Gateway {
  private listener: Listener | undefined;
  private underWay = 0;

  constructor(private readonly dependencies: GatewayDependencies) {}

  /** host:port as bound. */
  get address(): string {
    return this.listener?.address ?? "";
  }

  async open(): Promise<void> {
    const { listen: at, tls, instruments } = this.dependencies;
    this.listener = await listen({
      listen: at,
      ...(tls && { tls }),
      handle: (request, response) => void this.handle(request, response),
      upgrades: opensTunnel,
      upgrade: (request, socket, head) => void this.upgrade(request, socket, head),
      unreadable: (code) => instruments.unreadable(code),
    });
  }

  /** Takes no more requests, lets those under way finish within `milliseconds`, and closes every connection. */
  async close(milliseconds: number): Promise<void> {
    await this.listener?.close(milliseconds);
  }

  private async handle(request: ServerRequest, response: ClientResponse): Promise<void> {
    const id = randomUUID();
    const releases: (() => void)[] = [];
    response.once("close", () => releases.splice(0).forEach((release) => release()));
    response.on("error", () => undefined);
    request.on("error", () => undefined);
    let entered: Entered | undefined;
    const refuse = (error: MnoError): void =>
      sendRefusal(response, error, {
        decision: id,
        further: this.furtherHeaders(error, entered),
        unread: !request.readableEnded && entered?.understood.forwarded.hasBody !== false,
      });
    await this.serve(request, id, refuse, async (message) => {
      const { enforcement, forwarder, reserved, budget } = this.dependencies;
      entered = enforcement.enter(message, "proxy");
      const { understood } = entered;
      const { hasBody } = understood.forwarded;
      const content: ContentSource = {
        read: async (limits) => {
          const length = understood.request.headers["content-length"]?.[0];
          const read = await readContent(request, {
            limits,
            budget,
            length: length === undefined ? undefined : Number(length),
          });
          if (response.closed) read.release();
          else releases.push(read.release);
          return read.content;
        },
      };
      if (isReserved(understood.request.path)) {
        const reply = await reserved.answer(entered, hasBody ? content : undefined);
        writeHead(response, reply.status, reply.headers);
        response.end(reply.body);
        return;
      }
      const question = { upgrade: false, content: hasBody ? content : undefined };
      const admitted = await enforcement.admit(entered, question);
      const error = await forwarder.request(admitted, { understood, request, response });
      if (error) refuse(error);
    });
  }

  private async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const id = randomUUID();
    socket.on("error", () => undefined);
    let entered: Entered | undefined;
    const refuse = (error: MnoError): void =>
      answer(socket, error, refusalHeaders(error, id, this.furtherHeaders(error, entered)));
    await this.serve(request, id, refuse, async (message) => {
      const { enforcement, forwarder } = this.dependencies;
      entered = enforcement.enter(message, "proxy");
      const { understood } = entered;
      if (isReserved(understood.request.path)) throw enforcement.refuse(entered.trail, noTunnel());
      const admitted = await enforcement.admit(entered, { upgrade: true, content: undefined });
      const error = await forwarder.tunnel(admitted, { understood, socket, head });
      if (error) refuse(error);
    });
  }

  /** Counts and traces the work; whatever it throws is what the client is told. */
  private async serve(
    request: ServerRequest,
    id: string,
    refuse: (error: MnoError) => void,
    work: (message: InboundMessage) => Promise<void>,
  ): Promise<void> {
    const { tracer, mostRequests, lasting, log } = this.dependencies;
    if (this.underWay + lasting() >= mostRequests) {
      return refuse(new MnoError("MNO_OVERLOADED", `${String(mostRequests)} requests are under way`));
    }
    this.underWay += 1;
    const { traceparent } = request.headers;
    const incoming = typeof traceparent === "string" ? traceparent : undefined;
    const parent = incoming === undefined ? {} : { parent: { traceparent: incoming } };
    try {
      await tracer.span("gateway request", { kind: SpanKind.SERVER, ...parent }, async (span) => {
        span.setAttribute("mno.decision.id", id);
        try {
          await work(this.message(request, id, traceparentOf(tracer.carrier(), incoming)));
        } catch (error) {
          if (error instanceof Refusal) {
            span.setAttribute("mno.decision.code", error.error.code);
            return refuse(error.error);
          }
          throw error;
        }
      });
    } catch (error) {
      const coded = error instanceof MnoError ? error : undefined;
      if (!coded) log.error({ err: error, decision: id }, "a request met a fault of the gateway");
      refuse(coded ?? new MnoError("MNO_INTERNAL", "The fault was logged under the request's id", { cause: error }));
    } finally {
      this.underWay -= 1;
    }
  }

  private message(request: ServerRequest, id: string, traceparent: string): InboundMessage {
    const { peers, time } = this.dependencies;
    return {
      id,
      time: time(),
      method: request.method ?? "",
      target: request.url ?? "",
      rawHeaders: request.rawHeaders,
      version: "stream" in request ? "2" : request.httpVersion === "1.0" ? "1.0" : "1.1",
      ...("stream" in request && { hasContent: !request.stream.endAfterHeaders }),
      peer: peers.of(request.socket),
      certificate: () => verifiedCertificate(request.socket),
      traceparent,
      isTrusted: (address) => peers.has(address),
    };
  }

  private furtherHeaders(error: MnoError, entered: Entered | undefined): Record<string, string | string[]> {
    const further = entered ? this.dependencies.headersOf(error, entered.understood.request) : {};
    const { retryAfterSeconds } = error.extensions;
    if (typeof retryAfterSeconds !== "number") return further;
    return { "retry-after": String(Math.ceil(retryAfterSeconds)), ...further };
  }
}

function noTunnel(): MnoError {
  return new MnoError("MNO_ROUTE_NOT_FOUND", "The gateway itself opens no tunnels");
}
