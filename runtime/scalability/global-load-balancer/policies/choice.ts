import type { Member } from "./members";
import type { Explanation, PolicyName, Random } from "./policy";

/** The comparison of a policy's last pick, kept cheaply and told on demand. */
export class Choice<State> {
  private members: readonly Member<State>[] = [];
  private costs: number[] = [];
  private picked: Member<State> | undefined;

  constructor(
    private readonly policy: PolicyName,
    private readonly rule: string,
  ) {}

  /** The member with the lowest cost; among those within `tolerance` of it (a part of it) each with the same chance. */
  cheapest(
    members: readonly Member<State>[],
    cost: (member: Member<State>) => number,
    random: Random,
    tolerance = 0,
  ): Member<State> | undefined {
    const costs = new Array<number>(members.length);
    let lowest = Infinity;
    for (let index = 0; index < members.length; index++) {
      costs[index] = cost(members[index]!);
      if (costs[index]! < lowest) lowest = costs[index]!;
    }
    const acceptable = lowest * (1 + tolerance);
    let best: Member<State> | undefined;
    let equals = 0;
    for (let index = 0; index < members.length; index++) {
      // The nth of equals takes the place with a chance of 1 / n: all have the same in the end.
      if (costs[index]! <= acceptable && (++equals === 1 || random() * equals < 1)) best = members[index];
    }
    this.members = members;
    this.costs = costs;
    this.picked = best;
    return best;
  }

  /** A member that was not compared with others. */
  take(member: Member<State> | undefined): Member<State> | undefined {
    this.members = [];
    this.picked = member;
    return member;
  }

  explain(): Explanation | undefined {
    if (this.picked === undefined) return undefined;
    return {
      policy: this.policy,
      picked: this.picked.endpoint.id,
      reason: this.rule,
      candidates: this.members.map(({ endpoint }, index) => ({ id: endpoint.id, cost: this.costs[index]! })),
    };
  }
}
