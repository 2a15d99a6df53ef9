import type { Transport } from "../../kernel/proxy/transport/transport";
import type { ServerLoad } from "./policies/policy";

const ANSWER_MILLISECONDS = 1000;
const ANSWER_BYTES = 4096;

/** Probes one endpoint for its load; `done` comes exactly once, without a load where there was no good answer in time. */
export function askLoad(
  transport: Transport,
  host: string,
  path: string,
  done: (load: ServerLoad | undefined) => void,
): void {
  let text = "";
  let good = false;
  let over = false;
  const finish = (load: ServerLoad | undefined): void => {
    if (over) return;
    over = true;
    clearTimeout(timer);
    done(load);
  };
  const timer = setTimeout(() => {
    control.abort();
    finish(undefined);
  }, ANSWER_MILLISECONDS);
  const control = transport.send(
    { method: "GET", path, headers: ["host", host], body: undefined, trailers: () => [] },
    {
      onSent: () => undefined,
      onHead: (status) => {
        good = status === 200;
      },
      onData: (chunk) => {
        if (text.length < ANSWER_BYTES) text += chunk.toString("utf8");
      },
      onEnd: () => finish(good ? parseLoadAnswer(text) : undefined),
      onError: () => finish(undefined),
    },
  );
}

/** Header in which a server says of itself how busy it is; not meant for clients. */
export const LOAD_HEADER = "endpoint-load-metrics";

/**
 * Reads the value of that header: the text form of an ORCA load report,
 * `TEXT named_metrics.in_flight=7, named_metrics.latency_ms=12.5`. Other metrics are ignored; undefined where the first is missing.
 */
export function parseLoadHeader(value: string): ServerLoad | undefined {
  const text = /^\s*TEXT\s+(.*)$/.exec(value)?.[1];
  if (text === undefined) return undefined;
  const metrics = new Map(text.split(",").map((pair) => pair.trim().split("=", 2) as [string, string | undefined]));
  return serverLoad(metrics.get("named_metrics.in_flight"), metrics.get("named_metrics.latency_ms"));
}

/** Reads the answer to a probe: `{"inFlight": 7, "latencyMs": 12.5}`. */
export function parseLoadAnswer(text: string): ServerLoad | undefined {
  try {
    const { inFlight, latencyMs } = JSON.parse(text) as { inFlight?: unknown; latencyMs?: unknown };
    return serverLoad(inFlight, latencyMs);
  } catch {
    return undefined;
  }
}

/** A server that lies with NaN, negative or absurd figures is not believed. */
function serverLoad(inFlight: unknown, latency: unknown): ServerLoad | undefined {
  const requests = measure(inFlight, 1e6);
  const latencyMs = measure(latency, 1e7);
  if (requests === undefined) return undefined;
  return { inFlight: requests, ...(latencyMs === undefined ? {} : { latencyMs }) };
}

function measure(value: unknown, most: number): number | undefined {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof number === "number" && number >= 0 && number <= most ? number : undefined;
}
