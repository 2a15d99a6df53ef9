import type { Allocation } from "./allocation";
import type { Capacity } from "./capacity";
import { type Decision, type Preempted, summarize } from "./decision";
import type { Demand } from "./demand";
import type { PlacementOptions } from "./engine";
import { whyChosen, whyPreempted, whyRefused } from "./explain";
import { gangIdOf } from "./ids";
import { type Placed, Placement } from "./placement";
import { chooseVictims } from "./preemption";
import { type Amount, quantitiesOf } from "./quantities";
import { type Excess, explainExcess, overQuota } from "./quotas";
import { RequestMix } from "./request-mix";
import { STRATEGIES, type Strategy } from "./strategies";

/** Where the replicas of one demand went, or how far they came. */
interface Attempt {
  placed: readonly Placed[];
  refused: boolean;
  /** As seen by the first replica, before it changed what is seen; or by the first one that fitted nowhere. */
  seen: ReturnType<typeof summarize>;
}

const UNSEEN: Attempt["seen"] = { nodes: [], considered: 0, refusals: {}, fitting: 0 };

/** A batch while it is decided: what is granted is taken from its own draft of the capacity, what is preempted is given. */
export class Round {
  private readonly mix: RequestMix;
  private readonly strategies: Readonly<Record<string, Strategy>>;

  constructor(
    private draft: Capacity,
    private readonly options: PlacementOptions,
    /** Ids of what was preempted so far. */
    private preempted: ReadonlySet<string> = new Set(),
  ) {
    this.mix = options.mix ?? new RequestMix();
    this.strategies = { ...STRATEGIES, ...options.strategies };
  }

  get capacity(): Capacity {
    return this.draft;
  }

  /** One decision for each member where all are granted, else the one on the member that is not. */
  decideGang(members: readonly Demand[]): Decision[] {
    if (members.length === 1) return [this.decide(members[0] as Demand)];
    const trial = this.fork();
    const decisions: Decision[] = [];
    const replicas = members.reduce((sum, member) => sum + member.replicas, 0);
    for (const member of members) {
      const decision = trial.decide(member, replicas);
      decisions.push(decision);
      if (decision.outcome === "refused") return [refusedGang(members, decision, decisions.length)];
    }
    this.adopt(trial);
    const gang = gangOf((decisions[0] as Decision).id, members, decisions);
    return decisions.map((decision, index) => ({
      ...decision,
      gang,
      reasons: [...decision.reasons, `member ${index + 1} of ${members.length} of the gang; placed all or none`],
    }));
  }

  /** `replicas` are those of its gang. */
  private decide(demand: Demand, replicas = demand.replicas): Decision {
    const before = this.draft.table.totalFree();
    const quota = this.options.quotas?.(demand.tenant);
    const excess = quota ? overQuota(quota, this.draft.allocatedTo(demand.tenant), demand.amount, demand.replicas) : [];
    if (excess.length > 0) {
      const reasons = excess.map((each) => `over the quota of ${demand.tenant}: ${explainExcess(each)}`);
      return this.decision(demand, before, { placed: [], refused: true, seen: UNSEEN }, reasons, { overQuota: excess });
    }
    const attempt = this.attempt(demand);
    if (!attempt.refused)
      return this.decision(demand, before, attempt, whyChosen(demand, attempt.placed, attempt.seen));
    const reasons = whyRefused(demand, attempt.placed.length, attempt.seen.considered);
    return demand.preempt
      ? this.decideByPreemption(demand, replicas, before, attempt, reasons)
      : this.decision(demand, before, attempt, reasons);
  }

  private decideByPreemption(
    demand: Demand,
    replicas: number,
    before: Amount,
    refusal: Attempt,
    reasons: string[],
  ): Decision {
    const held = [...(this.options.held?.values() ?? [])].filter(({ id }) => !this.preempted.has(id));
    const victims = chooseVictims(this.draft, demand, held, () => this.fits(demand), replicas);
    if (victims.length === 0) {
      const none = "no preemptible allocations of lower priority would make room: nothing is preempted";
      return this.decision(demand, before, refusal, [...reasons, none]);
    }
    for (const victim of victims) this.draft.give(victim);
    this.preempted = new Set([...this.preempted, ...victims.map(({ id }) => id)]);
    const attempt = this.attempt(demand);
    return this.decision(
      demand,
      before,
      attempt,
      [...whyChosen(demand, attempt.placed, attempt.seen), whyPreempted(victims, demand)],
      { preempted: victims.map((victim) => preemptedOf(victim, demand)) },
    );
  }

