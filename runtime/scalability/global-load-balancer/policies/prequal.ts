import { Choice } from "./choice";
import { type Member, Members } from "./members";
import { ProbePool, type ProbePoolOptions } from "./probe-pool";
import type { Attempt, Endpoint, Outcome, PickContext, Policy, Random, ServerLoad } from "./policy";

export interface PrequalOptions extends ProbePoolOptions {
  /** Probes sent for each request. */
  readonly probesPerRequest?: number;
  /** Reports above this quantile of requests in flight are hot. 0.6: the paper's 0.84 herds onto few servers at high load. */
  readonly hotQuantile?: number;
}

/** Below this many reports the choice is random, as the paper has it. */
const FEWEST_REPORTS = 2;
/** Requests in flight as last reported: what the quantile is taken of. */
const REPORTS_KEPT = 128;

/**
 * Prequal (Wydrowski et al., NSDI 2024): servers are probed at random and their answers are pooled. Hot-cold lexicographic
 * choice: of the cold reports the lowest latency, or the fewest requests in flight where all are hot. A report that comes
 * with a response is taken like a probe's answer. Its weights are ignored, as in the paper; the guard against servers that
 * fail fast is the data plane's outlier ejection.
 */
export class Prequal implements Policy {
  readonly name = "prequal";
  private readonly members = new Members(() => undefined);
  private readonly choice = new Choice<undefined>(this.name, "hot-cold lexicographic choice among the probes' reports");
  private readonly pool: ProbePool;
  private readonly probesPerRequest: number;
  private readonly hotQuantile: number;
  private readonly reported: number[] = [];
  private reports = 0;

  constructor(
    { probesPerRequest = 3, hotQuantile = 0.6, ...pool }: PrequalOptions,
    private readonly random: Random,
  ) {
    this.probesPerRequest = probesPerRequest;
    this.hotQuantile = hotQuantile;
    this.pool = new ProbePool(pool);
  }

  update(endpoints: readonly Endpoint[], now: number): void {
    this.members.update(endpoints, now);
    this.pool.keep((id) => this.members.get(id) !== undefined);
    this.pool.setUses(this.members.list.length, this.probesPerRequest);
  }

  pick({ now, exclude }: PickContext): Endpoint["id"] | undefined {
    const eligible = this.members.eligible(exclude);
    const hotAbove = this.threshold();
    this.pool.removeOne(now, hotAbove);
    const reports = this.pool.list.filter(({ id }) => eligible.some(({ endpoint }) => endpoint.id === id));
    if (reports.length < FEWEST_REPORTS) {
      return this.choice.take(this.members.draw(eligible, this.random))?.endpoint.id;
    }
    const cost = this.pool.cost(hotAbove);
    const costs = new Map<Member<undefined>, number>();
    const best = new Map<Member<undefined>, (typeof reports)[number]>();
    for (const report of reports) {
      const member = this.members.get(report.id)!;
      if (cost(report) >= (costs.get(member) ?? Infinity)) continue;
      costs.set(member, cost(report));
      best.set(member, report);
    }
    const picked = this.choice.cheapest([...costs.keys()], (member) => costs.get(member)!, this.random)!;
    this.pool.use(best.get(picked)!);
    return picked.endpoint.id;
  }

  answered({ id }: Attempt, { serverLoad, now }: Outcome): void {
    if (serverLoad !== undefined) this.probed(id, serverLoad, now);
  }

  /** Different ones, at random. */
  probeTargets(): readonly Endpoint["id"][] {
    const { list } = this.members;
    const targets = new Set<Endpoint["id"]>();
    const wanted = Math.min(this.probesPerRequest, list.length);
    while (targets.size < wanted) targets.add(list[Math.floor(this.random() * list.length)]!.endpoint.id);
    return [...targets];
  }

  probed(id: Endpoint["id"], load: ServerLoad, now: number): void {
    if (this.members.get(id) === undefined) return;
    this.pool.add({ id, inFlight: load.inFlight, latencyMs: load.latencyMs ?? 0, at: now });
    this.reported[this.reports++ % REPORTS_KEPT] = load.inFlight;
  }

  why = () => this.choice.explain();

  private threshold(): number {
    const sorted = this.reported.toSorted((a, b) => a - b);
    return sorted[Math.floor(this.hotQuantile * (sorted.length - 1))] ?? Infinity;
  }
}
