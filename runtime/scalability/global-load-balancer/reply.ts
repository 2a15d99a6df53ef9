import type { ServerResponse } from "node:http";
import type { MnoError } from "../../exports";
import { PROBLEM_MEDIA_TYPE, toProblem } from "../../kernel/http/problems";

/** A response to the client, over either version of HTTP: Node's HTTP/2 one has the same methods, and a stream. */
export type ClientResponse = ServerResponse;

export function isHttp2(response: ClientResponse): boolean {
  return "stream" in response;
}

/** HTTP/2 takes repeated headers as lists only. */
export function writeHead(response: ClientResponse, status: number, headers: string[]): void {
  if (!isHttp2(response)) {
    response.writeHead(status, headers);
    return;
  }
  const object: Record<string, string | string[]> = {};
  for (let index = 0; index < headers.length; index += 2) {
    const name = (headers[index] ?? "").toLowerCase();
    const value = headers[index + 1] ?? "";
    const known = object[name];
    object[name] = known === undefined ? value : Array.isArray(known) ? [...known, value] : [known, value];
  }
  response.writeHead(status, object);
}

export function addTrailers(response: ClientResponse, raw: readonly string[]): void {
  const pairs: [string, string][] = [];
  for (let index = 0; index < raw.length; index += 2) pairs.push([raw[index] ?? "", raw[index + 1] ?? ""]);
  // HTTP/2 takes an object only.
  response.addTrailers(isHttp2(response) ? Object.fromEntries(pairs) : pairs);
}

/** The balancer's own answer: a problem document. */
export function sendProblem(response: ClientResponse, error: MnoError, retryAfterSeconds = 1): void {
  if (response.headersSent || response.destroyed) return;
  const body = Buffer.from(JSON.stringify(toProblem(error)));
  const headers = ["content-type", PROBLEM_MEDIA_TYPE, "content-length", String(body.length)];
  if (error.status === 503) headers.push("retry-after", String(retryAfterSeconds));
  writeHead(response, error.status, headers);
  response.end(body);
}
