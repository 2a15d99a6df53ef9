import { type ErrorCode, MnoError } from "../../../exports";

/** The API server's account of a failure. Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/ */
export interface ApiStatus {
  code?: number;
  reason?: string;
  message?: string;
  details?: { causes?: { reason?: string; field?: string; message?: string }[]; retryAfterSeconds?: number };
}

/** A request that the API server answered with a failure. */
export class ApiError extends MnoError {
  constructor(
    readonly httpStatus: number,
    readonly answer: ApiStatus,
    request: string,
  ) {
    const { code, detail } = describe(httpStatus, answer, request);
    super(code, detail);
  }
}

export function isHttpStatus(error: unknown, httpStatus: number): error is ApiError {
  return error instanceof ApiError && error.httpStatus === httpStatus;
}

function describe(httpStatus: number, status: ApiStatus, request: string): { code: ErrorCode; detail: string } {
  const said = `${request}: ${status.message ?? `the API server answered ${String(httpStatus)}`}`;
  if (httpStatus === 401)
    return { code: "MNO_CLUSTER_FORBIDDEN", detail: `${said}. The API server does not accept the credentials` };
  if (httpStatus === 403) {
    const rule = missingRule(status.message ?? "");
    // Quotas and admission refuse with the same status, and no rule would help.
    return rule
      ? { code: "MNO_CLUSTER_FORBIDDEN", detail: `${said}. ${rule}` }
      : { code: "MNO_CLUSTER_REFUSED", detail: said };
  }
  if (httpStatus === 409 || httpStatus === 410) return { code: "MNO_CLUSTER_CONFLICT", detail: said };
  if (httpStatus === 429 || httpStatus >= 500) {
    const seconds = status.details?.retryAfterSeconds;
    return {
      code: "MNO_CLUSTER_UNREACHABLE",
      detail: seconds === undefined ? said : `${said}; it asks to try again in ${String(seconds)} s`,
    };
  }
  return { code: "MNO_CLUSTER_REFUSED", detail: said };
}

/** The rule that would have allowed it, from the authorizer's message; undefined where the message is another's. */
function missingRule(message: string): string | undefined {
  const [, verb, resource, group = ""] =
    /cannot (\S+) resource "([^"]+)"(?: in API group "([^"]*)")?/.exec(message) ?? [];
  if (verb === undefined || resource === undefined) return undefined;
  const [, namespace] = /in the namespace "([^"]+)"/.exec(message) ?? [];
  const where = namespace === undefined ? "a ClusterRole" : `a Role in namespace ${namespace}`;
  return `The rule that is missing in ${where}: apiGroups ["${group}"], resources ["${resource}"], verbs ["${verb}"]`;
}
