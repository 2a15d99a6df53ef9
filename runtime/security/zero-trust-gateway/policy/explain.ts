import type { Evaluation } from "./evaluation";
import { EvaluationFault } from "./fault";
import type { Policy } from "./policy";

/** What one policy has to say on a question. */
export interface PolicyExplanation {
  readonly id: string;
  readonly effect: "permit" | "forbid";
  readonly set: string;
  /** Line and column in the set. */
  readonly place: string;
  readonly outcome: "satisfied" | "not-satisfied" | "error";
  /** The first line of the scope or clause that does not hold, or fails; as it is written. */
  readonly because?: string;
  /** What went wrong there. */
  readonly error?: string;
}

/** Asks every policy, also those that the index would not: the answer is for people. */
export function explain(policies: readonly Policy[], e: Evaluation): PolicyExplanation[] {
  return policies.map((policy) => {
    const { id, effect, source } = policy;
    return { id, effect, set: source.set, place: source.place, ...outcomeOf(policy, e) };
  });
}

function outcomeOf(policy: Policy, e: Evaluation): Pick<PolicyExplanation, "outcome" | "because" | "error"> {
  const steps = [
    ...[policy.principal, policy.action, policy.resource],
    ...policy.conditions.map((test, index) => ({ test, text: policy.source.clauses[index] ?? `clause ${index + 1}` })),
  ];
  for (const { test, text } of steps) {
    try {
      if (!test(e)) return { outcome: "not-satisfied", because: text };
    } catch (error) {
      if (!(error instanceof EvaluationFault)) throw error;
      return { outcome: "error", because: text, error: error.message };
    }
  }
  return { outcome: "satisfied" };
}
