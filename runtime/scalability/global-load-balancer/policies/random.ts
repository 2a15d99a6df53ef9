import { Choice } from "./choice";
import { Members } from "./members";
import type { Endpoint, PickContext, Policy, Random as RandomSource } from "./policy";

/** Any, with a probability in proportion to its weight. */
export class Random implements Policy {
  readonly name = "random";
  private readonly members = new Members(() => undefined);
  private readonly choice = new Choice<undefined>(this.name, "drawn at random by weight");

  constructor(private readonly random: RandomSource) {}

  update(endpoints: readonly Endpoint[], now: number): void {
    this.members.update(endpoints, now);
  }

  pick({ exclude }: PickContext): Endpoint["id"] | undefined {
    return this.choice.take(this.members.draw(this.members.eligible(exclude), this.random))?.endpoint.id;
  }

  why = () => this.choice.explain();
}
