import { threadId } from "node:worker_threads";

/** What the pool's tests have done on a worker thread. */
export interface Task {
  kind: "add" | "thread" | "throw" | "exit" | "crash" | "spin" | "wait";
  numbers?: number[];
  /** Set to 1 at the start; "wait" goes on when the second becomes 1. */
  shared?: SharedArrayBuffer;
}

export default async function run({ kind, numbers = [], shared }: Task): Promise<number> {
  const flags = shared && new Int32Array(shared);
  if (flags) {
    Atomics.store(flags, 0, 1);
    Atomics.notify(flags, 0);
  }
  switch (kind) {
    case "add":
      return numbers.reduce((sum, number) => sum + number, 0);
    case "thread":
      return threadId;
    case "throw":
      throw new RangeError("on purpose");
    case "exit":
      process.exit(3);
      break;
    case "crash":
      setImmediate(() => {
        throw new Error("crashed on purpose");
      });
      return new Promise(() => undefined);
    case "spin":
      for (;;);
    case "wait":
      Atomics.wait(flags!, 1, 0);
      return 1;
  }
}
