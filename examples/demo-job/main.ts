import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * A batch job to be moved about: hashes for DEMO_JOB_SECONDS (20 without it) at a quarter of a core, says what it made, and
 * ends. It keeps nothing, so that it may run again and again.
 */
const SHARE_OF_A_CORE = 0.25;
const TURN_MILLISECONDS = 40;
const BLOCK = Buffer.alloc(64 * 1024, 7);

function log(message: string): void {
  const line = { "@timestamp": new Date().toISOString(), "log.level": "info", message, "service.name": "demo-job" };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function main(): Promise<void> {
  const seconds = Number(process.env.DEMO_JOB_SECONDS ?? "20");
  if (!(seconds > 0 && seconds <= 3600)) throw new Error("DEMO_JOB_SECONDS must be a number above 0 and at most 3600");
  const end = performance.now() + seconds * 1000;
  const hash = createHash("sha256");
  let blocks = 0;
  while (performance.now() < end) {
    const turn = performance.now() + TURN_MILLISECONDS * SHARE_OF_A_CORE;
    while (performance.now() < turn) {
      hash.update(BLOCK);
      blocks += 1;
    }
    await sleep(TURN_MILLISECONDS * (1 - SHARE_OF_A_CORE));
  }
  const mebibytes = (blocks * BLOCK.length) / 2 ** 20;
  log(`hashed ${mebibytes.toFixed(0)} MiB in ${String(seconds)} s: ${hash.digest("hex").slice(0, 16)}`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(2);
});
