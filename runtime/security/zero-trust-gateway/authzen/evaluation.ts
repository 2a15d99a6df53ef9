import type { AccessDecision, PolicyDecisionPoint } from "../contracts";
import type { World } from "../policy/world";
import { questionOf } from "./questions";
import {
  type EvaluationRequest,
  evaluationRequest,
  evaluationsRequest,
  RequestFault,
  type Semantics,
} from "./requests";

/** So long one request keeps others waiting. */
const TURN_MILLISECONDS = 2;

/** Answers to AuthZEN's evaluation and evaluations requests, as JSON texts. */
export class Evaluations {
  /** Of the decisions that are made over and over: those by one policy, which the decision point makes once. */
  private readonly texts = new WeakMap<AccessDecision, string>();

  constructor(
    private readonly decisions: PolicyDecisionPoint,
    private readonly world: () => World,
  ) {}

  /** `POST /access/v1/evaluation`. Errors: RequestFault. */
  one(body: Readonly<Record<string, unknown>>): string {
    return this.textOf(this.decide(evaluationRequest(body)));
  }

  /** `POST /access/v1/evaluations`. Errors: RequestFault. */
  async many(body: Readonly<Record<string, unknown>>): Promise<string> {
    const request = evaluationsRequest(body);
    if (!request) return this.one(body);
    const answers: string[] = [];
    let turnEnds = performance.now() + TURN_MILLISECONDS;
    for (const item of request.items) {
      if (performance.now() > turnEnds) {
        await new Promise((resolve) => setImmediate(resolve));
        turnEnds = performance.now() + TURN_MILLISECONDS;
      }
      const decision = item instanceof RequestFault ? undefined : this.decide(item);
      answers.push(decision ? this.textOf(decision) : failure((item as RequestFault).message));
      if (isLast(request.semantics, decision?.allowed ?? false)) break;
    }
    return `{"evaluations":[${answers.join(",")}]}`;
  }

  private decide(request: EvaluationRequest): AccessDecision {
    return this.decisions.decide(questionOf(request, this.world()));
  }

  private textOf(decision: AccessDecision): string {
    let text = this.texts.get(decision);
    if (text === undefined) {
      text = JSON.stringify(answerOf(decision));
      this.texts.set(decision, text);
    }
    return text;
  }
}

function isLast(semantics: Semantics, allowed: boolean): boolean {
  switch (semantics) {
    case "execute_all":
      return false;
    case "deny_on_first_deny":
      return !allowed;
    case "permit_on_first_permit":
      return allowed;
  }
}

/** The reason of a denial, faults and advice go into the context (AuthZEN, section 5.5.1). */
function answerOf({ allowed, policies, errors, advice }: AccessDecision): object {
  const reason = policies.length > 0 ? `forbidden by ${policies.join(", ")}` : "no policy permits it";
  const context = {
    ...(!allowed && { reason_admin: { "403": reason } }),
    ...(errors.length > 0 && { errors }),
    ...(advice.length > 0 && { advice }),
  };
  return { decision: allowed, ...(Object.keys(context).length > 0 && { context }) };
}

function failure(message: string): string {
  return JSON.stringify({ decision: false, context: { error: { status: 400, message } } });
}
