import { MnoError } from "../../../exports";
import type { AccessDecision, AccessQuestion, PolicyDecisionPoint } from "../contracts";
import { authorize, evaluationOf, type Outcome } from "./decide";
import type { Policy } from "./policy";
import type { World } from "./world";

/** Annotations whose texts are advice to who enforces the decision. */
const ADVICE = "advice";

/**
 * Decides by the world in use: what no policy permits, and what is no question by Cedar's rules or the schema's, is denied;
 * another world takes its place in one assignment, so that a decision is by one version only. There is none at first.
 */
export class DecisionPoint implements PolicyDecisionPoint {
  private world: World | undefined;
  /** Decisions by one policy without faults, which nearly all are. */
  private alone = new Map<Policy, AccessDecision>();
  /** The one where nothing permits. */
  private denied: AccessDecision | undefined;
  private readonly listeners = new Set<() => void>();

  get current(): World {
    if (!this.world) throw new MnoError("MNO_POLICY_UNAVAILABLE", "No policy set is loaded: everything is denied");
    return this.world;
  }

  get version(): string | undefined {
    return this.world?.loaded.version;
  }

  use(world: World): void {
    this.world = world;
    this.alone = new Map();
    this.denied = undefined;
    for (const listener of this.listeners) listener();
  }

  onChange(listener: () => void): void {
    this.listeners.add(listener);
  }

  decide(question: AccessQuestion): AccessDecision {
    const world = this.current;
    let evaluation;
    try {
      evaluation = evaluationOf(question, world);
    } catch (error) {
      if (!(error instanceof MnoError) || error.status !== 422) throw error;
      return refusalOf(error.message, world);
    }
    return this.decisionOf(authorize(world, evaluation), world);
  }

  private decisionOf(outcome: Outcome, world: World): AccessDecision {
    const { determining, errors } = outcome;
    if (determining.length > 1 || errors.length > 0) return decisionOf(outcome, world);
    const policy = determining[0];
    if (policy === undefined) return (this.denied ??= decisionOf(outcome, world));
    let decision = this.alone.get(policy);
    if (!decision) this.alone.set(policy, (decision = decisionOf(outcome, world)));
    return decision;
  }
}

/** A question that is none is denied. */
function refusalOf(reason: string, { loaded }: World): AccessDecision {
  return { allowed: false, policies: [], version: loaded.version, errors: [`question: ${reason}`], advice: [] };
}

export function decisionOf({ allowed, determining, errors }: Outcome, { loaded }: World): AccessDecision {
  const advice = determining.flatMap(({ annotations }) => annotations[ADVICE] ?? []);
  return Object.freeze({
    allowed,
    policies: determining.map(({ id }) => id),
    version: loaded.version,
    errors: errors.map(({ policy, fault }) => `${policy.id}: ${fault.message}`),
    advice: [...new Set(advice)],
  });
}
