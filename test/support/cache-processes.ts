import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { type CacheLayout, type CachePasswords, secretFiles, type ServerSettings } from "../../components/cache/config";
import { startScript } from "../../components/cache/start";
import { freePort } from "./platform";

export const PASSWORDS: CachePasswords = {
  application: "application-password-of-length",
  replication: "replication-password-of-length",
  sentinel: "sentinel-password-of-length-x",
  exporter: "exporter-password-of-length-x",
};

/** Loopback addresses stand for the pods' names. */
const HOSTS = ["127.0.0.11", "127.0.0.12", "127.0.0.13"];

/** Pods of a Cache as processes of this machine: the component's own files and start-up script, with Debian's redis-server. */
export class CacheProcesses {
  private readonly folder = mkdtempSync(join(tmpdir(), "mno-cache-"));
  private readonly children = new Map<string, ChildProcess>();
  readonly hosts = HOSTS;
  private ports: [number, number] = [0, 0];

  constructor(
    private readonly settings: ServerSettings,
    private readonly encrypted: boolean,
  ) {}

  get ca(): string | undefined {
    return this.encrypted ? readFileSync(join(this.folder, "tls", "ca.crt"), "utf8") : undefined;
  }

  get url(): string {
    const sentinels = this.hosts.map((host) => `${host}:${this.ports[1]}`).join(",");
    return `${this.encrypted ? "rediss" : "redis"}+sentinel://mno:${PASSWORDS.application}@${sentinels}/mno`;
  }

  async start(): Promise<void> {
    assert.ok(existsSync("/usr/bin/redis-server"), "no redis-server: apt-get install redis-server");
    this.ports = [await freePort(), await freePort()];
    if (this.encrypted) certificates(join(this.folder, "tls"), this.hosts);
    for (const host of this.hosts) {
      this.write(host);
      this.startSentinel(host);
      this.startServer(host);
    }
  }

  startServer(host: string): void {
    this.run(host, "server");
  }

  startSentinel(host: string): void {
    this.run(host, "sentinel");
  }

  /** Ends a process of a pod, and its children, as the kernel or the kubelet would. */
  async stop(host: string, role: "server" | "sentinel", signal: NodeJS.Signals): Promise<void> {
    const child = this.children.get(`${host} ${role}`);
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    // The kubelet's SIGTERM goes to the container's first process, SIGKILL ends them all.
    process.kill(signal === "SIGKILL" ? -child.pid : child.pid, signal);
    await gone;
  }

  /** Exit code of one of the script's checks in a pod. */
  async check(host: string, check: string): Promise<number | null> {
    const [code] = (await once(this.spawn(host, check), "exit")) as [number | null];
    return code;
  }

  /** The host that most sentinels call the primary. */
  async primary(): Promise<string | undefined> {
    const answers = await Promise.all(this.hosts.map((host) => this.asked(host)));
    return this.hosts.find((host) => answers.filter((answer) => answer === host).length >= 2);
  }

  /** A connection straight to one server (or sentinel). */
  connect(host: string, options: { port?: number; username?: string; password?: string } = {}): Redis {
    const redis = new Redis({
      host,
      port: this.ports[0],
      username: "mno",
      password: PASSWORDS.application,
      retryStrategy: null,
      maxRetriesPerRequest: 0,
      ...(this.encrypted ? { tls: { ca: this.ca! } } : {}),
      ...options,
    });
    redis.on("error", () => undefined);
    return redis;
  }

  get sentinelPort(): number {
    return this.ports[1];
  }

  async remove(): Promise<void> {
    await Promise.all(
      [...this.children.keys()].map((key) => {
        const [host = "", role = ""] = key.split(" ");
        return this.stop(host, role as "server", "SIGKILL");
      }),
    );
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async asked(host: string): Promise<string | undefined> {
    const sentinel = this.connect(host, { port: this.ports[1] });
    try {
      return ((await sentinel.call("SENTINEL", "get-master-addr-by-name", "mno")) as string[] | null)?.[0];
    } catch {
      return undefined;
    } finally {
      sentinel.disconnect();
    }
  }

  private layout(host: string): CacheLayout {
    const base = join(this.folder, host);
    return {
      secrets: join(base, "secrets"),
      data: join(base, "data"),
      ...(this.encrypted ? { tls: join(this.folder, "tls") } : {}),
      serverPort: this.ports[0],
      sentinelPort: this.ports[1],
    };
  }

  private write(host: string): void {
    const layout = this.layout(host);
    mkdirSync(layout.secrets, { recursive: true });
    for (const [file, text] of Object.entries(secretFiles(layout, PASSWORDS, this.settings))) {
      // Pods have an address of their own; here they share the loopback interface.
      writeFileSync(join(layout.secrets, file), file.endsWith(".conf") ? `${text}bind ${host}\n` : text);
    }
    writeFileSync(join(this.folder, host, "start.sh"), startScript(this.hosts, layout));
  }

  private run(host: string, role: string): void {
    this.children.set(`${host} ${role}`, this.spawn(host, role));
  }

  private spawn(host: string, role: string): ChildProcess {
    const inherit = process.env["MNO_TEST_OUTPUT"] === undefined ? "ignore" : "inherit";
    return spawn("/bin/sh", [join(this.folder, host, "start.sh"), role], {
      stdio: ["ignore", inherit, inherit],
      env: { ...process.env, POD_NAME: host },
      detached: true,
    });
  }
}

/** An authority and a certificate for the addresses, as cert-manager would lay them into the Secret. */
export function certificates(folder: string, addresses: readonly string[]): void {
  mkdirSync(folder, { recursive: true });
  const openssl = (...args: string[]): void => void execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl("req", "-x509", ...key, "-keyout", "ca.key", "-out", "ca.crt", "-subj", "/CN=test authority", "-days", "2");
  openssl("req", ...key, "-keyout", "tls.key", "-out", "tls.csr", "-subj", "/CN=server");
  const names = ["DNS:localhost", ...addresses.map((address) => `IP:${address}`)].join(",");
  writeFileSync(
    join(folder, "extensions"),
    `subjectAltName=${names}\nextendedKeyUsage=serverAuth,clientAuth\nkeyUsage=digitalSignature\n`,
  );
  openssl(
    ...["x509", "-req", "-in", "tls.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial"],
    ...["-out", "tls.crt", "-days", "2", "-extfile", "extensions"],
  );
}
