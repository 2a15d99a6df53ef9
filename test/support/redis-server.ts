import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./platform";

const PROGRAM = "/usr/bin/redis-server";

/** A server of its own on a random loopback port; what it holds survives `stop` and `start` (an RDB file at SIGTERM). */
export class RedisServer {
  private readonly folder = mkdtempSync(join(tmpdir(), "mno-redis-"));
  private port = 0;
  process: ChildProcess | undefined;

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    assert.ok(existsSync(PROGRAM), `no ${PROGRAM}: apt-get install redis-server`);
    this.port ||= await freePort();
    const options = ["--port", String(this.port), "--bind", "127.0.0.1", "--dir", this.folder, "--save", "3600 1"];
    this.process = spawn(PROGRAM, options, { stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    for await (const chunk of this.process.stdout!.iterator({ destroyOnReturn: false })) {
      output += String(chunk);
      if (output.includes("eady to accept connections")) {
        this.process.stdout!.resume();
        return;
      }
    }
    throw new Error(`redis-server did not start:\n${output}`);
  }

  async stop(): Promise<void> {
    if (this.process?.exitCode !== null) return;
    const exited = once(this.process, "exit");
    this.process.kill("SIGCONT");
    this.process.kill("SIGTERM");
    await exited;
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
