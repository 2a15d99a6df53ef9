import {
  createGrammar,
  endpointOf,
  type Grammar,
  type GrammarState,
} from "../../kernel/http-inspection/grammar/grammar";
import type { InspectableRequest } from "../../kernel/http-inspection/inspection";
import { createSignatures, type Signatures } from "../../kernel/http-inspection/signatures";
import type { OcsfEvent } from "../../kernel/ocsf/schema";
import type { Finding } from "./alerts/alert";

const EXPLOIT = { uid: "T1190", name: "Exploit Public-Facing Application" };
/** A request whose p-value among those of its endpoint is below that is told of. */
const GRAMMAR_P = 0.001;
const SIGNATURE_LIMIT = 5;

/** Known attacks by the kernel's rules, unknown ones by what is usual for the endpoint, over requests that others logged. */
export class HttpAttacks {
  private readonly signatures: Signatures = createSignatures();
  private readonly grammar: Grammar;

  constructor(state?: GrammarState) {
    this.grammar = createGrammar({}, state);
  }

  state(): GrammarState {
    return this.grammar.state();
  }

  judge(event: OcsfEvent, eventId: string): Finding[] {
    const request = requestOf(event);
    if (request === null) return [];
    const endpoint = endpointOf(request.method, request.target.split("?", 1)[0]!);
    const entity = event.src_endpoint?.ip ?? event.actor?.user?.uid ?? "unknown";
    const shared = { entity, technique: EXPLOIT, eventId, time: event.time, members: {} };
    const findings: Finding[] = [];
    const inspection = this.signatures.inspect(request);
    if (inspection.refused)
      findings.push({
        ...shared,
        detector: "http:signature",
        title: "A request is built like an attack",
        why: inspection.findings.map(({ where, what }) => `${where}: ${what}`).join("; "),
        // Whoever was let through is worse.
        severity: event.status_id === 1 ? 4 : 3,
        score: inspection.score,
        threshold: SIGNATURE_LIMIT,
        contributions: inspection.findings.map(({ rule, where, score }) => ({
          feature: rule,
          value: where,
          usual: "no finding",
          share: score / inspection.score,
        })),
      });
    const { pValue, learning, findings: oddities } = this.grammar.judge(endpoint, request);
    if (!learning && pValue < GRAMMAR_P && oddities.length > 0)
      findings.push({
        ...shared,
        detector: "http:grammar",
        title: "A request is unlike those of its endpoint",
        why: `${endpoint}: ${oddities.map(({ where, what }) => `${where}: ${what}`).join("; ")}`,
        severity: 3,
        score: -Math.log(pValue),
        threshold: -Math.log(GRAMMAR_P),
        contributions: oddities.map(({ rule, where }) => ({
          feature: rule,
          value: where,
          usual: "as learned",
          share: 1 / oddities.length,
        })),
      });
    if (!inspection.refused && event.status_id !== 2) this.grammar.learn(endpoint, request);
    return findings;
  }
}

function requestOf(event: OcsfEvent): InspectableRequest | null {
  const { http_method: method, url, user_agent: agent } = event.http_request ?? {};
  if (method === undefined || url?.path === undefined) return null;
  const query = url.query_string === undefined || url.query_string === "" ? "" : `?${url.query_string}`;
  return {
    method,
    target: `${url.path}${query}`,
    headers: { host: [url.hostname ?? "-"], ...(agent === undefined ? {} : { "user-agent": [agent] }) },
  };
}
