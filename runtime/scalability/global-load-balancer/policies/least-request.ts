import { Choice } from "./choice";
import { type Member, Members } from "./members";
import type { Endpoint, PickContext, Policy, PolicyName, Random } from "./policy";

export interface LeastRequestOptions {
  /** How much requests in flight count against weight: 0 not at all (then it is as random by weight), 1 in proportion. */
  readonly activeRequestBias?: number;
}

/**
 * Fewest requests in flight for its weight: the lowest `(inFlight + 1) ^ bias / weight`, the inverse of Envoy's weight for
 * least request. Of all endpoints, or of two drawn by weight (the power of two choices, Mitzenmacher 2001), which stays
 * good where several balancers act on what they see alone.
 */
export class LeastRequest implements Policy {
  private readonly members = new Members(() => undefined);
  private readonly choice: Choice<undefined>;
  private readonly bias: number;

  constructor(
    readonly name: PolicyName & `least-request${string}`,
    { activeRequestBias = 1 }: LeastRequestOptions,
    private readonly random: Random,
  ) {
    this.bias = activeRequestBias;
    const among = name === "least-request" ? "of all" : "of two drawn by weight";
    this.choice = new Choice(name, `the fewest requests in flight for its weight, ${among}`);
  }

  update(endpoints: readonly Endpoint[], now: number): void {
    this.members.update(endpoints, now);
  }

  pick({ exclude }: PickContext): Endpoint["id"] | undefined {
    const among =
      this.name === "least-request" ? this.members.eligible(exclude) : this.members.drawTwo(exclude, this.random);
    return this.choice.cheapest(among, this.cost, this.random)?.endpoint.id;
  }

  private readonly cost = ({ endpoint }: Member<undefined>): number =>
    (this.bias === 1 ? endpoint.inFlight + 1 : (endpoint.inFlight + 1) ** this.bias) / endpoint.weight;

  why = () => this.choice.explain();
}
