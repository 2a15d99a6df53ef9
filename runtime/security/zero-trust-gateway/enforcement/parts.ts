import type { Inspector, PolicyDecisionPoint } from "../contracts";
import type { GatewayIdentity } from "../identity/parts";
import type { RouteRules } from "../inspection/route-rules";
import type { RequestValidator } from "../validation/validator";

/** Whom the gateway asks about a request; any of them may fail, and the request is refused then. */
export interface EnforcementParts {
  readonly identity: Pick<GatewayIdentity, "identifier" | "risk" | "limiter" | "stepUp">;
  readonly decisions: PolicyDecisionPoint;
  /** Of requests as a whole: those without content, or with it. */
  readonly inspector: Inspector;
  /** Of requests whose content is still to come: it must not learn from a part what the whole looks like. */
  readonly headInspector: Inspector;
  /** What the route says of its inspection; undefined where it says nothing. */
  readonly rulesOf: (route: string) => RouteRules | undefined;
  /** What the route's upstream declared that it takes; undefined where it declared nothing. */
  readonly validatorOf: (route: string) => Pick<RequestValidator, "validate"> | undefined;
}
