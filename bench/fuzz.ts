import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { BenchRow } from "./contract";
import { printOutcome, rowsOf } from "./fuzz/report";
import type { Outcome } from "./fuzz/target";
import { targets } from "./fuzz/targets";
import type { Order } from "./fuzz/worker";

const INPUTS = 1_000_000;
const SEED = 20_261_123;
const THREADS = 2;
/** Of a thread: what an input makes a reader hold on to beyond this ends the thread, and the run. */
const HEAP_MEGABYTES = 512;

/**
 * Every reader of what others wrote, with mutants of well-formed inputs: nothing but coded errors, no polluted prototype, bounded time and
 * memory, round trips. MNO_FUZZ_INPUTS: how many a target (1,000,000); MNO_FUZZ_SEED; MNO_FUZZ_TARGETS: names, or parts of
 * names, separated by commas.
 */
export async function run(): Promise<BenchRow[]> {
  const inputs = Number(process.env.MNO_FUZZ_INPUTS ?? INPUTS);
  const seed = Number(process.env.MNO_FUZZ_SEED ?? SEED);
  if (!Number.isSafeInteger(inputs) || inputs < 1) throw new Error("MNO_FUZZ_INPUTS must be a number of at least 1");
  const wanted = (process.env.MNO_FUZZ_TARGETS ?? "").split(",");
  const chosen = targets().filter(({ name }) => wanted.some((part) => name.includes(part)));
  // What takes longest first, so that the threads end together.
  const orders = chosen
    .toSorted((a, b) => (a.share ?? 1) - (b.share ?? 1))
    .map(({ name, share = 1 }): Order => ({ target: name, inputs: Math.max(1, Math.round(inputs * share)), seed }));
  const outcomes: Outcome[] = [];
  await Promise.all(
    Array.from({ length: THREADS }, async () => {
      for await (const outcome of work(orders)) {
        printOutcome(outcome);
        outcomes.push(outcome);
      }
    }),
  );
  const found = outcomes.filter(({ findings }) => findings.length > 0).map(({ name }) => name);
  if (found.length > 0) throw new Error(`findings in ${found.join(", ")}: see above`);
  return rowsOf(outcomes.toSorted((a, b) => a.name.localeCompare(b.name)));
}

/** A thread that takes orders until there are none. */
async function* work(orders: Order[]): AsyncGenerator<Outcome> {
  const worker = new Worker(join(__dirname, "fuzz", "worker.ts"), {
    execArgv: ["--require", "ts-node/register/transpile-only"],
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MEGABYTES },
  });
  try {
    for (let order = orders.shift(); order !== undefined; order = orders.shift()) {
      const { target } = order;
      yield await new Promise<Outcome>((resolve, reject) => {
        worker.removeAllListeners();
        worker.once("message", resolve);
        worker.once("error", (error) => reject(new Error(`${target}: ${String(error)}`, { cause: error })));
        worker.postMessage(order);
      });
    }
  } finally {
    await worker.terminate();
  }
}
