import { Choice } from "./choice";
import { Members } from "./members";
import type { Endpoint, PickContext, Policy } from "./policy";

/** Each in turn, in proportion to its weight and as evenly spread as can be (nginx's smooth weighted round robin). */
export class RoundRobin implements Policy {
  readonly name = "round-robin";
  private readonly members = new Members(() => ({ current: 0 }));
  private readonly choice = new Choice<{ current: number }>(this.name, "it was its turn by weight");

  update(endpoints: readonly Endpoint[], now: number): void {
    this.members.update(endpoints, now);
  }

  pick({ exclude }: PickContext): Endpoint["id"] | undefined {
    const eligible = this.members.eligible(exclude);
    let next = eligible[0];
    let total = 0;
    for (const member of eligible) {
      member.state.current += member.endpoint.weight;
      total += member.endpoint.weight;
      if (member.state.current > next!.state.current) next = member;
    }
    if (next !== undefined) next.state.current -= total;
    return this.choice.take(next)?.endpoint.id;
  }

  why = () => this.choice.explain();
}
