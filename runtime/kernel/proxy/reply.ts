import type { ServerResponse } from "node:http";
import type { MnoError } from "../../exports";
import { PROBLEM_MEDIA_TYPE, toProblem } from "../http/problems";
import { http2Fields, sendableTrailers } from "./http2-fields";

/** A response to the client, over either version of HTTP: Node's HTTP/2 one has the same methods, and a stream. */
export type ClientResponse = ServerResponse;

export function isHttp2(response: ClientResponse): boolean {
  return "stream" in response;
}

/** HTTP/2 takes repeated headers as lists only. Throws what the client's version of HTTP cannot say. */
export function writeHead(response: ClientResponse, status: number, headers: string[]): void {
  if (!isHttp2(response)) {
    response.writeHead(status, headers);
    return;
  }
  response.writeHead(status, http2Fields(headers));
}

export function addTrailers(response: ClientResponse, raw: readonly string[]): void {
  const trailers = sendableTrailers(raw);
  if (isHttp2(response)) {
    response.addTrailers(http2Fields(trailers));
    return;
  }
  const pairs: [string, string][] = [];
  for (let index = 0; index < trailers.length; index += 2)
    pairs.push([trailers[index] ?? "", trailers[index + 1] ?? ""]);
  response.addTrailers(pairs);
}

/** The proxy's own answer: a problem document. */
export function sendProblem(response: ClientResponse, error: MnoError, retryAfterSeconds = 1): void {
  if (response.headersSent || response.destroyed) return;
  const body = Buffer.from(JSON.stringify(toProblem(error)));
  const headers = ["content-type", PROBLEM_MEDIA_TYPE, "content-length", String(body.length)];
  if (error.status === 503) headers.push("retry-after", String(retryAfterSeconds));
  writeHead(response, error.status, headers);
  response.end(body);
}
