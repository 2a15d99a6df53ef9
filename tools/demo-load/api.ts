import { Agent, request } from "undici";

/** Less than the second between two looks. */
const TIMEOUT_MS = 900;

/** An answer that is not one of success. */
export class ApiRefusal extends Error {
  constructor(
    readonly status: number,
    /** Of the platform's catalogue; empty where the answer has none. */
    readonly code: string,
    detail: string,
  ) {
    super(detail);
  }
}

interface Sending {
  body?: object;
  headers?: Record<string, string>;
  timeoutMs?: number;
  /** Hangs up. */
  signal?: AbortSignal;
}

/** The platform's HTTP interface: JSON to and fro. Errors: ApiRefusal, or whatever keeps it from answering. */
export class Api {
  private readonly agent = new Agent({ connectTimeout: TIMEOUT_MS });

  constructor(readonly origin: string) {}

  get(path: string): Promise<unknown> {
    return this.send("GET", path);
  }

  /** undefined where the answer has no body. */
  async send(method: "GET" | "PUT" | "POST" | "DELETE", path: string, sending: Sending = {}): Promise<unknown> {
    const text = await this.text(method, path, sending);
    return text === "" ? undefined : (JSON.parse(text) as unknown);
  }

  async text(method: "GET" | "PUT" | "POST" | "DELETE", path: string, sending: Sending = {}): Promise<string> {
    const { body, headers = {}, timeoutMs = TIMEOUT_MS, signal } = sending;
    const late = AbortSignal.timeout(timeoutMs);
    const answer = await request(`${this.origin}${path}`, {
      dispatcher: this.agent,
      method,
      headers: body ? { ...headers, "content-type": "application/json" } : headers,
      ...(body && { body: JSON.stringify(body) }),
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      signal: signal ? AbortSignal.any([signal, late]) : late,
    });
    const text = await answer.body.text();
    if (answer.statusCode >= 200 && answer.statusCode < 300) return text;
    throw refusal(answer.statusCode, text);
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }
}

function refusal(status: number, text: string): ApiRefusal {
  try {
    const { code, detail } = JSON.parse(text) as { code: unknown; detail: unknown };
    if (typeof code === "string" && typeof detail === "string") return new ApiRefusal(status, code, detail);
  } catch {
    // not a problem document: the status says what there is to say
  }
  return new ApiRefusal(status, "", `HTTP ${String(status)}`);
}
