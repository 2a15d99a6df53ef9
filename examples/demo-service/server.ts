import { systemClock } from "../../runtime/kernel/clock";
import { MnoError } from "../../runtime/exports";
import { readDemoConfiguration } from "./configuration";
import { DemoService } from "./service";

/** One line of the log, JSON with Elastic Common Schema keys. A logger would be most of the time that a replica takes to start. */
function log(level: "info" | "error", message: string): void {
  const line = { "@timestamp": new Date().toISOString(), "log.level": level, message, "service.name": "demo-service" };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function main(): Promise<void> {
  const configuration = readDemoConfiguration(process.env, process.pid);
  const service = new DemoService(configuration, {
    now: () => performance.now(),
    sleep: (...timing) => systemClock.sleep(...timing),
  });
  let draining = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (draining) return;
    draining = true;
    log("info", `${signal}: draining`);
    void service.drain().then(() => {
      log("info", "drained");
      process.exit(0);
    });
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  log("info", `${configuration.replica} listens on http://${configuration.host}:${String(await service.listen())}`);
}

main().catch((error: unknown) => {
  log("error", error instanceof MnoError ? `${error.code}: ${error.message}` : String((error as Error).stack));
  process.exit(1);
});
