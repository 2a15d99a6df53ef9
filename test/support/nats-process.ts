import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "@nats-io/transport-node";
import { freePort } from "./platform";

/** A real nats-server with JetStream on a free loopback port, over a temporary folder. */
export class NatsProcess {
  private child: ChildProcess | undefined;

  private constructor(
    private readonly folder: string,
    private readonly port: number,
  ) {}

  static async start(): Promise<NatsProcess> {
    const server = new NatsProcess(await mkdtemp(join(tmpdir(), "mno-nats-")), await freePort());
    await server.restart();
    return server;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  /** Starts the server over the same folder and waits until it answers. */
  async restart(): Promise<void> {
    const child = spawn("nats-server", ["-a", "127.0.0.1", "-p", String(this.port), "-js", "-sd", this.folder], {
      stdio: "ignore",
      env: { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin` },
    });
    this.child = child;
    const failed = once(child, "error").then(([error]: unknown[]) => {
      throw new Error("nats-server could not be started; install it (Debian, Ubuntu: apt install nats-server)", {
        cause: error,
      });
    });
    await Promise.race([failed, this.answers()]);
    failed.catch(() => undefined);
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    const child = this.child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill(signal);
    await gone;
  }

  async remove(): Promise<void> {
    await this.stop("SIGKILL");
    await rm(this.folder, { recursive: true });
  }

  private async answers(): Promise<void> {
    const connection = await connect({
      servers: this.url,
      waitOnFirstConnect: true,
      reconnectTimeWait: 50,
      maxReconnectAttempts: 200,
    });
    await connection.close();
  }
}
