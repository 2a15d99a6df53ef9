import { Http1Transport } from "../../kernel/proxy/transport/http1";
import { Http2Transport } from "../../kernel/proxy/transport/http2";
import type { Transport } from "../../kernel/proxy/transport/transport";
import type { Decisions } from "./decisions";
import { type EndpointChange, type Try, Upstream } from "./engine";
import type { Member, SourcedEndpoint } from "./member";
import type { Observer } from "./observer";
import type { Random } from "./policies/policy";
import type { Placement } from "./pools";
import { askLoad } from "./server-load";
import type { Match, UpstreamSpec } from "./spec";
import { WaitingQueue } from "./waiting";

export interface BackendDependencies {
  readonly placement: Placement;
  readonly random: Random;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  readonly observer: Observer;
  readonly decisions: Decisions;
  /** Asks for the first replica of a workload that has none; resolves when the request was made. */
  readonly wake?: (workload: string) => void;
}

/** Endpoints asked for their load at once. */
const MOST_ASKED = 256;

/** One upstream at work: its decisions, the connections to its endpoints, and the requests that wait for one. */
export class Backend {
  readonly upstream: Upstream;
  readonly waiting = new WaitingQueue();
  private readonly transports = new Map<Member, Transport>();
  private comparedAt: number;
  private asked = 0;

  constructor(
    spec: UpstreamSpec,
    readonly dependencies: BackendDependencies,
  ) {
    const { placement, random, now } = dependencies;
    this.comparedAt = now();
    const onChange = (change: EndpointChange): void => dependencies.observer.change(this.name, change);
    this.upstream = new Upstream(spec, { placement, random, onChange }, now());
  }

  get name(): string {
    return this.upstream.spec.name;
  }

  get match(): readonly Match[] {
    return this.upstream.spec.match;
  }

  get spec(): UpstreamSpec {
    return this.upstream.spec;
  }

  configure(spec: UpstreamSpec): void {
    this.upstream.configure(spec, this.dependencies.now());
    this.settle();
  }

  discover(endpoints: readonly SourcedEndpoint[]): void {
    this.upstream.discover(endpoints, this.dependencies.now());
    this.settle();
  }

  transport(member: Member): Transport {
    const known = this.transports.get(member);
    if (known) return known;
    const { protocol, tls, timeouts } = this.spec;
    const options = {
      address: member.spec.address,
      tls,
      connectMilliseconds: timeouts.connectSeconds * 1000,
      idleMilliseconds: timeouts.idleSeconds * 1000,
    };
    const transport = protocol === "http2" ? new Http2Transport(options) : new Http1Transport(options);
    this.transports.set(member, transport);
    return transport;
  }

  /** A try is over: its place is free for a request that waits. */
  release(attempt: Try): void {
    this.upstream.finished(attempt);
    const { member } = attempt;
    if (member.leavingUntil !== undefined && member.inFlight === 0) this.forget(member);
    if (this.waiting.size > 0) this.waiting.serve();
  }

  /**
   * Once a second: ejections end, success rates are compared, who should have left by now is made to, and where requests wait for a first
   * replica it is asked for again.
   */
  tick(): void {
    const now = this.dependencies.now();
    this.upstream.restore(now);
    if (now - this.comparedAt >= this.spec.outlier.intervalSeconds * 1000) {
      this.comparedAt = now;
      this.upstream.compare(now);
    }
    for (const member of [...this.upstream.leaving]) {
      if (member.inFlight === 0 || now >= (member.leavingUntil ?? 0)) this.forget(member);
    }
    this.settle();
    // Whoever was asked may have failed.
    if (this.waiting.size > 0) this.wake();
  }

  /** Asks for the first replica, where there is none. */
  wake(): void {
    const { wake, workloads } = this.spec;
    const workload = wake?.workload ?? workloads[0]?.name;
    if (!wake || workload === undefined || this.upstream.pools.length > 0) return;
    this.dependencies.wake?.(workload);
  }

  /** Asks endpoints for their load, where the policy wants to know; nobody waits for it. */
  askForLoad({ pool }: Try): void {
    const now = this.dependencies.now();
    const targets = pool?.policy.probeTargets?.(now) ?? [];
    for (const id of targets) {
      const member = pool?.byId.get(id);
      if (!member || this.asked >= MOST_ASKED) continue;
      this.asked += 1;
      askLoad(this.transport(member), member.spec.address, this.spec.policy.probePath, (load) => {
        this.asked -= 1;
        if (load) pool?.policy.probed?.(id, load, this.dependencies.now());
      });
    }
  }

  probed(id: string, fault: string | undefined): void {
    this.upstream.probed(id, fault, this.dependencies.now());
    this.settle();
  }

  /** Ends everything at once. */
  destroy(): void {
    this.waiting.expireAll();
    for (const transport of this.transports.values()) transport.destroy();
    this.transports.clear();
  }

  /** What changed may have made room. */
  private settle(): void {
    for (const member of [...this.upstream.leaving]) if (member.inFlight === 0) this.forget(member);
    if (this.waiting.size > 0) this.waiting.serve();
  }

  private forget(member: Member): void {
    this.upstream.leaving.delete(member);
    this.transports.get(member)?.destroy();
    this.transports.delete(member);
  }
}
