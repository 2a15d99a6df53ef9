import type { IncomingMessage } from "node:http";
import { RequestFault } from "./requests";

const MAX_BYTES = 1 << 20;
const UTF8 = new TextDecoder("utf-8", { fatal: true });

/** Reads a request's body, a JSON object. Errors: RequestFault; what the connection throws. */
export function readBody(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  return new Promise((resolve, reject) => {
    const type = request.headers["content-type"] ?? "";
    if (!/^application\/json\s*(;|$)/i.test(type)) {
      request.resume();
      reject(new RequestFault("The content-type must be application/json"));
      return;
    }
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= MAX_BYTES) chunks.push(chunk);
      else {
        chunks.length = 0;
        reject(new RequestFault(`The body must not have more than ${MAX_BYTES} bytes`));
      }
    });
    request.once("error", reject);
    request.once("end", () => {
      try {
        resolve(parse(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
  });
}

function parse(bytes: Buffer): Readonly<Record<string, unknown>> {
  let json: unknown;
  try {
    json = JSON.parse(UTF8.decode(bytes));
  } catch {
    throw new RequestFault("The body is not JSON in UTF-8");
  }
  if (typeof json !== "object" || json === null || Array.isArray(json))
    throw new RequestFault("The body must be a JSON object");
  return json as Readonly<Record<string, unknown>>;
}
