/** Worker threads for CPU-bound work, so that no decision holds up another request's event loop. */
export interface WorkerPool {
  /** Runs the default export of `module` (an absolute path) on a worker thread; input and result are structured-cloned. */
  run<Input, Output>(module: string, input: Input, options?: { signal?: AbortSignal }): Promise<Output>;
  close(): Promise<void>;
}
