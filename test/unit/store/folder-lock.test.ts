import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lockFolder } from "../../../runtime/kernel/store/folder-lock";

describe("folder lock", () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "mno-lock-"));
    file = join(folder, "mno.lock");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const isLockedBy = (pid: number) => (error: unknown) => {
    const { code, message } = error as { code: string; message: string };
    return code === "MNO_STORE_LOCKED" && message.includes(`Process ${pid} `) && message.includes(file);
  };

  it("names this process and leaves nothing behind once released", () => {
    const lock = lockFolder(folder);
    assert.equal((JSON.parse(readFileSync(file, "utf8")) as { pid: number }).pid, process.pid);
    assert.deepEqual(readdirSync(folder), ["mno.lock"]);
    lock.release();
    lock.release();
    assert.deepEqual(readdirSync(folder), []);
  });

  it("refuses a second holder, in this process too, and says who holds it", () => {
    const lock = lockFolder(folder);
    assert.throws(() => lockFolder(folder), isLockedBy(process.pid));
    assert.deepEqual(readdirSync(folder), ["mno.lock"]);
    lock.release();
    lockFolder(folder).release();
  });

  it("respects another living process and takes over once it is gone", async () => {
    const holder = spawn(
      process.execPath,
      [
        "-r",
        "ts-node/register/transpile-only",
        "-e",
        `require(${JSON.stringify(join(__dirname, "../../../runtime/kernel/store/folder-lock"))}).lockFolder(process.argv[1]);
         process.stdout.write("held"); setInterval(() => {}, 1000);`,
        folder,
      ],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    const exited = once(holder, "exit");
    await once(holder.stdout, "data");
    assert.throws(() => lockFolder(folder), isLockedBy(holder.pid!));
    holder.kill("SIGKILL");
    await exited;
    assert.ok(existsSync(file));
    lockFolder(folder).release();
  });

  it("takes over from a pid that now belongs to a process with another start time", function () {
    // Only Linux tells start times; elsewhere a used-again pid counts as the holder, which is the safe side.
    const expected = existsSync("/proc/self/stat");
    writeFileSync(file, JSON.stringify({ pid: process.pid, startTicks: "1" }));
    if (expected) lockFolder(folder).release();
    else assert.throws(() => lockFolder(folder), isLockedBy(process.pid));
  });

  for (const content of ["", "{", "null", '{"pid":"x"}']) {
    it(`takes over a lock that no process can have written whole: ${JSON.stringify(content)}`, () => {
      writeFileSync(file, content);
      lockFolder(folder).release();
    });
  }

  it("does not remove a lock that another process has taken over since", () => {
    const lock = lockFolder(folder);
    writeFileSync(file, JSON.stringify({ pid: process.ppid }));
    lock.release();
    assert.ok(existsSync(file));
  });
});
