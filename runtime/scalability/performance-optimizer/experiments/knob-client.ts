import { request } from "undici";
import { Value } from "@sinclair/typebox/value";
import { MnoError } from "../../../exports";
import { type Measurement, MeasurementSchema } from "./schemas";

const TIMEOUT_MILLISECONDS = 5000;
/** Bytes; a measurement is two numbers. */
const LARGEST_ANSWER = 64 * 1024;

/** How an experiment reaches its knob and its measurements. */
export interface KnobClient {
  /** Errors: MNO_KNOB_UNREACHABLE. */
  set(url: string, value: number): Promise<void>;
  /** What was measured since the last call. Errors: MNO_KNOB_UNREACHABLE. */
  measure(url: string): Promise<Measurement>;
}

export const httpKnobClient: KnobClient = {
  async set(url, value) {
    await call(url, "PUT", JSON.stringify({ value }));
  },
  async measure(url) {
    const answer: unknown = parse(url, await call(url, "GET"));
    if (Value.Check(MeasurementSchema, answer)) return answer;
    throw unreachable(url, 'answered something other than {"objective": number, "guard"?: number}');
  },
};

async function call(url: string, method: "GET" | "PUT", body?: string): Promise<string> {
  try {
    const answer = await request(url, {
      method,
      signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS),
      ...(body === undefined ? {} : { body, headers: { "content-type": "application/json" } }),
    });
    let text = "";
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      text += chunk.toString("utf8");
      if (text.length > LARGEST_ANSWER) throw unreachable(url, `answered more than ${String(LARGEST_ANSWER)} bytes`);
    }
    if (answer.statusCode >= 200 && answer.statusCode < 300) return text;
    throw unreachable(url, `answered ${method} with ${String(answer.statusCode)}`);
  } catch (error) {
    if (error instanceof MnoError) throw error;
    throw unreachable(
      url,
      `did not answer ${method}: ${error instanceof Error ? error.message : String(error)}`,
      error,
    );
  }
}

function parse(url: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw unreachable(url, "answered something that is not JSON", error);
  }
}

function unreachable(url: string, what: string, cause?: unknown): MnoError {
  return new MnoError("MNO_KNOB_UNREACHABLE", `${url} ${what}`, { cause });
}
