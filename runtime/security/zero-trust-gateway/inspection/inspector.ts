import { endpointOf, type Grammar } from "../../../kernel/http-inspection/grammar/grammar";
import { type Signatures } from "../../../kernel/http-inspection/signatures";
import { type Finding, type GatewayRequest, type Inspection, type Inspector } from "../contracts";
import type { Exclusions } from "./route-rules";

export interface InspectorParts {
  readonly signatures: Signatures;
  readonly grammar?: Grammar;
  /** p-value below which an unusual request is refused, once enough was seen. Undefined: the grammar reports only. */
  readonly refuseBelow?: number;
  /** p-value below which an unusual request is reported. Default 0.005. */
  readonly reportBelow?: number;
  /** Learn from what the rules find nothing in. Default true. */
  readonly learn?: boolean;
  /** Name of the endpoint, such as `RequestValidator.operationOf`; undefined where it has none. */
  readonly nameOf?: (request: GatewayRequest) => string | undefined;
}

/** Score of an unusual request that is refused: as much as one certain rule. */
const UNUSUAL = 5;

/** Attack rules and learned grammar as one `Inspector`. Never throws. */
export function createInspector(parts: InspectorParts): Inspector {
  const { signatures, grammar, refuseBelow = 0, reportBelow = 0.005, learn = true } = parts;
  const look = (request: GatewayRequest, body: Buffer | undefined, exclusions?: Exclusions): Inspection => {
    const excluded = exclusions && ((rule: string, where: string): boolean => exclusions.covers(rule, where));
    const byRules = signatures.inspect(request, body, excluded);
    if (grammar === undefined) return byRules;
    const endpoint = parts.nameOf?.(request) ?? endpointOf(request.method, request.path);
    const { pValue, learning, findings } = grammar.judge(endpoint, request, body);
    const isOdd = !learning && pValue < Math.max(refuseBelow, reportBelow);
    const odd = isOdd ? findings.filter(({ rule, where }) => excluded?.(rule, where) !== true) : [];
    // All that was odd is what the route expects.
    const isExpected = odd.length === 0 && findings.length > 0;
    const refused = isOdd && pValue < refuseBelow && !isExpected;
    if (learn && byRules.findings.length === 0 && !refused) grammar.learn(endpoint, request, body);
    if (!isOdd || isExpected) return byRules;
    return joined(byRules, odd, refused);
  };
  return {
    inspect(request, body, rules) {
      if (rules === undefined) return look(request, body);
      const exclusions = rules.at(request.time);
      const inspection = look(request, body, exclusions);
      const { applied: excluded } = exclusions;
      if (!rules.monitors || !inspection.refused) return { ...inspection, excluded };
      return { ...inspection, excluded, refused: false, monitored: true };
    },
  };
}

function joined(byRules: Inspection, unusual: readonly Finding[], refused: boolean): Inspection {
  const findings = unusual.map((finding, rank) => ({ ...finding, score: refused && rank === 0 ? UNUSUAL : 0 }));
  return {
    score: byRules.score + (refused ? UNUSUAL : 0),
    refused: byRules.refused || refused,
    findings: [...byRules.findings, ...findings],
  };
}
