import { MnoError } from "../../../exports";
import type { GatewayRequest, LimitState, Principal } from "../contracts";
import type { Asked } from "../routing/table";
import type { DecisionRecord } from "./record";

export interface GrantFacts {
  readonly record: DecisionRecord;
  readonly request: GatewayRequest;
  readonly principal: Principal;
  readonly asked: Asked;
  readonly limits: readonly LimitState[];
  /** It asks for a tunnel. */
  readonly upgrade: boolean;
  /** SPIFFE id of the workload that it goes to, where the mesh says so. */
  readonly destination: string | undefined;
}

/**
 * The leave to send one request to an upstream. There is none without a decision that allows it and names the policy it rests on, and
 * nothing but a grant opens the way to an upstream.
 */
export class Grant {
  private spent = false;

  private constructor(readonly facts: GrantFacts) {}

  /** Errors: MNO_ENFORCEMENT_UNAVAILABLE. */
  static issue(facts: GrantFacts): Grant {
    const { outcome, policies } = facts.record;
    if (outcome !== "allowed" || policies.length === 0) {
      throw new MnoError("MNO_ENFORCEMENT_UNAVAILABLE", "No policy is named that the request would be allowed by");
    }
    return new Grant(facts);
  }

  /** Of one request, once. Errors: MNO_ENFORCEMENT_UNAVAILABLE. */
  spend(): GrantFacts {
    if (this.spent) throw new MnoError("MNO_ENFORCEMENT_UNAVAILABLE", "The leave was used for a request already");
    this.spent = true;
    return this.facts;
  }
}
