import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { join } from "node:path";

/** The `random` provider of the tests, for Pulumi to attach to: its plugin is a vendor's download. */
export class RandomProvider {
  private constructor(
    private readonly child: ChildProcess,
    /** What PULUMI_DEBUG_PROVIDERS takes. */
    readonly address: string,
  ) {}

  static async start(): Promise<RandomProvider> {
    // The engine's address comes by Attach; the command line wants one all the same.
    const child = spawn(process.execPath, [join(__dirname, "..", "random-provider.js"), "127.0.0.1:1"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    for await (const line of createInterface({ input: child.stdout })) {
      return new RandomProvider(child, `random:${line}`);
    }
    throw new Error("the random provider ended before it said its port");
  }

  async close(): Promise<void> {
    const ended = once(this.child, "exit");
    this.child.kill();
    await ended;
  }
}
