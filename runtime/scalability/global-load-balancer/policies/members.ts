import { MnoError } from "../../../exports/errors";
import type { Endpoint, Random } from "./policy";

/** An endpoint with what a policy remembers of it. */
export interface Member<State> {
  readonly endpoint: Endpoint;
  readonly state: State;
}

/** The endpoints of a policy; the state of those that stay outlives a change of membership. */
export class Members<State = undefined> {
  list: readonly Member<State>[] = [];
  private byId = new Map<Endpoint["id"], Member<State>>();
  private equalWeights = true;

  constructor(private readonly create: (endpoint: Endpoint, now: number) => State) {}

  /** Throws MNO_BALANCER_POLICY_INVALID for two endpoints with one id, or a weight that is not above 0. */
  update(endpoints: readonly Endpoint[], now: number): void {
    const byId = new Map<Endpoint["id"], Member<State>>();
    for (const endpoint of endpoints) {
      const { id, weight } = endpoint;
      if (byId.has(id)) throw invalid(`two endpoints have the id "${id}"; each needs its own`);
      if (!(weight > 0 && Number.isFinite(weight))) {
        throw invalid(`endpoint "${id}" has the weight ${weight}; it must be a number above 0`);
      }
      const known = this.byId.get(id);
      byId.set(id, { endpoint, state: known === undefined ? this.create(endpoint, now) : known.state });
    }
    this.byId = byId;
    this.list = [...byId.values()];
    this.equalWeights = endpoints.every(({ weight }) => weight === endpoints[0]!.weight);
  }

  get(id: Endpoint["id"]): Member<State> | undefined {
    return this.byId.get(id);
  }

  /** All but the excluded ones; all where that leaves none. */
  eligible(exclude: ReadonlySet<string> | undefined): readonly Member<State>[] {
    if (exclude === undefined || exclude.size === 0) return this.list;
    const left = this.list.filter(({ endpoint }) => !exclude.has(endpoint.id));
    return left.length === 0 ? this.list : left;
  }

  /** One of `members`, with a probability in proportion to its weight. */
  draw(members: readonly Member<State>[], random: Random): Member<State> | undefined {
    if (this.equalWeights) return members[Math.floor(random() * members.length)];
    const total = members.reduce((sum, { endpoint }) => sum + endpoint.weight, 0);
    let left = random() * total;
    return members.find(({ endpoint }) => (left -= endpoint.weight) < 0) ?? members.at(-1);
  }

  /** Two different ones by weight, or the only one. */
  drawTwo(exclude: ReadonlySet<string> | undefined, random: Random): Member<State>[] {
    const eligible = this.eligible(exclude);
    const first = this.draw(eligible, random);
    if (first === undefined) return [];
    if (eligible.length === 1) return [first];
    for (let tries = 0; tries < DRAWS; tries++) {
      const second = this.draw(eligible, random)!;
      if (second !== first) return [first, second];
    }
    return [
      first,
      this.draw(
        eligible.filter((member) => member !== first),
        random,
      )!,
    ];
  }
}

/** Draws of a second before the first is taken out of the list, which costs a copy. */
const DRAWS = 4;

export const invalid = (detail: string): MnoError => new MnoError("MNO_BALANCER_POLICY_INVALID", detail);
