import type { AccessDecision, GatewayRequest, Inspection, Principal, Risk } from "../contracts";
import type { MnoError } from "../../../exports";
import type { Asked } from "../routing/table";
import type { DecisionRecord, Stage, Via } from "./record";
import { toldQuery } from "./told-query";

type Named = Pick<
  GatewayRequest,
  "id" | "time" | "method" | "authority" | "path" | "query" | "address" | "headers" | "traceId"
>;

/** What is found out about a request on its way through the stages. */
export class Trail {
  stage: Stage = "understand";
  asked: Asked | undefined;
  /** Where no action could be made of the request. */
  route: string | undefined;
  principal: Principal | undefined;
  inspection: Inspection | undefined;
  risk: Risk | undefined;
  decision: AccessDecision | undefined;
  takesBack: string | undefined;
  readonly exceptions: string[] = [];
  readonly timings: Partial<Record<Stage, number>> = {};

  constructor(
    readonly request: Named,
    readonly via: Via,
    readonly stripped: readonly string[],
  ) {}

  /** The record of a decision to allow, or of the refusal for `error`. */
  record(error?: MnoError): DecisionRecord {
    const { request, principal, asked, decision, inspection } = this;
    return {
      id: request.id,
      time: new Date(request.time).toISOString(),
      via: this.via,
      outcome: error === undefined ? "allowed" : error.status >= 500 ? "unavailable" : "refused",
      stage: this.stage,
      code: error?.code ?? null,
      reason: error?.message ?? null,
      traceId: request.traceId ?? null,
      request: {
        method: request.method,
        authority: request.authority,
        path: request.path,
        query: toldQuery(request.query, asked?.route.shownParameters ?? []),
        address: request.address,
        userAgent: request.headers["user-agent"]?.[0]?.slice(0, 1024) ?? null,
      },
      route: asked?.route.name ?? this.route ?? null,
      principal: principal
        ? { type: principal.type, id: principal.id, method: principal.method, session: principal.session?.id ?? null }
        : null,
      action: asked?.action ?? null,
      resource: asked?.resource ?? null,
      policies: decision?.policies ?? [],
      policyVersion: decision?.version ?? null,
      policyErrors: decision?.errors ?? [],
      advice: decision?.advice ?? [],
      risk: this.risk ?? null,
      findings: inspection?.findings ?? [],
      score: inspection?.score ?? 0,
      excluded: inspection?.excluded ?? [],
      stripped: this.stripped,
      exceptions: [...this.exceptions],
      timings: { ...this.timings },
      status: null,
      takesBack: this.takesBack ?? null,
    };
  }
}
