import type { PolicyJson } from "./cedar";
import type { Evaluation } from "./evaluation";
import { compileTestOf } from "./expression";
import { EvaluationFault } from "./fault";
import { compileScope, type ScopeLine } from "./scope";
import type { Test } from "./predicates";
import type { Uid } from "./values";

/** Where a policy was written. */
export interface PolicySource {
  /** Name of the file or stored text. */
  readonly set: string;
  /** Line and column, both from 1. */
  readonly place: string;
  readonly text: string;
  /** Its when and unless clauses as they stand there. */
  readonly clauses: readonly string[];
  /** Of a policy that is linked from a template: which one. */
  readonly template?: string;
}

export interface Policy {
  readonly id: string;
  /** Position in the set. */
  readonly order: number;
  readonly effect: "permit" | "forbid";
  readonly principal: ScopeLine;
  readonly action: ScopeLine;
  readonly resource: ScopeLine;
  /** One per clause; an `unless` is negated already. */
  readonly conditions: readonly Test[];
  readonly annotations: Readonly<Record<string, string>>;
  readonly source: PolicySource;
}

const NO_SLOTS: ReadonlyMap<string, Uid> = new Map();

/** Errors: MNO_POLICY_INVALID for what cannot be compiled. */
export function compilePolicy(
  id: string,
  order: number,
  json: PolicyJson,
  source: PolicySource,
  slots: ReadonlyMap<string, Uid> = NO_SLOTS,
): Policy {
  return {
    id,
    order,
    effect: json.effect,
    principal: compileScope("principal", json.principal, slots),
    action: compileScope("action", json.action, slots),
    resource: compileScope("resource", json.resource, slots),
    conditions: json.conditions.map(({ kind, body }) => {
      const test = compileTestOf(body, { slots, depth: 0 });
      return kind === "when" ? test : (e: Evaluation) => !test(e);
    }),
    annotations: json.annotations ?? {},
    source,
  };
}

/** Whether the policy speaks on the question; an EvaluationFault where evaluating it failed. */
export function satisfied(policy: Policy, e: Evaluation): boolean | EvaluationFault {
  try {
    if (!policy.principal.test(e) || !policy.action.test(e) || !policy.resource.test(e)) return false;
    const { conditions } = policy;
    for (let index = 0; index < conditions.length; index++) if (!conditions[index]!(e)) return false;
    return true;
  } catch (error) {
    if (error instanceof EvaluationFault) return error;
    throw error;
  }
}
