import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { Pool } from "undici";

const ROOT = resolve(__dirname, "../../..");
const SERVER = resolve(ROOT, "examples/demo-service/server.ts");

/** Starts the service as its users do, as a process of its own, and resolves with its URL once it listens. */
async function startServer(environment: Record<string, string>): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, ["-r", "ts-node/register/transpile-only", SERVER], {
    cwd: ROOT,
    env: { ...process.env, PORT: "0", ...environment },
    stdio: ["ignore", "pipe", "inherit"],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
    if (url !== undefined) return { child, url };
  }
  throw new Error("the demo service ended without listening");
}

/** Requests that the service has taken so far, answered or not. */
async function arrived(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const counts = text.matchAll(/^(?:http_requests_total\{.*\}|demo_requests_in_flight) (\d+)$/gm);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}

describe("demo service: as a process", () => {
  it("drops nothing that is in flight when it is told to stop, and exits 0", async () => {
    const { child, url } = await startServer({ DEMO_SLOTS: "4", DEMO_BASE_MS: "100", DEMO_MS_PER_TOKEN: "0" });
    const pool = new Pool(url, { connections: 64 });
    try {
      const exited = once(child, "exit");
      const answers = Array.from({ length: 40 }, () => pool.request({ path: "/", method: "GET" }));
      // A connection that the server has not taken yet is no request in flight: all have arrived, and one at least is answered.
      while ((await arrived(url)) < answers.length) await answers[0];
      child.kill("SIGTERM");
      const codes = [];
      for (const answer of await Promise.all(answers)) {
        codes.push(answer.statusCode);
        await answer.body.dump();
      }
      assert.deepEqual(
        codes,
        Array.from({ length: 40 }, () => 200),
      );
      assert.deepEqual(await exited, [0, null]);
    } finally {
      child.kill("SIGKILL");
      await pool.destroy();
    }
  });

  it("says what is wrong with its configuration and exits 1", async () => {
    const child = spawn(process.execPath, ["-r", "ts-node/register/transpile-only", SERVER], {
      cwd: ROOT,
      env: { ...process.env, PORT: "none" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const lines: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) lines.push(line);
    if (child.exitCode === null) await once(child, "exit");
    assert.equal(child.exitCode, 1);
    assert.match(lines.join("\n"), /MNO_CONFIG_INVALID: PORT must be a whole number from 0 to 65535; it is \\"none\\"/);
  });
});
