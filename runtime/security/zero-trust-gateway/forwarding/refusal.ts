import { STATUS_CODES } from "node:http";
import type { MnoError } from "../../../exports";
import { PROBLEM_MEDIA_TYPE, toProblem } from "../../../kernel/http/problems";
import { type ClientResponse, isHttp2, writeHead } from "../../../kernel/proxy/reply";

/** After these nobody knows where the next request of the connection begins, or whether the client will ever send the rest. */
const LAST = new Set(["MNO_REQUEST_MALFORMED", "MNO_REQUEST_TOO_LARGE", "MNO_REQUEST_TOO_SLOW"]);

/** Name -> values, as identity's `headersOf` says them. */
export type FurtherHeaders = Readonly<Record<string, string | readonly string[]>>;

interface RefusalOptions {
  /** Decision that says why. */
  readonly decision: string;
  readonly further: FurtherHeaders;
  /** The request has content that nobody will read. */
  readonly unread: boolean;
}

/** Headers of a refusal, beside those of its body. */
export function refusalHeaders(error: MnoError, decision: string, further: FurtherHeaders): string[] {
  const headers = ["x-mno-decision", decision, "cache-control", "no-store", "x-content-type-options", "nosniff"];
  for (const [name, value] of Object.entries(further)) for (const each of [value].flat()) headers.push(name, each);
  if (error.status === 503 && !Object.hasOwn(further, "retry-after")) headers.push("retry-after", "1");
  return headers;
}

/** Answers with a problem document; where identity says where to log in, with a redirection there. */
export function sendRefusal(
  response: ClientResponse,
  error: MnoError,
  { decision, further, unread }: RefusalOptions,
): void {
  if (response.headersSent || response.destroyed) return;
  if (!isHttp2(response) && (unread || LAST.has(error.code))) response.setHeader("connection", "close");
  const body = Buffer.from(JSON.stringify({ ...toProblem(error), decision }));
  const status = statusOf(error, further);
  const framing = ["content-type", PROBLEM_MEDIA_TYPE, "content-length", String(body.length)];
  writeHead(response, status, [...framing, ...refusalHeaders(error, decision, further)]);
  response.end(body);
}

export function statusOf(error: MnoError, further: FurtherHeaders): number {
  const known = STATUS_CODES[error.status] !== undefined;
  return Object.hasOwn(further, "location") ? 303 : known ? error.status : 500;
}
