import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import { type Clock, monotonicClock } from "../../kernel/clock";
import type { ListenerTls } from "../../kernel/proxy/listener";
import { TrustedPeers } from "../../kernel/proxy/peers";
import type { Tracer } from "../../kernel/telemetry/traces";
import type { GatewayRequest, ReservedRoute } from "./contracts";
import { CsrfTokens } from "./csrf/tokens";
import { Enforcement, type Refusal } from "./enforcement/enforcement";
import type { GrantFacts } from "./enforcement/grant";
import { Journal } from "./enforcement/journal";
import type { EnforcementParts } from "./enforcement/parts";
import { type ExtAuthz, openGrpcExtAuthz } from "./ext-authz/grpc";
import { openHttpExtAuthz } from "./ext-authz/http";
import { type AssertionSigner } from "./forwarding/assertion";
import { ContentBudget } from "./forwarding/content";
import { Forwarder } from "./forwarding/forwarder";
import { LiveExchanges } from "./forwarding/live";
import { Upstreams } from "./forwarding/upstreams";
import { Gateway } from "./gateway";
import type { GatewayIdentity } from "./identity/parts";
import type { Instruments } from "./instruments";
import { Reserved } from "./reserved";
import type { Route } from "./routing/route";
import { RouteTable } from "./routing/table";

export interface DataPlaneOptions {
  /** host:port each; a door without one stays shut. */
  readonly listen: string | undefined;
  readonly extAuthzListen: string | undefined;
  readonly extAuthzGrpcListen: string | undefined;
  readonly extAuthzPrefix: string;
  readonly tls: ListenerTls | undefined;
  /** Addresses or CIDR blocks of peers whose forwarding headers are believed. */
  readonly trustedProxies: readonly string[];
  readonly parts: Omit<EnforcementParts, "identity"> & { readonly identity: GatewayIdentity };
  readonly csrfKey: Buffer;
  readonly partMilliseconds: number;
  /** What lasts is decided on again after this. */
  readonly renewMilliseconds: number;
  readonly mostRequests: number;
  readonly contentBytes: number;
  readonly decisionsKept: number;
  readonly tellAllowed: boolean;
  readonly instruments: Instruments;
  readonly tracer: Tracer;
  readonly log: Logger;
  readonly clock: Clock;
}

/** How often what lasts is looked at: a change is followed within this, and a renewal. */
const SWEEP_MILLISECONDS = 250;

/** Everything that takes requests and decides on them, put together; the parts it asks are handed to it. */
export class DataPlane {
  readonly journal: Journal;
  readonly live: LiveExchanges;
  private readonly upstreams = new Upstreams();
  private readonly enforcement: Enforcement;
  private readonly peers: TrustedPeers;
  private table = new RouteTable([]);
  private gateway: Gateway | undefined;
  private readonly extAuthz: ExtAuthz[] = [];
  private sweeper: NodeJS.Timeout | undefined;

  constructor(
    private readonly options: DataPlaneOptions,
    private readonly signer: AssertionSigner,
  ) {
    const { parts, clock, tracer, log, instruments, csrfKey, partMilliseconds, decisionsKept, tellAllowed } = options;
    this.peers = new TrustedPeers(options.trustedProxies);
    this.tokens = new CsrfTokens(csrfKey);
    this.journal = new Journal({
      kept: decisionsKept,
      tellAllowed,
      log,
      instruments,
      traceparent: () => tracer.carrier().traceparent,
    });
    this.enforcement = new Enforcement({
      parts,
      tokens: this.tokens,
      routes: () => this.table,
      time: () => clock.now(),
      decided: (record) => this.journal.decided(record),
      clock: monotonicClock,
      tracer,
      log,
      partMilliseconds,
      took: instruments.took,
    });
    this.live = new LiveExchanges(options.renewMilliseconds, {
      now: () => performance.now(),
      renew: (facts) => this.renew(facts),
      wasCut: ({ code }) => instruments.cut(code),
    });
    parts.identity.onChange(() => void this.live.expire());
  }

