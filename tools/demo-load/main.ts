import { existsSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { request } from "undici";
import { MnoError } from "../../runtime/exports";
import { monotonicClock } from "../../runtime/kernel/clock";
import { Api } from "./api";
import { type LoadOptions, readArguments, USAGE } from "./arguments";
import { Fabric } from "./fabric";
import type { Holding } from "./holding";
import { plainReporter, screenReporter } from "./reporters";
import { reserveOwnUse } from "./reservation";
import { runLoad } from "./run";
import { takeTurn } from "./run-lease";
import { scheduleOf } from "./schedule";
import { MAX_FAILED_FRACTION, summarise } from "./summary";
import { type Arrival, parseTrace } from "./trace";

const DEFAULT_TRACE = "examples/data/AzureLLMInferenceTrace_conv.csv";
const PROBE_TIMEOUT_MS = 5000;

async function main(): Promise<number> {
  const options = readArguments(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const schedule = readSchedule(options);
  await requireService(options.url);

  const interrupt = new AbortController();
  let exitCode: number | undefined;
  const onSignal = (code: number) => (): void => {
    if (exitCode !== undefined) process.exit(code); // the second time: without waiting for what is in flight
    exitCode = code;
    interrupt.abort();
  };
  process.on("SIGINT", onSignal(130));
  process.on("SIGTERM", onSignal(143));

  const api = new Api(options.api);
  const holdings = options.lease ? await hold(api, interrupt.signal) : [];
  try {
    if (exitCode !== undefined) return exitCode; // while it waited for its turn
    const since = holdings.map((holding) => holding.since).sort()[0];
    const charts = process.stdout.isTTY && !options.plain;
    const { tally, replicas, settled, fabric } = await runLoad(options, {
      schedule,
      fabric: new Fabric(api, options.workload, since),
      reporter: charts ? screenReporter(process.stdout, process.env) : plainReporter(process.stdout),
      clock: monotonicClock,
      signal: interrupt.signal,
      losses: () => holdings.flatMap(({ lost }) => lost ?? []),
    });
    const { sloMs } = options;
    process.stdout.write(`\n${summarise({ tally, sloMs, replicas, settled, decided: fabric.decided })}\n`);
    return exitCode ?? (tally.failedFraction > MAX_FAILED_FRACTION ? 1 : 0);
  } finally {
    await Promise.all(holdings.map((holding) => holding.release()));
    await api.close();
  }
}

/** The turn, and what the replay itself uses of the machine; each as far as it is to be had. */
async function hold(api: Api, signal: AbortSignal): Promise<Holding[]> {
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  const holder = `demo-load on ${hostname()}, process ${String(process.pid)}`;
  const turn = await takeTurn({ api, holder, clock: monotonicClock, signal, say });
  const reservation = signal.aborted ? undefined : await reserveOwnUse(api, monotonicClock, say);
  return [turn, reservation].filter((holding) => holding !== undefined);
}

function readSchedule(options: LoadOptions): Arrival[] {
  const path = options.trace ?? shipped(DEFAULT_TRACE, __dirname);
  let csv: string;
  try {
    csv = readFileSync(path, "utf8");
  } catch (error) {
    throw new MnoError("MNO_TRACE_INVALID", `${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  const schedule = scheduleOf(parseTrace(csv, path), options);
  if (schedule.length > 0) return schedule;
  throw new MnoError(
    "MNO_COMMAND_LINE_INVALID",
    "--scale and --seconds leave no request of the trace; raise one of them",
  );
}

/** `file` in the nearest folder above that has it: the package, whether this runs from its sources or from dist. */
function shipped(file: string, folder: string): string {
  const path = join(folder, file);
  return existsSync(path) || dirname(folder) === folder ? path : shipped(file, dirname(folder));
}

/** Errors: MNO_TARGET_UNREACHABLE. */
async function requireService(url: string): Promise<void> {
  try {
    const { body } = await request(`${url}/healthz`, {
      headersTimeout: PROBE_TIMEOUT_MS,
      bodyTimeout: PROBE_TIMEOUT_MS,
    });
    await body.dump();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const detail = `The demo service does not answer at ${url} (${code ?? message}). Start the platform with: npm start`;
    throw new MnoError("MNO_TARGET_UNREACHABLE", detail, { cause: error });
  }
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(
      `${error instanceof MnoError ? `${error.code}: ${error.message}` : String((error as Error).stack)}\n`,
    );
    process.exitCode = error instanceof MnoError && error.code === "MNO_COMMAND_LINE_INVALID" ? 2 : 1;
  },
);
