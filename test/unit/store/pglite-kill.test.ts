import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** Runs the writer until it has reported `commits` of them, kills it, and returns what it found and what it had committed. */
async function killAfter(
  folder: string,
  commits: number,
): Promise<{ rows: number; highest: number; committed: number }> {
  const writer = spawn(
    process.execPath,
    ["-r", "ts-node/register/transpile-only", join(__dirname, "writer.ts"), folder],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const exited = once(writer, "exit");
  const result = { rows: -1, highest: -1, committed: 0 };
  let seen = 0;
  for await (const line of createInterface({ input: writer.stdout })) {
    const [word, first, second] = line.split(" ");
    if (word === "found") Object.assign(result, { rows: Number(first), highest: Number(second) });
    if (word === "committed") result.committed = Number(first);
    if (++seen === commits + 1) writer.kill("SIGKILL");
  }
  assert.deepEqual(await exited, [null, "SIGKILL"]);
  return result;
}

describe("PGlite whose process is killed", function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), "mno-kill-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("has every committed row, whole batches only, and takes over the dead process's lock, round after round", async () => {
    let committed = 0;
    for (const commits of [37, 5, 150, 1]) {
      const found = await killAfter(folder, commits);
      assert.ok(found.highest >= committed, `committed ${committed}, found ${found.highest}`);
      assert.equal(found.rows, found.highest, "no row is missing in between");
      assert.equal(found.rows % 16, 0, "no half batch");
      committed = found.committed;
    }
  });
});