  private readonly tokens: CsrfTokens;

  /** Opens the doors that are configured. Errors: MNO_PORT_IN_USE, MNO_CONFIG_INVALID. */
  async open(): Promise<void> {
    const { listen, tls, parts, tracer, log, clock, instruments } = this.options;
    const { enforcement, peers } = this;
    const { identity } = parts;
    const headersOf: GatewayIdentity["headersOf"] = (error, request) => identity.headersOf(error, request);
    const limitHeaders: GatewayIdentity["limitHeaders"] = (states) => identity.limitHeaders(states);
    if (listen !== undefined) {
      const forwarder = new Forwarder({
        upstreams: this.upstreams,
        live: this.live,
        signer: this.signer,
        tokens: this.tokens,
        journal: this.journal,
        instruments,
        tracer,
        limitHeaders,
        time: () => clock.now(),
        now: () => performance.now(),
      });
      this.gateway = new Gateway({
        listen,
        tls,
        peers,
        enforcement,
        forwarder,
        reserved: new Reserved([...identity.routes, this.keys()], enforcement),
        headersOf,
        budget: new ContentBudget(this.options.contentBytes),
        mostRequests: this.options.mostRequests,
        lasting: () => this.live.size,
        instruments,
        tracer,
        log,
        time: () => clock.now(),
      });
      await this.gateway.open();
    }
    const checks = {
      enforcement,
      signer: this.signer,
      headersOf,
      limitHeaders,
      tracer,
      log,
      time: () => clock.now(),
      newId: randomUUID,
      prefix: this.options.extAuthzPrefix,
    };
    const { extAuthzListen, extAuthzGrpcListen } = this.options;
    if (extAuthzListen !== undefined) this.extAuthz.push(await openHttpExtAuthz(extAuthzListen, checks));
    if (extAuthzGrpcListen !== undefined) this.extAuthz.push(await openGrpcExtAuthz(extAuthzGrpcListen, checks));
    this.sweeper = setInterval(() => {
      instruments.live(this.live.size);
      void this.live.sweep();
    }, SWEEP_MILLISECONDS);
  }

  /** host:port of each open door. */
  get addresses(): { gateway: string | undefined; extAuthz: string[] } {
    return { gateway: this.gateway?.address, extAuthz: this.extAuthz.map(({ address }) => address) };
  }

  /** RFC 7517: what upstreams verify assertions with. */
  get keySet(): object {
    return this.signer.keySet;
  }

  get routes(): readonly Route[] {
    return this.table.routes;
  }

  /** Name of the route that serves a request. */
  routeOf(request: GatewayRequest): string | undefined {
    return this.table.find(request)?.name;
  }

  /** Puts these routes in force; requests under way finish, if they still may. */
  apply(routes: readonly Route[]): void {
    this.table = new RouteTable(routes);
    this.upstreams.follow(routes);
    void this.live.expire();
  }

  /** Lets requests under way finish within `milliseconds`; what lasts longer is cut. */
  async close(milliseconds: number): Promise<void> {
    await Promise.all([this.gateway?.close(milliseconds), ...this.extAuthz.map((each) => each.close(milliseconds))]);
    clearInterval(this.sweeper);
    this.upstreams.destroy();
  }

  private async renew(facts: GrantFacts): Promise<Refusal["error"] | undefined> {
    try {
      await this.enforcement.renew(facts, randomUUID());
      return undefined;
    } catch (error) {
      return (error as Refusal).error;
    }
  }

  private keys(): ReservedRoute {
    const headers = { "content-type": "application/jwk-set+json", "cache-control": "public, max-age=300" };
    const body = JSON.stringify(this.keySet);
    return { method: "GET", path: "/.mno/keys", handle: async () => ({ status: 200, headers, body }) };
  }
}
