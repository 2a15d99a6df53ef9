import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { backboneConfig, type BackboneLayout, type BackboneSettings, PORTS } from "../../components/events/config";
import { certificates } from "./cache-processes";

const PROGRAM = "/usr/sbin/nats-server";

export const BACKBONE: Omit<BackboneSettings, "name" | "hosts"> = {
  storageBytes: 512 * 1024 ** 2,
  memoryBytes: 256 * 1024 ** 2,
  maxPayloadBytes: 1024 ** 2,
  accounts: [
    { name: "mno", password: "mno-password-of-length" },
    { name: "guest", password: "guest-password-of-length" },
  ],
  systemPassword: "system-password-of-length",
  routePassword: "route-password/of-length",
  encryptionKey: "encryption-key-of-length",
  acceptsLeafNodes: false,
  remotes: [],
};

/** Servers of an EventBackbone as processes of this machine: the component's own configuration, with Debian's nats-server. */
export class BackboneProcesses {
  readonly folder = mkdtempSync(join(tmpdir(), "mno-backbone-"));
  /** The ports are fixed, so each test process takes loopback addresses of its own. */
  readonly hosts: string[];
  private readonly children = new Map<string, ChildProcess>();

  constructor(
    readonly name: string,
    network: number,
    count: number,
    private readonly settings: Partial<BackboneSettings> = {},
  ) {
    assert.ok(existsSync(PROGRAM), `no ${PROGRAM}: apt-get install nats-server`);
    this.hosts = Array.from(
      { length: count },
      (_, index) => `127.${100 + network}.${process.pid % 250}.${index + 1 + ((process.pid >> 8) % 200)}`,
    );
    certificates(join(this.folder, "tls"), this.hosts);
    for (const host of this.hosts) {
      for (const part of ["data", "run"]) mkdirSync(join(this.folder, host, part), { recursive: true });
    }
    this.write();
  }

  get ca(): string {
    return readFileSync(join(this.folder, "tls", "ca.crt"), "utf8");
  }

  /** What `nats-server -t` says of a host's file; throws where it refuses it. */
  test(host: string): string {
    return execFileSync(PROGRAM, ["-t", "-c", this.file(host)], {
      env: { POD_NAME: host },
      stdio: "pipe",
      encoding: "utf8",
    });
  }

  start(host: string): void {
    const child = spawn(PROGRAM, ["--config", this.file(host), "--log", join(this.folder, host, "log")], {
      stdio: "ignore",
      env: { POD_NAME: `${this.name}-${this.hosts.indexOf(host)}` },
    });
    this.children.set(host, child);
  }

  startAll(): void {
    for (const host of this.hosts) this.start(host);
  }

  /** Sends the signals one after another and waits for the end. */
  async stop(host: string, ...signals: NodeJS.Signals[]): Promise<void> {
    const child = this.children.get(host);
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    for (const signal of signals) child.kill(signal);
    await gone;
  }

  /** The command of the pod's preStop hook. */
  drain(host: string): void {
    execFileSync(PROGRAM, ["--signal", `ldm=${join(this.folder, host, "run", "nats.pid")}`]);
  }

  log(host: string): string {
    return readFileSync(join(this.folder, host, "log"), "utf8");
  }

  async healthy(host: string): Promise<boolean> {
    const answer = await fetch(`http://${host}:${PORTS.monitor}/healthz?js-enabled-only=true`).catch(() => undefined);
    return answer?.status === 200;
  }

  connect(options: { user?: string; pass?: string; hosts?: string[] } = {}): Promise<NatsConnection> {
    const { hosts = this.hosts, user = "mno", pass = "mno-password-of-length" } = options;
    return connect({
      servers: hosts.map((host) => `${host}:${PORTS.client}`),
      tls: { ca: this.ca },
      user,
      pass,
      reconnectTimeWait: 50,
      maxReconnectAttempts: -1,
      waitOnFirstConnect: false,
    });
  }

  async remove(): Promise<void> {
    await Promise.all(this.hosts.map((host) => this.stop(host, "SIGKILL")));
    rmSync(this.folder, { recursive: true, force: true });
  }

  private file(host: string): string {
    return join(this.folder, host, "nats.conf");
  }

  private write(): void {
    for (const host of this.hosts) {
      const layout: BackboneLayout = {
        data: join(this.folder, host, "data"),
        run: join(this.folder, host, "run"),
        tls: join(this.folder, "tls"),
        remotes: join(this.folder, "remotes"),
        listen: host,
      };
      const text = backboneConfig(layout, { ...BACKBONE, ...this.settings, name: this.name, hosts: this.hosts });
      writeFileSync(this.file(host), text);
    }
  }
}
