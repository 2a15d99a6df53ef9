import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { ROOT } from "../../support/platform";

/** The demo job as the supervisor runs it. */
async function run(environment: Record<string, string>): Promise<{ code: number; out: string; seconds: number }> {
  const program = join(ROOT, "examples/demo-job/main.ts");
  const child = spawn(process.execPath, ["-r", "ts-node/register/transpile-only", program], {
    cwd: ROOT,
    env: { ...process.env, ...environment },
  });
  let out = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (out += chunk.toString()));
  const begun = performance.now();
  const [code] = (await once(child, "close")) as [number];
  return { code, out, seconds: (performance.now() - begun) / 1000 };
}

describe("the demo job", function () {
  this.timeout(30_000);

  it("works for as long as it is told to, says what it made, and ends well", async () => {
    const { code, out, seconds } = await run({ DEMO_JOB_SECONDS: "0.5" });
    assert.equal(code, 0, out);
    const line = JSON.parse(out) as { message: string };
    assert.match(line.message, /^hashed \d+ MiB in 0\.5 s: [0-9a-f]{16}$/);
    assert.ok(seconds >= 0.5);
  });

  it("refuses a length that is none", async () => {
    for (const wrong of ["0", "-1", "soon", "1e9"]) {
      const { code, out } = await run({ DEMO_JOB_SECONDS: wrong });
      assert.equal(code, 2);
      assert.match(out, /DEMO_JOB_SECONDS must be a number above 0/);
    }
  });
});
