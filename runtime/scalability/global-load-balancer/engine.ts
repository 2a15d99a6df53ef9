import { Budget } from "./budget";
import { probed } from "./health";
import { RecentLatency } from "./latency";
import { Member, type SourcedEndpoint } from "./member";
import { type Ejection, OutlierDetector, type Verdict } from "./outliers";
import { createPolicy } from "./policies";
import type { Attempt, Explanation, Outcome, Random, ServerLoad } from "./policies/policy";
import { type Placement, planPools, type Pool } from "./pools";
import type { UpstreamSpec } from "./spec";

/** One try of one request at one endpoint. */
export interface Try extends Attempt {
  readonly member: Member;
  readonly pool: Pool | undefined;
}

export interface PickRequest {
  readonly now: number;
  /** What consistent policies hash. */
  readonly key?: string;
  /** Endpoint that the client's session is bound to. */
  readonly sticky?: string;
  /** Ids that this request was sent to already. */
  readonly tried?: ReadonlySet<string>;
}

/** Why no endpoint was picked: there is none, or all are at the limit of their requests. */
export type Refusal = "none" | "full";

export type EndpointChange =
  | { readonly type: "ejected"; readonly ejection: Ejection }
  | { readonly type: "restored"; readonly ejection: Ejection }
  | { readonly type: "health"; readonly id: string; readonly healthy: boolean; readonly fault?: string };

export interface UpstreamDependencies {
  readonly placement: Placement;
  readonly random: Random;
  /** Told of what the engine finds out about endpoints. */
  readonly onChange?: (change: EndpointChange) => void;
}

/**
 * The decisions of one upstream: which endpoints may be used, in which shares, and which one is next. Nothing here waits or
 * speaks to anyone; all times are milliseconds of one monotonic clock, passed in.
 */
export class Upstream {
  readonly members = new Map<string, Member>();
  /** Taken away with requests under way. */
  readonly leaving = new Set<Member>();
  readonly latency = new RecentLatency();
  readonly retryBudget = new Budget();
  readonly hedgeBudget = new Budget();
  inFlight = 0;
  /** Retries and hedges under way. */
  extras = 0;
  pools: readonly Pool[] = [];
  private readonly outliers: OutlierDetector;
  private lastPool: Pool | undefined;
  private discovered: readonly SourcedEndpoint[] = [];
  private explained: Explanation | undefined;

  constructor(
    public spec: UpstreamSpec,
    private readonly dependencies: UpstreamDependencies,
    now: number,
  ) {
    this.outliers = new OutlierDetector(spec.outlier);
    this.reconcile(now);
  }

  /** Puts another configuration in force; endpoints with the same id and address keep what is known of them. */
  configure(spec: UpstreamSpec, now: number): void {
    const before = this.spec;
    this.spec = spec;
    this.outliers.configure(spec.outlier);
    if (differ(before.policy, spec.policy)) this.pools = [];
    // Other connections: the endpoints begin anew, and requests under way finish on the old ones.
    if (differ(connections(before), connections(spec))) {
      for (const member of [...this.members.values()]) this.leave(member, now);
    }
    this.reconcile(now);
  }

  /** The replicas of the upstream's workloads, all of them. */
  discover(endpoints: readonly SourcedEndpoint[], now: number): void {
    this.discovered = endpoints;
    this.reconcile(now);
  }

  /** The endpoint for a request, or why there is none at the moment. */
  pick(request: PickRequest): Member | Refusal {
    const { sticky, tried } = request;
    if (sticky !== undefined && !tried?.has(sticky)) {
      const member = this.members.get(sticky);
      const pool = member && this.poolOf(member);
      if (member && pool && !pool.full.has(sticky)) {
        this.explained = {
          policy: pool.policy.name,
          picked: sticky,
          reason: "the session's cookie names it",
          candidates: [],
        };
        return member;
      }
    }
    const pool = this.choosePool(tried);
    if (pool === "none" || pool === "full") return pool;
    const exclude = excluded(pool, tried);
    const id = pool.policy.pick({
      now: request.now,
      ...(request.key === undefined ? {} : { key: request.key }),
      ...(exclude === undefined ? {} : { exclude }),
    });
    const member = id === undefined ? undefined : pool.byId.get(id);
    if (!member) return "none";
    this.explained = undefined;
    this.lastPool = pool;
    return member;
  }

