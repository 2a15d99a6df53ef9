/** The requests of OpenID AuthZEN Authorization API 1.0, sections 5 to 8, checked as its section 11.1 has it: unknown members are ignored. */

type Properties = Readonly<Record<string, unknown>>;

/** A subject or a resource. */
export interface Party {
  readonly type: string;
  readonly id: string;
  readonly properties?: Properties;
}

export interface ActionName {
  readonly name: string;
  readonly properties?: Properties;
}

export interface EvaluationRequest {
  readonly subject: Party;
  readonly action: ActionName;
  readonly resource: Party;
  readonly context: Properties;
}

const SEMANTICS = ["execute_all", "deny_on_first_deny", "permit_on_first_permit"] as const;
export type Semantics = (typeof SEMANTICS)[number];

export interface EvaluationsRequest {
  readonly semantics: Semantics;
  /** In order; what is not a request is a fault of its own. */
  readonly items: readonly (EvaluationRequest | RequestFault)[];
}

export type SearchTarget = "subject" | "resource" | "action";

export interface SearchRequest {
  readonly target: SearchTarget;
  /** The searched one has the empty id. */
  readonly evaluation: EvaluationRequest;
  readonly page: { readonly token?: string; readonly limit?: number };
}

/** What makes it a bad request: status 400. */
export class RequestFault extends Error {}

const NOTHING: Properties = Object.freeze({});
/** Evaluations in one request. */
const MAX_EVALUATIONS = 1000;

export function evaluationRequest(body: Properties): EvaluationRequest {
  return {
    subject: party(body.subject, "subject"),
    action: actionName(body.action),
    resource: party(body.resource, "resource"),
    context: body.context === undefined ? NOTHING : objectOf(body.context, "context"),
  };
}

/** Undefined where there are no evaluations in it: then it is a single one. */
export function evaluationsRequest(body: Properties): EvaluationsRequest | undefined {
  const { evaluations, options } = body;
  if (evaluations === undefined) return undefined;
  if (!Array.isArray(evaluations)) throw new RequestFault("evaluations must be an array");
  if (evaluations.length > MAX_EVALUATIONS)
    throw new RequestFault(`evaluations must not be more than ${MAX_EVALUATIONS} in one request`);
  const semantics = options === undefined ? undefined : objectOf(options, "options").evaluations_semantic;
  if (semantics !== undefined && !SEMANTICS.includes(semantics as Semantics))
    throw new RequestFault(`options.evaluations_semantic must be one of ${SEMANTICS.join(", ")}`);
  if (evaluations.length === 0) return undefined;
  // Defaults that are there must be right by themselves, whoever takes them.
  if (body.subject !== undefined) party(body.subject, "subject");
  if (body.action !== undefined) actionName(body.action);
  if (body.resource !== undefined) party(body.resource, "resource");
  if (body.context !== undefined) objectOf(body.context, "context");
  const items = evaluations.map((item: unknown, index) => {
    try {
      const { subject, action, resource, context } = objectOf(item, "an evaluation");
      return evaluationRequest({
        subject: subject ?? body.subject,
        action: action ?? body.action,
        resource: resource ?? body.resource,
        context: context ?? body.context,
      });
    } catch (error) {
      if (error instanceof RequestFault) return new RequestFault(`evaluations[${index}]: ${error.message}`);
      throw error;
    }
  });
  return { semantics: (semantics as Semantics | undefined) ?? "execute_all", items };
}

export function searchRequest(target: SearchTarget, body: Properties): SearchRequest {
  const { token, limit } = body.page === undefined ? NOTHING : objectOf(body.page, "page");
  if (token !== undefined && typeof token !== "string") throw new RequestFault("page.token must be a string");
  if (limit !== undefined && (!Number.isSafeInteger(limit) || (limit as number) < 0))
    throw new RequestFault("page.limit must be an integer of at least 0");
  const open = (name: "subject" | "resource"): Party =>
    target === name ? party({ ...objectOf(body[name], name), id: "" }, name) : party(body[name], name);
  return {
    target,
    evaluation: {
      subject: open("subject"),
      action: target === "action" ? { name: "" } : actionName(body.action),
      resource: open("resource"),
      context: body.context === undefined ? NOTHING : objectOf(body.context, "context"),
    },
    page: { ...(token && { token }), ...(limit !== undefined && { limit: limit as number }) },
  };
}

function party(value: unknown, name: string): Party {
  const { type, id, properties } = objectOf(value, name);
  if (typeof type !== "string") throw new RequestFault(`${name}.type is required, a string`);
  if (typeof id !== "string") throw new RequestFault(`${name}.id is required, a string`);
  if (properties === undefined || properties === null) return { type, id };
  return { type, id, properties: objectOf(properties, `${name}.properties`) };
}

function actionName(value: unknown): ActionName {
  const { name, properties } = objectOf(value, "action");
  if (typeof name !== "string") throw new RequestFault("action.name is required, a string");
  if (properties === undefined || properties === null) return { name };
  return { name, properties: objectOf(properties, "action.properties") };
}

function objectOf(value: unknown, name: string): Properties {
  if (value === undefined) throw new RequestFault(`${name} is required`);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new RequestFault(`${name} must be an object`);
  return value as Properties;
}
