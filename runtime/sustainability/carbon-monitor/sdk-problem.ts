import type { FastifyReply, FastifyRequest } from "fastify";
import { PROBLEM_MEDIA_TYPE, toCodedError, toProblem } from "../../kernel/http/problems";

/** What clients of the Carbon Aware SDK know as a bad request, by our codes. */
const BAD_REQUESTS: ReadonlySet<string> = new Set(["MNO_REQUEST_INVALID", "MNO_INTENSITY_UNKNOWN_REGION"]);

/**
 * A bad request as the SDK answers it: status 400, and what is wrong by field (ASP.NET's ValidationProblemDetails), beside the
 * members that our problem documents have. All else is answered as everywhere.
 */
export function answerBadRequest(thrown: unknown, _request: FastifyRequest, reply: FastifyReply): void {
  const error = toCodedError(thrown);
  if (!BAD_REQUESTS.has(error.code)) throw thrown;
  const byField = Map.groupBy(error.faults, ({ field }) => field.replace(/^(querystring|body)\/?/, ""));
  const errors = Object.fromEntries(
    [...byField].map(([field, faults]) => [field, faults.map(({ message }) => message)]),
  );
  void reply
    .code(400)
    .type(PROBLEM_MEDIA_TYPE)
    .send({ ...toProblem(error), status: 400, errors });
}