  /** Why the last pick was what it was. */
  why(): (Explanation & { readonly pool?: string; readonly panic?: boolean }) | undefined {
    if (this.explained) return this.explained;
    const explanation = this.lastPool?.policy.why();
    return explanation && this.lastPool && { ...explanation, pool: this.lastPool.key, panic: this.lastPool.panic };
  }

  /** A try begins; give it to `answered` once and to `finished` once. */
  begin(member: Member, now: number): Try {
    const pool = this.poolOf(member);
    const attempt: Try = { id: member.id, startedAt: now, member, pool };
    member.inFlight += 1;
    this.inFlight += 1;
    if (pool && member.inFlight >= this.limitPerEndpoint()) pool.full.add(member.id);
    pool?.policy.started?.(attempt);
    return attempt;
  }

  /** The head of the response has come, or the try ended without one. `verdict` undefined: nobody waits for it any more. */
  answered(attempt: Try, verdict: Verdict | undefined, now: number, serverLoad?: ServerLoad): void {
    const result: Outcome["result"] =
      verdict === undefined ? "abandoned" : verdict === "success" ? "success" : "failure";
    attempt.pool?.policy.answered?.(attempt, { now, result, ...(serverLoad === undefined ? {} : { serverLoad }) });
    if (verdict === undefined) return;
    if (verdict === "success") this.latency.record(now - attempt.startedAt, now);
    const ejection = this.outliers.record(attempt.id, verdict, now);
    if (!ejection) return;
    this.dependencies.onChange?.({ type: "ejected", ejection });
    this.reconcile(now);
  }

  /** The try is over, its response's body included. */
  finished({ member }: Try): void {
    member.inFlight -= 1;
    this.inFlight -= 1;
    if (member.inFlight < this.limitPerEndpoint()) this.poolOf(member)?.full.delete(member.id);
  }

  /** The result of an active probe; `fault` undefined where it succeeded. */
  probed(id: string, fault: string | undefined, now: number): void {
    const member = this.members.get(id);
    if (!member || !this.spec.health) return;
    const before = member.health.healthy;
    member.health = probed(member.health, fault, this.spec.health);
    const { healthy } = member.health;
    if (healthy === before || healthy === undefined) return;
    if (before !== undefined || !healthy) {
      this.dependencies.onChange?.({ type: "health", id, healthy, ...(fault === undefined ? {} : { fault }) });
    }
    if (healthy !== (before ?? true)) this.reconcile(now);
  }

  /** Ends ejections that are over; to be called about once a second. */
  restore(now: number): void {
    const over = this.outliers.restore(now);
    for (const ejection of over) this.dependencies.onChange?.({ type: "restored", ejection });
    if (over.length > 0) this.reconcile(now);
  }

  /** Compares success rates; to be called every `outlier.intervalSeconds`. */
  compare(now: number): void {
    const ejections = this.outliers.compare(now);
    for (const ejection of ejections) this.dependencies.onChange?.({ type: "ejected", ejection });
    if (ejections.length > 0) this.reconcile(now);
  }

  /** Why the endpoint gets no requests; undefined where it may. */
  unfit(
    member: Member,
  ): { readonly by: "configuration" | "cluster" | "probe" | "outlier"; readonly reason: string } | undefined {
    if (member.spec.draining) return { by: "configuration", reason: "it drains" };
    if (member.spec.unready !== undefined) return { by: "cluster", reason: member.spec.unready };
    if (this.spec.health && member.health.healthy === false) {
      return { by: "probe", reason: member.health.fault ?? "its probes fail" };
    }
    const ejection = this.outliers.ejection(member.id);
    return ejection && { by: "outlier", reason: ejection.reason };
  }

