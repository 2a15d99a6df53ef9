import { parseArgs } from "node:util";
import { type FieldFault, MnoError, PORTS } from "../../runtime/exports";

export interface LoadOptions {
  /** Origin of the service under load. */
  url: string;
  /** Origin of the platform's API. */
  api: string;
  workload: string;
  /** CSV file; undefined is the one in the package. */
  trace?: string;
  speed: number;
  scale: number;
  seconds?: number;
  maxTokens: number;
  maxInFlight: number;
  timeoutSeconds: number;
  sloMs: number;
  settleSeconds: number;
  /** Take the turn and reserve the replay's own use. */
  lease: boolean;
  plain: boolean;
  help: boolean;
}

export const USAGE = `Usage: npm run demo:load [-- options]

Replays a recorded trace of requests against the demo service, open loop, and shows how the five engines of the Scalability Fabric
follow: load and latency, replicas, each endpoint's share, capacity, pools, and what each engine decided last and why.
Two replays at once would measure each other: one takes its turn in the pool "demo-load", the next waits in the queue and says for whom.
What the replay itself uses of the machine it allocates from the elastic resource manager. Both are given back at the end.
  --speed X           times faster than recorded (default 60)
  --scale X           times as many requests as recorded (default 1)
  --seconds N         stop after N seconds (default: the whole trace)
  --max-tokens N      cut larger requests to N tokens; the demo service takes 1 ms a token (default 12)
  --max-in-flight N   shed what would exceed N unanswered requests (default 1024)
  --timeout N         a request has failed when not answered in N seconds (default 10)
  --slo N             latency to draw as the objective, milliseconds (default 100)
  --settle N          afterwards wait up to N seconds for the replicas to come back to the minimum (default 60)
  --url URL           the service (default http://127.0.0.1:${String(PORTS.balancer)}, the balancer)
  --api URL           the platform's API (default http://127.0.0.1:${String(PORTS.api)})
  --workload NAME     workload, and the balancer's upstream, that is shown (default demo)
  --trace FILE        CSV of TIMESTAMP,ContextTokens,GeneratedTokens (default: the Azure trace in examples/data)
  --no-lease          neither wait for the turn nor allocate anything
  --plain             one line a second instead of charts; so is everything that is not a terminal
  --help              this text
Exit code: 0; 1 when more than 1 % of the requests failed or were shed; 2 for a bad option; 130 after Ctrl-C.`;

const text = { type: "string" } as const;
const flag = { type: "boolean", default: false } as const;

/** Errors: MNO_COMMAND_LINE_INVALID with every fault and the usage. */
export function readArguments(argv: readonly string[]): LoadOptions {
  const values = parse(argv);
  const faults: FieldFault[] = [];
  const number = (option: keyof typeof values, fallback: number, min: number, whole: boolean): number => {
    const given = values[option];
    if (given === undefined) return fallback;
    const value = given === "" ? NaN : Number(given);
    if (Number.isFinite(value) && value >= min && (!whole || Number.isInteger(value))) return value;
    const kind = whole ? "a whole number" : "a number";
    faults.push({
      field: `--${option}`,
      message: `must be ${kind} of at least ${String(min)}; it is "${String(given)}"`,
    });
    return fallback;
  };
  const origin = (option: "url" | "api", fallback: string): string => {
    const given = values[option] ?? fallback;
    const url = URL.parse(given);
    if (url?.protocol === "http:" || url?.protocol === "https:") return url.origin;
    faults.push({ field: `--${option}`, message: `must be an http or https URL; it is "${given}"` });
    return fallback;
  };
  const options: LoadOptions = {
    url: origin("url", `http://127.0.0.1:${String(PORTS.balancer)}`),
    api: origin("api", `http://127.0.0.1:${String(PORTS.api)}`),
    workload: values.workload ?? "demo",
    speed: number("speed", 60, 0.01, false),
    scale: number("scale", 1, 0.001, false),
    maxTokens: number("max-tokens", 12, 0, true),
    maxInFlight: number("max-in-flight", 1024, 1, true),
    timeoutSeconds: number("timeout", 10, 0.1, false),
    sloMs: number("slo", 100, 1, false),
    settleSeconds: number("settle", 60, 0, false),
    lease: !values["no-lease"],
    plain: values.plain,
    help: values.help,
  };
  if (values.trace !== undefined) options.trace = values.trace;
  if (values.seconds !== undefined) options.seconds = number("seconds", 0, 0.1, false);
  if (faults.length > 0) throw usageError(faults.map((fault) => `${fault.field} ${fault.message}`).join("\n"), faults);
  return options;
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        speed: text,
        scale: text,
        seconds: text,
        "max-tokens": text,
        "max-in-flight": text,
        timeout: text,
        slo: text,
        settle: text,
        url: text,
        api: text,
        workload: text,
        trace: text,
        "no-lease": flag,
        plain: flag,
        help: flag,
      },
    }).values;
  } catch (error) {
    throw usageError((error as Error).message, []);
  }
}

function usageError(detail: string, faults: readonly FieldFault[]): MnoError {
  return new MnoError("MNO_COMMAND_LINE_INVALID", `${detail}\n\n${USAGE}`, { faults });
}
