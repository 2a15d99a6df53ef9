import type { FastifyError, FastifyInstance, FastifyReply } from "fastify";
import { ERRORS, type ErrorCode, type FieldFault, MnoError } from "../../exports";

/** An RFC 9457 problem document; `code` is the stable code of the catalogue, `type` its documentation anchor. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: ErrorCode;
  faults?: readonly FieldFault[];
  [extension: string]: unknown;
}

export const PROBLEM_MEDIA_TYPE = "application/problem+json; charset=utf-8";

const FASTIFY_CODES: Record<string, ErrorCode> = {
  FST_ERR_CTP_BODY_TOO_LARGE: "MNO_REQUEST_TOO_LARGE",
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "MNO_MEDIA_TYPE_UNSUPPORTED",
  FST_ERR_CTP_EMPTY_JSON_BODY: "MNO_REQUEST_MALFORMED",
  FST_ERR_CTP_INVALID_JSON_BODY: "MNO_REQUEST_MALFORMED",
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: "MNO_REQUEST_MALFORMED",
  FST_ERR_BAD_URL: "MNO_REQUEST_MALFORMED",
  FST_ERR_MAX_PARAM_LENGTH: "MNO_REQUEST_MALFORMED",
  FST_ERR_ROUTE_MISSING_CONTENT_TYPE: "MNO_REQUEST_MALFORMED",
};

/** Turns whatever was thrown into a coded error. What is not ours is MNO_INTERNAL, and its text stays in the log. */
export function toCodedError(error: unknown): MnoError {
  if (error instanceof MnoError) return error;
  const fastify = error as Partial<FastifyError>;
  if (Array.isArray(fastify.validation)) {
    const where = fastify.validationContext ?? "body";
    const faults = fastify.validation.map((fault) => validationFault(where, fault));
    return new MnoError("MNO_REQUEST_INVALID", faults.map((f) => `${f.field} ${f.message}`).join("; "), { faults });
  }
  const code = fastify.code === undefined ? undefined : FASTIFY_CODES[fastify.code];
  if (code === "MNO_MEDIA_TYPE_UNSUPPORTED") {
    return new MnoError(code, "Send the body as JSON, with the header content-type: application/json", {
      cause: error,
    });
  }
  if (code) return new MnoError(code, fastify.message ?? ERRORS[code].title, { cause: error });
  if (error instanceof SyntaxError && fastify.statusCode === 400) {
    return new MnoError("MNO_REQUEST_MALFORMED", `The body is not valid JSON: ${error.message}`, { cause: error });
  }
  return new MnoError("MNO_INTERNAL", "The fault was logged under the request's id", { cause: error });
}

type ValidationError = NonNullable<FastifyError["validation"]>[number];

function validationFault(where: string, fault: ValidationError): FieldFault {
  const parameters = fault.params as { missingProperty?: string; additionalProperty?: string; allowedValues?: unknown };
  const child = parameters.missingProperty ?? parameters.additionalProperty;
  const field = `${where}${fault.instancePath}${child === undefined ? "" : `/${child}`}`;
  const allowed = parameters.allowedValues === undefined ? "" : `: ${JSON.stringify(parameters.allowedValues)}`;
  const message =
    parameters.missingProperty !== undefined
      ? "is required"
      : parameters.additionalProperty !== undefined
        ? "is not a known member"
        : `${fault.message ?? "is not valid"}${allowed}`;
  return { field, message };
}

export function toProblem(error: MnoError): Problem {
  return {
    ...error.extensions,
    type: `urn:mno:error:${error.code}`,
    title: error.title,
    status: error.status,
    detail: error.message,
    code: error.code,
    ...(error.faults.length > 0 ? { faults: error.faults } : {}),
  };
}

export function sendProblem(reply: FastifyReply, error: MnoError): FastifyReply {
  if (error.status === 503) void reply.header("retry-after", "1");
  return reply.code(error.status).type(PROBLEM_MEDIA_TYPE).send(toProblem(error));
}

/**
 * Makes every error of `app`, unknown routes included, a problem document, and logs the faults that are ours. `prefix` is
 * what the front took off the paths.
 */
export function installProblems(app: FastifyInstance, prefix = ""): void {
  app.setErrorHandler((thrown, request, reply) => {
    const error = toCodedError(thrown);
    if (error.code === "MNO_INTERNAL") request.log.error({ err: thrown }, "request failed");
    return sendProblem(reply, error);
  });
  app.setNotFoundHandler((request, reply) => {
    const path = `${prefix}${request.url.split("?")[0] ?? ""}`;
    const hint = app.hasRoute({ method: "GET", url: "/openapi.json" }) ? `; ${prefix}/openapi.json says what does` : "";
    const error = new MnoError("MNO_NOT_FOUND", `Nothing answers ${request.method} ${path}${hint}`);
    return sendProblem(reply, error);
  });
}
