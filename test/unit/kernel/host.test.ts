import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually, ROOT } from "../../support/platform";

interface Index {
  engines: { name: string; state: string; restarts: number }[];
}

/** A real process with real infrastructure: faults that nobody caught cannot be tried inside the test runner. */
describe("host", function () {
  this.timeout(60_000);
  let child: ChildProcess;
  let url: string;
  let stderr = "";
  const state = mkdtempSync(join(tmpdir(), "mno-host-"));

  before(async () => {
    child = spawn(
      process.execPath,
      ["-r", "ts-node/register/transpile-only", join(ROOT, "test/support/host-child.ts")],
      {
        cwd: ROOT,
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...process.env, MNO_STATE_DIR: state, MNO_DATABASE_URL: "pglite:memory", MNO_HTTP_PORT: "0" },
      },
    );
    child.stderr?.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    const [line] = (await once(child.stdout!, "data")) as [Buffer];
    url = line.toString().trim();
    await eventually("readiness", 40, async () => ((await fetch(`${url}/readyz`)).status === 200 ? true : undefined));
  });

  after(() => {
    child.kill("SIGKILL");
    rmSync(state, { recursive: true, force: true });
  });

  const post = (path: string): Promise<Response> => fetch(`${url}/auto-scaling-engine${path}`, { method: "POST" });
  const restarts = async (): Promise<number[]> =>
    ((await (await fetch(url)).json()) as Index).engines.map((e) => e.restarts);

  it("answers a handler's fault with a problem that tells nothing secret", async () => {
    const response = await post("/throw");
    const problem = (await response.json()) as { code: string };
    assert.equal(response.status, 500);
    assert.equal(problem.code, "MNO_INTERNAL");
    assert.ok(!JSON.stringify(problem).includes("secret"));
    assert.deepEqual(await restarts(), [0, 0]);
  });

  it("keeps a failing loop to itself, and counts its failures", async () => {
    const metrics = await (await fetch(`${url}/metrics`)).text();
    assert.match(metrics, /mno_agent_loop_failures_total\{engine="auto-scaling-engine",loop="loop"\} [1-9]/);
    assert.deepEqual(await restarts(), [0, 0]);
  });

  for (const [number, path, what] of [
    [1, "/stray", "an exception in a timer"],
    [2, "/reject", "a rejection that nobody handles"],
  ] as const) {
    it(`restarts only the agent that raised ${what}`, async () => {
      const { pid } = (await (await fetch(`${url}/elastic-resource-manager/ping`)).json()) as { pid: number };
      await post(path);
      await eventually("the restart", 20, async () => ((await restarts())[1] === number ? true : undefined));
      const meanwhile = (await (await fetch(`${url}/elastic-resource-manager/ping`)).json()) as { pid: number };
      assert.equal(meanwhile.pid, pid, "the process changed");
      await eventually("the agent again", 20, async () => {
        const response = await fetch(`${url}/auto-scaling-engine/ping`);
        if (response.status === 503)
          assert.equal(((await response.json()) as { code: string }).code, "MNO_AGENT_UNAVAILABLE");
        return response.status === 200 ? true : undefined;
      });
      assert.deepEqual(await restarts(), [0, number]);
      assert.equal(stderr.match(/troubled was cleaned up/g)?.length, number);
    });
  }

  it("is not ready while a check of an agent fails, and says which", async () => {
    await post("/sulk");
    const response = await fetch(`${url}/readyz`);
    assert.equal(response.status, 503);
    assert.deepEqual(((await response.json()) as { faults: unknown }).faults, {
      "auto-scaling-engine.mood": "in a bad mood",
    });
  });

  it("drains on SIGTERM: what is at work is answered, then the process ends with 0", async () => {
    const slow = fetch(`${url}/elastic-resource-manager/slow`);
    await new Promise((resolve) => setTimeout(resolve, 200));
    child.kill("SIGTERM");
    assert.equal((await slow).status, 200);
    const [code] = (await once(child, "exit")) as [number];
    assert.equal(code, 0);
    await assert.rejects(fetch(url));
  });
});