  ejection(id: string): Ejection | undefined {
    return this.outliers.ejection(id);
  }

  private limitPerEndpoint(): number {
    const { requestsPerEndpoint, connectionsPerEndpoint } = this.spec.limits;
    // With HTTP/1 a request has its connection for itself.
    const connections = this.spec.protocol === "http1" ? connectionsPerEndpoint : 0;
    return Math.min(requestsPerEndpoint || Infinity, connections || Infinity);
  }

  private poolOf(member: Member): Pool | undefined {
    return this.pools.find((pool) => pool.byId.get(member.id) === member);
  }

  /** By the shares; one without an endpoint that is free, or was not tried, only where there is no other. */
  private choosePool(tried: ReadonlySet<string> | undefined): Pool | Refusal {
    const { pools } = this;
    const only = pools.length === 1 ? pools[0] : undefined;
    if (only) return only.full.size < only.byId.size ? only : "full";
    const free = pools.filter((pool) => pool.full.size < pool.byId.size);
    if (free.length === 0) return pools.length === 0 ? "none" : "full";
    const untried = tried ? free.filter((pool) => pool.members.some(({ id }) => !tried.has(id))) : free;
    const candidates = untried.length > 0 ? untried : free;
    let at = this.dependencies.random() * candidates.reduce((sum, { share }) => sum + share, 0);
    for (const pool of candidates) {
      at -= pool.share;
      if (at < 0) return pool;
    }
    return candidates.at(-1) ?? "none";
  }

  private reconcile(now: number): void {
    const wanted = new Map([...this.discovered, ...this.spec.endpoints].map((endpoint) => [endpoint.id, endpoint]));
    for (const member of [...this.members.values()]) {
      const next = wanted.get(member.id);
      if (next?.address === member.spec.address) member.spec = next;
      else this.leave(member, now);
    }
    for (const spec of wanted.values()) {
      if (!this.members.has(spec.id)) this.members.set(spec.id, new Member(spec));
    }
    this.outliers.retain(wanted.keys());
    const present = [...this.members.values()].filter((member) => !member.spec.draining);
    const plans = planPools(this.spec, present, (member) => !this.unfit(member), this.dependencies.placement);
    const limit = this.limitPerEndpoint();
    const known = new Map(this.pools.map((pool) => [pool.key, pool.policy]));
    this.pools = plans.map((plan) => {
      const { random } = this.dependencies;
      const policy = known.get(plan.key) ?? createPolicy(this.spec.policy.name, this.spec.policy.options, { random });
      policy.update(plan.members, now);
      return {
        ...plan,
        policy,
        byId: new Map(plan.members.map((member) => [member.id, member])),
        full: new Set(plan.members.filter(({ inFlight }) => inFlight >= limit).map(({ id }) => id)),
      };
    });
  }

  private leave(member: Member, now: number): void {
    this.members.delete(member.id);
    member.leavingUntil = now + this.spec.timeouts.drainSeconds * 1000;
    this.leaving.add(member);
  }
}

function connections({ protocol, tls, timeouts }: UpstreamSpec): unknown {
  return [protocol, tls, timeouts.connectSeconds, timeouts.idleSeconds];
}

function differ(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) !== JSON.stringify(b);
}

function excluded(pool: Pool, tried: ReadonlySet<string> | undefined): ReadonlySet<string> | undefined {
  if (pool.full.size === 0) return tried;
  if (!tried) return pool.full;
  const both = new Set([...pool.full, ...tried]);
  // Rather one that was tried than one that is full.
  return pool.members.every(({ id }) => both.has(id)) ? pool.full : both;
}
