import { type Duplex, Readable } from "node:stream";
import { MnoError } from "../../../exports";
import { headerValue } from "../../../kernel/proxy/headers";
import type { ClientResponse } from "../../../kernel/proxy/reply";
import { SpanKind, type Tracer } from "../../../kernel/telemetry/traces";
import { csrfCookie } from "../csrf/guard";
import type { CsrfTokens } from "../csrf/tokens";
import type { Admitted } from "../enforcement/enforcement";
import type { GrantFacts } from "../enforcement/grant";
import type { Journal } from "../enforcement/journal";
import { onward } from "../enforcement/trace";
import type { Understood } from "../enforcement/understand";
import type { GatewayIdentity } from "../identity/parts";
import type { Instruments } from "../instruments";
import type { RouteUpstream } from "../routing/route";
import type { AssertionSigner } from "./assertion";
import { limitedStream } from "./content";
import { Exchange } from "./exchange";
import { identityHeaders } from "./identity-headers";
import type { Live, LiveExchanges, Watch } from "./live";
import { outgoingHeaders } from "./outgoing";
import { responseHeaders } from "./response-headers";
import { Tunnel } from "./tunnel";
import type { OpenUpstream, Upstreams } from "./upstreams";

export interface ForwarderDependencies {
  readonly upstreams: Upstreams;
  readonly live: LiveExchanges;
  readonly signer: AssertionSigner;
  readonly tokens: CsrfTokens;
  readonly journal: Pick<Journal, "answered">;
  readonly instruments: Pick<Instruments, "upstreamTook">;
  readonly tracer: Tracer;
  readonly limitHeaders: GatewayIdentity["limitHeaders"];
  /** Milliseconds since 1970. */
  readonly time: () => number;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
}

/** What a request leaves the gateway with. */
interface Sending {
  readonly facts: GrantFacts;
  readonly spec: RouteUpstream;
  readonly upstream: OpenUpstream;
  readonly headers: string[];
}

/** Sends what a grant allows to the grant's upstream; there is no other way there. */
export class Forwarder {
  constructor(private readonly dependencies: ForwarderDependencies) {}

  /** Resolves when the answer has begun, and to the error that the client is to be told where there is none. */
  request(
    { grant, content }: Admitted,
    {
      understood,
      request,
      response,
    }: { understood: Understood; request: Readable & { httpVersion: string }; response: ClientResponse },
  ): Promise<MnoError | undefined> {
    const { forwarded } = understood;
    return this.sending(grant.spend(), understood, content, ({ facts, spec, upstream, headers }, watch) => {
      const streams = content === undefined && facts.record.exceptions.includes("content-unread");
      const { maximumBytes } = facts.asked.route.content;
      const body = streams ? limitedStream(request, maximumBytes) : streamOf(content);
      new Exchange({
        facts,
        response,
        transport: upstream.transport,
        path: forwarded.path,
        headers,
        content: body,
        responseMilliseconds: spec.responseSeconds * 1000,
        idleMilliseconds: spec.idleSeconds * 1000,
        legacy: request.httpVersion === "1.0",
        decorate: (raw) => responseHeaders(raw, { ...facts, route: facts.asked.route, own: this.ownHeaders(facts) }),
        ...watch,
      }).start();
    });
  }

  /** As `request`, of a request for a tunnel. */
  tunnel(
    { grant }: Admitted,
    { understood, socket, head }: { understood: Understood; socket: Duplex; head: Buffer },
  ): Promise<MnoError | undefined> {
    return this.sending(grant.spend(), understood, undefined, ({ facts, upstream, headers }, watch) => {
      const forwarded = { ...understood.forwarded, headers };
      new Tunnel({ facts, upstream: upstream.options, forwarded, socket, head, ...watch }).start();
    });
  }

  private async sending(
    facts: GrantFacts,
    { forwarded }: Understood,
    content: Buffer | undefined,
    send: (sending: Sending, watch: Watch) => void,
  ): Promise<MnoError | undefined> {
    const { signer, tracer, upstreams, live, journal, instruments, time, now } = this.dependencies;
    const { route } = facts.asked;
    const spec = route.upstream;
    if (!spec) throw new MnoError("MNO_ROUTE_NOT_FOUND", `The route ${route.name} has no upstream`);
    return tracer.span("gateway upstream", { kind: SpanKind.CLIENT }, async () => {
      const assertion = signer.sign(facts, time());
      const incoming = headerValue(forwarded.headers, "traceparent");
      const trace = { traceparent: onward(tracer.carrier(), incoming, facts.request.traceId ?? "") };
      const additions = { identity: identityHeaders(facts, assertion), trace, length: content?.length };
      const headers = outgoingHeaders(forwarded, route, additions);
      const upstream = upstreams.take(spec);
      const from = now();
      return new Promise<MnoError | undefined>((resolve) => {
        let entry: Live | undefined;
        const watch: Watch = {
          begun: (each) => live.add((entry = each)),
          answered: (status, error) => {
            instruments.upstreamTook(route.name, now() - from);
            journal.answered(facts.record, status);
            resolve(error);
          },
          ended: () => {
            if (entry) live.delete(entry);
            upstreams.give(upstream);
          },
        };
        send({ facts, spec, upstream, headers }, watch);
      });
    });
  }

  private ownHeaders({ record, request, principal, limits }: GrantFacts): string[] {
    const headers = ["x-mno-decision", record.id];
    for (const [name, value] of Object.entries(this.dependencies.limitHeaders(limits))) headers.push(name, value);
    const cookie = csrfCookie(request, principal, this.dependencies.tokens);
    if (cookie !== undefined) headers.push("set-cookie", cookie);
    return headers;
  }
}

function streamOf(content: Buffer | undefined): Readable | undefined {
  return content === undefined || content.length === 0 ? undefined : Readable.from([content], { objectMode: false });
}
