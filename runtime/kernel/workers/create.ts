import { availableParallelism } from "node:os";
import { extname } from "node:path";
import { Piscina } from "piscina";
import type { Logger } from "pino";
import type { WorkerPool } from "./pool";

/** Milliseconds after which an idle thread ends. */
const IDLE_TIMEOUT = 10_000;

export interface WorkerPoolOptions {
  /** Default: one less than the CPUs there are, for the event loop has one; at least 1. */
  maxThreads?: number;
  log: Logger;
}

/**
 * Threads start with the first task and end when idle, so a pool that nobody uses has none. A module that throws, a thread
 * that crashes or calls process.exit rejects its own task and no other. An error's message and stack come back, other
 * members do not (structured clone), so throw coded errors on this side. An abort rejects with the signal's reason and ends
 * the thread that was at it. `close` refuses new tasks and waits for those there are.
 */
export function createWorkerPool(options: WorkerPoolOptions): WorkerPool {
  return new PiscinaWorkerPool(options);
}

class PiscinaWorkerPool implements WorkerPool {
  private readonly pools = new Map<string, Piscina>();
  private readonly running = new Set<Promise<unknown>>();
  private closing: Promise<void> | undefined;

  constructor(private readonly options: WorkerPoolOptions) {}

  async run<Input, Output>(module: string, input: Input, { signal }: { signal?: AbortSignal } = {}): Promise<Output> {
    if (this.closing) throw new Error("The worker pool is closed");
    signal?.throwIfAborted();
    const task = this.poolFor(module).run(input, { filename: module, ...(signal && { signal }) }) as Promise<Output>;
    this.running.add(task);
    try {
      return await task;
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    } finally {
      this.running.delete(task);
    }
  }

  close(): Promise<void> {
    this.closing ??= this.drain();
    return this.closing;
  }

  /** Piscina's own close ends the threads while tasks are still queued. */
  private async drain(): Promise<void> {
    await Promise.allSettled(this.running);
    await Promise.all([...this.pools.values()].map((pool) => pool.destroy()));
  }

  /** One pool per kind of source: TypeScript, as tests and `npm start` from a checkout run it, has to be compiled in the thread too. */
  private poolFor(module: string): Piscina {
    const kind = extname(module);
    const existing = this.pools.get(kind);
    if (existing) return existing;
    const pool = new Piscina({
      minThreads: 0,
      maxThreads: this.options.maxThreads ?? Math.max(1, availableParallelism() - 1),
      idleTimeout: IDLE_TIMEOUT,
      execArgv: kind === ".ts" ? ["-r", require.resolve("ts-node/register/transpile-only")] : [],
    });
    // A thread that ends outside any task; its replacement starts with the next.
    pool.on("error", (error) => this.options.log.error({ err: error as Error }, "a worker thread failed while idle"));
    this.pools.set(kind, pool);
    return pool;
  }
}
