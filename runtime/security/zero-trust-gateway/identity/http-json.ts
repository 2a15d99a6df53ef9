import { request } from "undici";
import { isLoopback } from "../../../kernel/http/access";

/** A document of JSON, fetched with bounds; throws whatever is wrong. */
export type FetchJson = (url: string, form?: FormRequest) => Promise<unknown>;

/** A POST of a form instead of a GET. */
export interface FormRequest {
  readonly fields: Readonly<Record<string, string>>;
  readonly authorization?: string;
}

const MOST_BYTES = 256 * 1024;
const ANSWER_MILLISECONDS = 5000;

/** HTTPS, or HTTP to loopback; at most 256 KiB in five seconds; redirects are not followed, for they may lead anywhere. */
export const fetchJson: FetchJson = async (url, form) => {
  const { protocol, hostname } = new URL(url);
  if (protocol !== "https:" && !(protocol === "http:" && isLoopback(hostname))) {
    throw new Error(`${url} is not HTTPS`);
  }
  const { statusCode, body } = await request(url, {
    method: form === undefined ? "GET" : "POST",
    headers: {
      accept: "application/json",
      ...(form && { "content-type": "application/x-www-form-urlencoded" }),
      ...(form?.authorization !== undefined && { authorization: form.authorization }),
    },
    ...(form && { body: new URLSearchParams(form.fields).toString() }),
    signal: AbortSignal.timeout(ANSWER_MILLISECONDS),
  });
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new Error(`${url} answers with more than ${MOST_BYTES} bytes`);
    chunks.push(chunk);
  }
  if (statusCode !== 200) throw new Error(`${url} answers with status ${statusCode}`);
  return JSON.parse(Buffer.concat(chunks).toString("utf8")) as unknown;
};
