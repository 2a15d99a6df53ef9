import { Choice } from "./choice";
import { type HashPair, hashPair, joinedHash, keyOr } from "./hash";
import { type Member, Members } from "./members";
import type { Endpoint, PickContext, Policy, PolicyName, Random } from "./policy";

export interface BoundedLoadOptions {
  /** No endpoint takes more than this part above its share of the requests in flight; 0.25 as HAProxy's documents advise. */
  readonly headroom?: number;
}

/**
 * Weighted rendezvous hashing (highest random weight, Thaler and Ravishankar 1998): a key goes to the endpoint with the
 * lowest `-ln(hash(key, endpoint)) / weight`, so that only the keys of an endpoint that went are moved, and evenly over
 * the others. `bounded-load` passes over endpoints that are full (Mirrokni, Thorup and Zadimoghaddam 2018): each takes at
 * most `ceil((1 + headroom) * (inFlight of all + 1) * its share of the weight)`. A pick costs time in proportion to the
 * number of endpoints: use Maglev above some hundred.
 */
export class Rendezvous implements Policy {
  private readonly members = new Members((endpoint): HashPair => hashPair(endpoint.id));
  private readonly choice: Choice<HashPair>;

  constructor(
    readonly name: PolicyName & ("rendezvous" | "bounded-load"),
    private readonly headroom: number,
    private readonly random: Random,
  ) {
    const bounded = name === "bounded-load" ? ", among those that are not full" : "";
    this.choice = new Choice(name, `the key's hash is the highest with it${bounded}`);
  }

  update(endpoints: readonly Endpoint[], now: number): void {
    this.members.update(endpoints, now);
  }

  pick({ key, exclude }: PickContext): Endpoint["id"] | undefined {
    const hash = hashPair(keyOr(key, this.random));
    const cost = ({ endpoint, state }: Member<HashPair>): number =>
      -Math.log(joinedHash(hash, state)) / endpoint.weight;
    const eligible = this.members.eligible(exclude);
    return this.choice.cheapest(this.notFull(eligible), cost, this.random)?.endpoint.id;
  }

  /** Never empty unless `members` is: the bounds add up to more than the requests. */
  private notFull(members: readonly Member<HashPair>[]): readonly Member<HashPair>[] {
    if (this.headroom === Infinity) return members;
    let requests = 1;
    let weights = 0;
    for (const { endpoint } of members) {
      requests += endpoint.inFlight;
      weights += endpoint.weight;
    }
    const perWeight = ((1 + this.headroom) * requests) / weights;
    return members.filter(({ endpoint }) => endpoint.inFlight < Math.ceil(perWeight * endpoint.weight));
  }

  why = () => this.choice.explain();
}
