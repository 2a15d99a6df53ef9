import type { Attempt, Endpoint, Outcome, PickContext, Policy, ServerLoad } from "./policy";
import type { SlowStart } from "./slow-start";

/** How often ramped weights are told anew, milliseconds. */
const STEP_MS = 100;

/** Slow start for policies that go by weights: new endpoints are told with a weight that grows to their own. */
export class WeightRamp implements Policy {
  private endpoints: readonly Endpoint[] = [];
  private toldAt = -Infinity;
  private ramping = false;

  constructor(
    private readonly inner: Policy,
    private readonly slowStart: SlowStart,
  ) {}

  get name(): Policy["name"] {
    return this.inner.name;
  }

  update(endpoints: readonly Endpoint[], now: number): void {
    this.endpoints = endpoints;
    this.slowStart.update(endpoints, now);
    this.tell(now);
  }

  pick(context: PickContext): Endpoint["id"] | undefined {
    if (this.ramping && context.now - this.toldAt >= STEP_MS) this.tell(context.now);
    return this.inner.pick(context);
  }

  started(attempt: Attempt): void {
    this.inner.started?.(attempt);
  }

  answered(attempt: Attempt, outcome: Outcome): void {
    this.inner.answered?.(attempt, outcome);
  }

  probeTargets(now: number): readonly Endpoint["id"][] {
    return this.inner.probeTargets?.(now) ?? [];
  }

  probed(id: Endpoint["id"], load: ServerLoad, now: number): void {
    this.inner.probed?.(id, load, now);
  }

  why = () => this.inner.why();

  private tell(now: number): void {
    this.toldAt = now;
    this.ramping = this.slowStart.isUnderWay(now);
    this.inner.update(
      this.ramping ? this.endpoints.map((endpoint) => this.ramped(endpoint, now)) : this.endpoints,
      now,
    );
  }

  private ramped(endpoint: Endpoint, now: number): Endpoint {
    return {
      id: endpoint.id,
      weight: endpoint.weight * this.slowStart.factor(endpoint.id, now),
      get inFlight() {
        return endpoint.inFlight;
      },
    };
  }
}
