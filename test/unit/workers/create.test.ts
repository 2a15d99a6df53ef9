import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { threadId } from "node:worker_threads";
import pino from "pino";
import { createWorkerPool } from "../../../runtime/kernel/workers/create";
import type { WorkerPool } from "../../../runtime/kernel/workers/pool";
import type { Task } from "./task";

const MODULE = join(__dirname, "task.ts");

/** Resolves when the task that was given the memory runs. */
async function started(shared: SharedArrayBuffer): Promise<void> {
  const outcome = Atomics.waitAsync(new Int32Array(shared), 0, 0);
  if (outcome.async) await outcome.value;
}

function release(shared: SharedArrayBuffer): void {
  const flags = new Int32Array(shared);
  Atomics.store(flags, 1, 1);
  Atomics.notify(flags, 1);
}

describe("worker pool", () => {
  let pool: WorkerPool;
  const run = (task: Task, signal?: AbortSignal): Promise<number> =>
    pool.run<Task, number>(MODULE, task, signal && { signal });

  beforeEach(() => (pool = createWorkerPool({ maxThreads: 2, log: pino({ level: "silent" }) })));
  afterEach(() => pool.close());

  it("has no thread until the first task, which runs on one", async () => {
    let threads = 0;
    const count = (): void => void (threads += 1);
    process.on("worker", count);
    try {
      const idle = createWorkerPool({ log: pino({ level: "silent" }) });
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(threads, 0);
      await idle.close();
      assert.notEqual(await run({ kind: "thread" }), threadId);
      assert.equal(threads, 1);
    } finally {
      process.off("worker", count);
    }
  });

  it("runs the default export of a TypeScript module", async () => {
    assert.equal(await run({ kind: "add", numbers: [1, 2, 3] }), 6);
  });

  it("runs a built module without a compiler in its thread", async () => {
    const folder = mkdtempSync(join(tmpdir(), "mno-worker-"));
    // As tsc and esbuild leave a default export.
    const built = `Object.defineProperty(exports, "__esModule", { value: true });
      exports.default = (input) => ({ input, compiler: Object.keys(require.cache).some((file) => file.includes("ts-node")) });`;
    try {
      writeFileSync(join(folder, "built.js"), built);
      const result = await pool.run(join(folder, "built.js"), { dates: [new Date(0)] });
      assert.deepEqual(result, { input: { dates: [new Date(0)] }, compiler: false });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("rejects with the module's error and goes on", async () => {
    await assert.rejects(run({ kind: "throw" }), { name: "RangeError", message: "on purpose" });
    assert.equal(await run({ kind: "add", numbers: [1] }), 1);
  });

  it("rejects for a module that is not there, by name", async () => {
    await assert.rejects(pool.run(join(__dirname, "absent.js"), {}), /absent\.js/);
  });

  for (const kind of ["exit", "crash"] as const) {
    it(`rejects one task alone when its thread ends (${kind})`, async () => {
      const shared = new SharedArrayBuffer(8);
      const other = run({ kind: "wait", shared });
      await started(shared);
      await assert.rejects(run({ kind }));
      release(shared);
      assert.equal(await other, 1);
      assert.equal(await run({ kind: "add", numbers: [2] }), 2);
    });
  }

  it("aborts a task that runs, with the signal's reason, and goes on", async () => {
    const shared = new SharedArrayBuffer(8);
    const controller = new AbortController();
    const reason = new Error("no longer needed");
    const spinning = run({ kind: "spin", shared }, controller.signal);
    await started(shared);
    controller.abort(reason);
    await assert.rejects(spinning, (error) => error === reason);
    assert.equal(await run({ kind: "add", numbers: [3] }), 3);
  });

  it("aborts a task that waits for a thread, and one that was aborted before", async () => {
    const busy = [new SharedArrayBuffer(8), new SharedArrayBuffer(8)];
    const running = busy.map((shared) => run({ kind: "wait", shared }));
    await Promise.all(busy.map(started));
    const controller = new AbortController();
    const reason = new Error("no longer needed");
    const queued = run({ kind: "spin" }, controller.signal);
    controller.abort(reason);
    await assert.rejects(queued, (error) => error === reason);
    await assert.rejects(run({ kind: "spin" }, controller.signal), (error) => error === reason);
    busy.forEach(release);
    assert.deepEqual(await Promise.all(running), [1, 1]);
  });

  it("drains at close: running and queued tasks end, new ones are refused", async () => {
    const busy = Array.from({ length: 3 }, () => new SharedArrayBuffer(8));
    const running = busy.map((shared) => run({ kind: "wait", shared }));
    await Promise.all(busy.slice(0, 2).map(started));
    const closed = pool.close();
    await assert.rejects(run({ kind: "add" }), /closed/);
    busy.forEach(release);
    await closed;
    assert.deepEqual(await Promise.all(running), [1, 1, 1]);
    await pool.close();
  });
});
