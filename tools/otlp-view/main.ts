import { closeSync, openSync, writeSync } from "node:fs";
import { parseArgs } from "node:util";
import { MnoError } from "../../runtime/exports";
import { createReceiver } from "./receiver";
import { renderTrace } from "./render";
import { toJsonLine } from "./spans";

const QUIET_MS = 2000;
const LOOK_EVERY_MS = 250;

const USAGE = `Usage: npm run traces [-- --port N --out FILE]

Receives OpenTelemetry traces (OTLP/HTTP, JSON) on loopback and prints each one as a tree once it was quiet for 2 s.
  --port N     TCP port, 0 takes a free one (default 4318)
  --out FILE   appends every span to FILE, one JSON object a line
  --help       this text`;

interface Options {
  port: number;
  out?: string;
  help: boolean;
}

function readOptions(argv: string[]): Options {
  try {
    const { values } = parseArgs({
      args: argv,
      options: { port: { type: "string" }, out: { type: "string" }, help: { type: "boolean", default: false } },
    });
    const port = Number(values.port ?? "4318");
    if (values.port === "" || !Number.isInteger(port) || port < 0 || port > 65_535) {
      throw new Error(`--port must be a whole number from 0 to 65535; it is "${String(values.port)}"`);
    }
    return { port, help: values.help, ...(values.out === undefined ? {} : { out: values.out }) };
  } catch (error) {
    throw new MnoError("MNO_COMMAND_LINE_INVALID", `${(error as Error).message}\n\n${USAGE}`, { cause: error });
  }
}

function openOutput(path: string): number {
  try {
    return openSync(path, "a");
  } catch (error) {
    const detail = `--out ${path} cannot be written: ${(error as Error).message}`;
    throw new MnoError("MNO_COMMAND_LINE_INVALID", detail, { cause: error });
  }
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options.help) return void process.stdout.write(`${USAGE}\n`);
  const out = options.out === undefined ? undefined : openOutput(options.out);
  const receiver = await createReceiver({
    port: options.port,
    onSpans: (spans) => {
      if (out !== undefined && spans.length > 0) writeSync(out, `${spans.map(toJsonLine).join("\n")}\n`);
    },
  });
  const print = (quietMs: number): void => {
    for (const tree of receiver.takeQuiet(quietMs)) process.stdout.write(`${renderTrace(tree)}\n\n`);
  };
  const looking = setInterval(() => print(QUIET_MS), LOOK_EVERY_MS);
  process.stdout.write(
    `Waiting for traces on ${receiver.url}/v1/traces. Point a process at it: OTEL_EXPORTER_OTLP_ENDPOINT=${receiver.url}\n\n`,
  );
  const stop = (): void => {
    clearInterval(looking);
    print(0); // what has come so far, quiet or not
    void receiver.close().then(() => {
      if (out !== undefined) closeSync(out);
    });
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
}

main().catch((error: unknown) => {
  process.stderr.write(
    `${error instanceof MnoError ? `${error.code}: ${error.message}` : String((error as Error).stack)}\n`,
  );
  process.exitCode = error instanceof MnoError && error.code === "MNO_COMMAND_LINE_INVALID" ? 2 : 1;
});
