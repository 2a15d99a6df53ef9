import { Choice } from "./choice";
import { type Block, ConcurrencyEstimate, emptyBlock } from "./concurrency-estimate";
import { type Member, Members } from "./members";
import { PoolPrior } from "./pool-prior";
import type { Attempt, Endpoint, Outcome, PickContext, Policy, Random } from "./policy";
import { ServiceEstimate } from "./service-estimate";
import { SlowStart, type SlowStartOptions } from "./slow-start";

interface Knowledge {
  readonly estimate: ServiceEstimate;
  readonly block: Block;
  /** Its weight over the mean weight. */
  share: number;
}

/**
 * A request's own service against its wait, in service times. 1 minimises the mean where each endpoint's speed and workers
 * are known exactly, together with `max(0, ...)` over the wait; half of it, with the wait counted from the first request,
 * loses nothing to that and forgives an estimate of the workers that is wrong by a factor of two.
 */
const OWN_SERVICE = 0.5;

/** Costs that differ by less are equal: an endpoint that was slow, and is forgotten to have been, is tried again. */
const TOLERANCE = 0.003;

/**
 * The shortest expected delay: of all endpoints the lowest
 * `service time * (0.5 + (inFlight + 1) / workers) / success rate`, where service time, workers and success rate are learnt
 * from what this balancer sees (ServiceEstimate, ConcurrencyEstimate). It needs neither probes nor reports. A weight says
 * what capacity to assume until it is known better. A pick costs time in proportion to the number of endpoints.
 */
export class ExpectedWait implements Policy {
  readonly name = "expected-wait";
  private readonly members = new Members((_, now): Knowledge => ({
    estimate: new ServiceEstimate(now, this.concurrency.workers),
    block: emptyBlock(),
    share: 1,
  }));
  private readonly concurrency = new ConcurrencyEstimate();
  private readonly prior = new PoolPrior();
  private readonly slowStart: SlowStart | undefined;
  private readonly choice = new Choice<Knowledge>(
    this.name,
    "the lowest expected delay in milliseconds, by learnt service time, workers and success rate",
  );
  private answers = 0;

  constructor(
    { slowStart }: { readonly slowStart?: SlowStartOptions },
    private readonly random: Random,
  ) {
    this.slowStart = slowStart && new SlowStart(slowStart);
  }

  update(endpoints: readonly Endpoint[], now: number): void {
    this.members.update(endpoints, now);
    this.slowStart?.update(endpoints, now);
    const mean = endpoints.reduce((sum, { weight }) => sum + weight, 0) / endpoints.length;
    for (const { endpoint, state } of this.members.list) {
      this.advance(state, now);
      state.share = endpoint.weight / mean;
    }
    this.setWorkers();
  }

  pick({ now, exclude }: PickContext): Endpoint["id"] | undefined {
    const cost = (member: Member<Knowledge>): number => this.cost(member, now);
    return this.choice.cheapest(this.members.eligible(exclude), cost, this.random, TOLERANCE)?.endpoint.id;
  }

  started(attempt: Attempt): void {
    const state = this.members.get(attempt.id)?.state;
    if (state === undefined) return;
    this.advance(state, attempt.startedAt);
    state.estimate.started(attempt);
  }

  answered(attempt: Attempt, { now, result }: Outcome): void {
    const state = this.members.get(attempt.id)?.state;
    if (state === undefined) return;
    this.advance(state, now);
    const { estimate, block, share } = state;
    const requests = estimate.outstanding;
    if (!estimate.ended(attempt, result)) return;
    if (result === "success" && this.concurrency.completed(block, requests, share)) this.setWorkers();
    if (this.answers++ % this.members.list.length === 0) {
      this.prior.review(this.members.list.map((member) => member.state.estimate));
    }
  }

  why = () => this.choice.explain();

  private cost({ endpoint, state }: Member<Knowledge>, now: number): number {
    const { estimate } = state;
    let serviceMs = this.serviceMs(estimate, now);
    if (estimate.uncounted(now) > serviceMs) {
      this.advance(state, now);
      serviceMs = this.serviceMs(estimate, now);
    }
    const services = OWN_SERVICE + (endpoint.inFlight + 1) / estimate.workers;
    return (serviceMs * services) / estimate.successRate() / (this.slowStart?.factor(endpoint.id, now) ?? 1);
  }

  /** Before the first completion all count as alike. */
  private serviceMs(estimate: ServiceEstimate, now: number): number {
    const { serviceMs, completions } = this.prior;
    return serviceMs === undefined ? 1 : estimate.serviceMs(now, serviceMs, completions);
  }

  private advance({ estimate, block, share }: Knowledge, now: number): void {
    const requests = estimate.outstanding;
    const serviceMs = this.prior.serviceMs === undefined ? Infinity : this.serviceMs(estimate, now);
    this.concurrency.elapsed(block, estimate.advance(now, serviceMs), requests, share);
  }

  private setWorkers(): void {
    for (const { state } of this.members.list) state.estimate.workers = this.concurrency.workers * state.share;
  }
}
