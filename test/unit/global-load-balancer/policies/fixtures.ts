import { createPolicy } from "../../../../runtime/scalability/global-load-balancer/policies";
import type { PolicyOptions } from "../../../../runtime/scalability/global-load-balancer/policies/options";
import type {
  Attempt,
  Outcome,
  Policy,
  PolicyName,
} from "../../../../runtime/scalability/global-load-balancer/policies/policy";

export interface TestEndpoint {
  id: string;
  weight: number;
  inFlight: number;
}

export const endpoint = (id: string, weight = 1, inFlight = 0): TestEndpoint => ({ id, weight, inFlight });

/** The same numbers each time: a linear congruential generator, good enough to choose by. */
export function numbers(seed = 1): () => number {
  let state = seed;
  return () => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31;
}

/** A policy over endpoints, with the data plane's part played by hand. */
export class Bench {
  now = 0;
  readonly policy: Policy;
  private readonly random = numbers(7);

  constructor(
    name: PolicyName,
    readonly endpoints: TestEndpoint[],
    options: PolicyOptions = {},
  ) {
    this.policy = createPolicy(name, options, { random: this.random });
    this.policy.update(endpoints, 0);
  }

  get(id: string): TestEndpoint {
    return this.endpoints.find((each) => each.id === id)!;
  }

  pick(exclude: string[] = [], key?: string): string | undefined {
    return this.policy.pick({ now: this.now, exclude: new Set(exclude), ...(key === undefined ? {} : { key }) });
  }

  start(id: string): Attempt {
    const attempt = { id, startedAt: this.now };
    this.get(id).inFlight++;
    this.policy.started?.(attempt);
    return attempt;
  }

  end(attempt: Attempt, result: Outcome["result"] = "success"): void {
    this.get(attempt.id).inFlight--;
    this.policy.answered?.(attempt, { now: this.now, result });
  }

  /** One request at a time, each for the milliseconds that its endpoint takes. */
  serve(
    count: number,
    milliseconds: (id: string) => number,
    result: (id: string) => Outcome["result"] = () => "success",
  ): void {
    for (let request = 0; request < count; request++) {
      const attempt = this.start(this.pick()!);
      this.now += milliseconds(attempt.id);
      this.end(attempt, result(attempt.id));
    }
  }

  /** How often each endpoint is picked, nothing being sent. */
  shares(picks: number): Map<string, number> {
    const shares = new Map(this.endpoints.map(({ id }) => [id, 0]));
    for (let pick = 0; pick < picks; pick++) {
      const id = this.pick()!;
      shares.set(id, shares.get(id)! + 1 / picks);
    }
    return shares;
  }
}