  /** Takes what it places, where that is all of it. */
  private attempt(demand: Demand): Attempt {
    const strategy = this.strategies[demand.strategy] as Strategy;
    const placed: Placed[] = [];
    let placement = new Placement(this.draft, demand, strategy, this.mix);
    let seen = summarize(placement);
    while (placed.length < demand.replicas && placement.best !== undefined) {
      const each = placement.best;
      placed.push(each);
      this.draft.take(claimOf(demand, [each]));
      if (placed.length === demand.replicas) break;
      placement = new Placement(this.draft, demand, strategy, this.mix);
    }
    const refused = placed.length < demand.replicas;
    if (refused) {
      if (placed.length > 0) seen = summarize(placement);
      // Amounts are whole units: what is given back leaves nothing behind.
      for (const each of placed) this.draft.give(claimOf(demand, [each]));
    }
    return { placed, refused, seen };
  }

  private fits(demand: Demand): boolean {
    const { placed, refused } = this.attempt(demand);
    if (!refused) this.draft.give(claimOf(demand, placed));
    return !refused;
  }

  private decision(
    demand: Demand,
    before: Amount,
    { placed, refused, seen }: Attempt,
    reasons: string[],
    more: { overQuota?: Excess[]; preempted?: Preempted[] } = {},
  ): Decision {
    const { nextId, time } = this.options;
    const { devices, nodes: chosen } = claimOf(demand, refused ? [] : placed);
    const { fitting: _, ...summary } = seen;
    return {
      id: nextId(),
      time,
      request: requestOf(demand),
      strategy: demand.strategy,
      outcome: refused ? "refused" : "allocated",
      ...summary,
      chosen: [...chosen],
      ...(devices && !refused && { devices }),
      capacity: { before: quantitiesOf(before), after: quantitiesOf(this.draft.table.totalFree()) },
      ...more,
      reasons,
    };
  }

  /** To be thrown away, or adopted. */
  private fork(): Round {
    return new Round(this.draft.fork(), this.options, this.preempted);
  }

  private adopt(trial: Round): void {
    this.draft = trial.draft;
    this.preempted = trial.preempted;
  }
}

export function requestOf(demand: Demand): Decision["request"] {
  const { tenant, workload, replicas, amount, gpuModels, zone, leaseSeconds } = demand;
  const { priority, preemptible, preempt, rules, reserve, reservationId } = demand;
  return {
    tenant,
    workload,
    replicas,
    requests: { ...quantitiesOf(amount), ...(gpuModels && { gpuModels: [...gpuModels] }) },
    zone,
    leaseSeconds,
    ...(priority !== undefined && { priority }),
    ...(preemptible && { preemptible }),
    ...(preempt && { preempt }),
    ...(rules && { rules }),
    ...(reserve && { reserve: { from: timeOf(reserve.from), until: timeOf(reserve.until) } }),
    ...(reservationId !== undefined && { reservationId }),
  };
}

const timeOf = (milliseconds: number) => new Date(milliseconds).toISOString();

function claimOf({ tenant, workload, amount }: Demand, placed: readonly Placed[]) {
  const nodes = placed.map(({ node }) => node);
  return { tenant, workload, amount, nodes, ...(amount.gpuMilli && { devices: placed.map(({ devices }) => devices) }) };
}

function preemptedOf(victim: Allocation, demand: Demand): Preempted {
  const { id, tenant, workload, priority = 0, nodes } = victim;
  const reason = `priority ${priority} is below ${demand.priority ?? 0}, and it is preemptible`;
  return { allocationId: id, tenant, workload, priority, nodes: [...nodes], reason };
}

function refusedGang(members: readonly Demand[], decision: Decision, reached: number): Decision {
  const before = reached > 1 ? `; the ${reached - 1} before it would have fitted` : "";
  return {
    ...decision,
    // What the members before it took was not taken, and what they preempted was not preempted.
    capacity: { before: decision.capacity.before, after: decision.capacity.before },
    gang: gangOf(decision.id, members, []),
    reasons: [
      ...decision.reasons,
      `member ${reached} of ${members.length} of the gang${before}; members are placed all or none`,
    ],
  };
}

function gangOf(decisionId: string, members: readonly Demand[], decisions: readonly Decision[]) {
  return {
    id: gangIdOf(decisionId),
    members: members.map(({ tenant, workload, replicas }, index) => ({
      tenant,
      workload,
      replicas,
      nodes: decisions[index]?.chosen ?? [],
    })),
  };
}
