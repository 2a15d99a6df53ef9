import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { acquireProcessLock, lockHolder } from "../../../runtime/kernel/process-lock";

describe("process lock", () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "mno-lock-"));
    file = join(folder, "mno.lock");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const take = (): (() => void) => acquireProcessLock(file, "a test");
  const isLockedBy = (pid: number) => (error: unknown) => {
    const { code, message } = error as { code: string; message: string };
    return (
      code === "MNO_STATE_LOCKED" &&
      message.includes(`a test (process ${String(pid)}, since `) &&
      message.includes(file)
    );
  };

  it("names this process and leaves nothing behind once released", () => {
    const release = take();
    assert.equal((JSON.parse(readFileSync(file, "utf8")) as { pid: number }).pid, process.pid);
    assert.deepEqual(readdirSync(folder), ["mno.lock"]);
    release();
    release();
    assert.deepEqual(readdirSync(folder), []);
  });

  it("refuses a second holder, in this process too, and says who holds it", () => {
    const release = take();
    assert.throws(take, isLockedBy(process.pid));
    assert.deepEqual(readdirSync(folder), ["mno.lock"]);
    release();
    take()();
  });

  it("respects another living process and takes over once it is gone", async () => {
    const holder = spawn(
      process.execPath,
      [
        "-r",
        "ts-node/register/transpile-only",
        "-e",
        `require(${JSON.stringify(join(__dirname, "../../../runtime/kernel/process-lock"))}).acquireProcessLock(process.argv[1], "a test");
         process.stdout.write("held"); setInterval(() => {}, 1000);`,
        file,
      ],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    const exited = once(holder, "exit");
    await once(holder.stdout, "data");
    assert.throws(take, isLockedBy(holder.pid!));
    holder.kill("SIGKILL");
    await exited;
    assert.ok(existsSync(file));
    take()();
  });

  it("takes over from a pid that now belongs to a process with another start time", () => {
    writeFileSync(file, JSON.stringify({ pid: process.pid, startedAt: "1" }));
    assert.equal(lockHolder(file), undefined);
    take()();
  });

  for (const content of ["", "{", "null", '{"pid":"x"}']) {
    it(`takes over a lock that no process can have written whole: ${JSON.stringify(content)}`, () => {
      writeFileSync(file, content);
      take()();
    });
  }

  it("does not remove a lock that another process has taken over since", () => {
    const release = take();
    writeFileSync(file, JSON.stringify({ pid: process.ppid }));
    release();
    assert.ok(existsSync(file));
  });
});
