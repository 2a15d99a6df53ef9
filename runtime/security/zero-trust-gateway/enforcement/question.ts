import { isIP } from "node:net";
import type { AccessQuestion, GatewayRequest, Inspection, Principal, Risk } from "../contracts";
import type { Asked } from "../routing/table";
import { hostName } from "../routing/template";

/** What is known of the request when policies are asked. */
export interface Facts {
  readonly request: GatewayRequest;
  readonly principal: Principal;
  readonly asked: Asked;
  readonly inspection: Inspection;
  /** Undefined where it could not be had and the route lets policies decide without. */
  readonly risk: Risk | undefined;
  /** SPIFFE id of the workload that the request goes to, where the mesh says so. */
  readonly destination?: string | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Cedar has whole numbers only: probabilities are percent, times seconds. Without risk the level is `unknown` and the worst assumed. */
export function questionOf({ request, principal, asked, inspection, risk, destination, now }: Facts): AccessQuestion {
  const { resource: declared, name } = asked.route;
  const { session } = principal;
  return {
    principal: { type: principal.type, id: principal.id },
    action: asked.action,
    resource: asked.resource,
    context: {
      route: name,
      method: request.method,
      scheme: request.scheme,
      host: hostName(request.authority),
      path: request.path,
      ...(isIP(request.address) !== 0 && { address: { __extn: { fn: "ip", arg: request.address } } }),
      ...(request.spiffeId !== undefined && { source: request.spiffeId }),
      time: Math.floor(now / 1000),
      risk: { level: risk?.level ?? "unknown", percent: risk ? Math.ceil(risk.probability * 100) : 100 },
      authentication: {
        method: principal.method,
        assurance: session?.assurance ?? "none",
        ...(session && { ageSeconds: Math.max(0, Math.floor((now - session.authenticatedAt) / 1000)) }),
      },
      inspectionScore: Math.ceil(inspection.score),
    },
    entities: [
      { type: principal.type, id: principal.id, attributes: principal.attributes, parents: principal.parents },
      {
        ...asked.resource,
        attributes: { ...declared.attributes, ...(destination !== undefined && { workload: destination }) },
        parents: declared.parents,
      },
    ],
  };
}
