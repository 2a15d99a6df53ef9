import { type FieldFault, MnoError } from "../../runtime/exports";

export interface DemoConfiguration {
  /** Address to bind; loopback by default, 0.0.0.0 in a pod. */
  host: string;
  /** TCP port; 0 takes a free one. */
  port: number;
  /** What the service calls itself in its answers: the cluster's name for it, where there is one. */
  replica: string;
  /** Requests that are served at the same time. */
  slots: number;
  /** Requests that may wait for a slot; one more is answered 503. */
  queue: number;
  /** Service time of a request without tokens, milliseconds. */
  baseMs: number;
  /** Service time that each token adds, milliseconds. */
  msPerToken: number;
}

/** Reads the service's environment. Errors: MNO_CONFIG_INVALID with every fault at once, by variable. */
export function readDemoConfiguration(environment: NodeJS.ProcessEnv, processId: number): DemoConfiguration {
  const faults: FieldFault[] = [];
  const number = (
    key: string,
    fallback: number | undefined,
    bounds: { min: number; max: number; whole: boolean },
  ): number => {
    const text = environment[key] ?? "";
    if (text === "" && fallback !== undefined) return fallback;
    const value = Number(text);
    if (text !== "" && value >= bounds.min && value <= bounds.max && (!bounds.whole || Number.isInteger(value)))
      return value;
    const kind = bounds.whole ? "a whole number" : "a number";
    const found = text === "" ? "it is not set" : `it is "${text}"`;
    faults.push({
      field: key,
      message: `must be ${kind} from ${String(bounds.min)} to ${String(bounds.max)}; ${found}`,
    });
    return NaN;
  };
  const configuration: DemoConfiguration = {
    host: environment.DEMO_HOST ?? "127.0.0.1",
    port: number("PORT", undefined, { min: 0, max: 65_535, whole: true }),
    replica: environment.MNO_REPLICA ?? `demo-${String(processId)}`,
    slots: number("DEMO_SLOTS", 4, { min: 1, max: 10_000, whole: true }),
    queue: number("DEMO_QUEUE", 512, { min: 0, max: 100_000, whole: true }),
    baseMs: number("DEMO_BASE_MS", 5, { min: 0, max: 60_000, whole: false }),
    msPerToken: number("DEMO_MS_PER_TOKEN", 1, { min: 0, max: 1000, whole: false }),
  };
  if (faults.length > 0) {
    throw new MnoError("MNO_CONFIG_INVALID", faults.map((f) => `${f.field} ${f.message}`).join("; "), { faults });
  }
  return configuration;
}
