import { FeedFault } from "./feed";
import { MINUTE_MS } from "./series";

/** Week-long answers of the wordiest feed (ENTSO-E) are below 2 MB. */
const MOST_BYTES = 8 * 1024 * 1024;
/** A key that was refused is not tried again at once: some providers lock accounts. */
const REFUSED_KEY_MS = 15 * MINUTE_MS;
/** Where a feed that is asked too often does not say for how long it wants peace. */
const TOO_MANY_MS = MINUTE_MS;

export type Fetch = (url: URL, init: RequestInit) => Promise<Response>;

export interface Request {
  fetch: Fetch;
  headers?: Record<string, string>;
  signal: AbortSignal;
  /** ms since epoch, for a Retry-After that names a date. */
  now: number;
}

/** The body of a GET. Errors: FeedFault, whose message holds neither the URL (it may carry a key) nor any of the body. */
export async function get(url: URL, { fetch, headers = {}, signal, now }: Request): Promise<string> {
  let response: Response;
  try {
    // A redirect could carry the key to somebody else.
    response = await fetch(url, { headers, signal, redirect: "manual" });
  } catch (error) {
    if (signal.aborted) throw new FeedFault("was given up waiting for");
    throw new FeedFault(`cannot be reached${causeOf(error)}`);
  }
  const { status } = response;
  if (status !== 200) {
    await response.body?.cancel().catch(() => undefined);
    throw statusFault(status, response.headers.get("retry-after"), now);
  }
  return await readBounded(response, signal);
}

/** As `get`, parsed. */
export async function getJson(url: URL, request: Request): Promise<unknown> {
  return parseJson(await get(url, request));
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new FeedFault("did not answer in JSON");
  }
}

function statusFault(status: number, retryAfter: string | null, now: number): FeedFault {
  const fault = (what: string, milliseconds?: number): FeedFault => new FeedFault(what, milliseconds, status);
  if (status === 401) return fault("refused the key (HTTP 401): it is wrong or has expired", REFUSED_KEY_MS);
  if (status === 403) return fault("does not allow this with the key (HTTP 403): its plan may not cover it");
  if (status === 404) return fault("does not have it (HTTP 404)");
  if (status === 429 || status === 503) {
    const milliseconds = retryAfterMilliseconds(retryAfter, now) ?? TOO_MANY_MS;
    const what = status === 429 ? "was asked too often" : "is not available";
    const seconds = Math.ceil(milliseconds / 1000);
    return fault(`${what} (HTTP ${String(status)}), wants peace for ${String(seconds)} s`, milliseconds);
  }
  return fault(`answered HTTP ${String(status)}`);
}

/** RFC 9110, 10.2.3: seconds or a date; undefined when it is neither. */
export function retryAfterMilliseconds(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  if (/^\s*\d+\s*$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

async function readBounded(response: Response, signal: AbortSignal): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      bytes += chunk.length;
      if (bytes > MOST_BYTES) throw new FeedFault(`answered with more than ${String(MOST_BYTES)} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof FeedFault) throw error;
    throw new FeedFault(signal.aborted ? "was given up waiting for" : `broke off its answer${causeOf(error)}`);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** The system's code (ECONNREFUSED …), which names neither URL nor key. */
function causeOf(error: unknown): string {
  const cause = (error as { cause?: { code?: unknown } }).cause?.code;
  return typeof cause === "string" ? ` (${cause})` : "";
}
