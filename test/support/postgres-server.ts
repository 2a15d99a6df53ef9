import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./platform";

export const PASSWORD = "s3cret";

/** Newest installed PostgreSQL, where Debian puts it. */
function postgresPrograms(): string {
  const root = "/usr/lib/postgresql";
  const versions = existsSync(root) ? readdirSync(root).map(Number).filter(Number.isFinite) : [];
  assert.ok(versions.length > 0, `no PostgreSQL in ${root}: apt-get install postgresql`);
  return join(root, String(Math.max(...versions)), "bin");
}

/** PostgreSQL refuses to run as root; then it runs as the user that Debian's package made, or as nobody. */
function serverUser(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string, user: string): number => Number(execFileSync("id", [flag, user], { stdio: "pipe" }));
  for (const user of ["postgres", "nobody"]) {
    try {
      return { uid: id("-u", user), gid: id("-g", user) };
    } catch {
      // No such user on this system: the next.
    }
  }
  throw new Error("running as root, and there is neither a user postgres nor a user nobody to run PostgreSQL as");
}

/** A cluster of its own in a temporary folder, on a random loopback port. */
export class PostgresServer {
  private readonly programs = postgresPrograms();
  private readonly user = serverUser();
  private readonly folder = mkdtempSync(join(tmpdir(), "mno-postgres-"));
  private process: ChildProcess | undefined;
  private port = 0;

  get url(): string {
    return `postgres://mno:${PASSWORD}@127.0.0.1:${this.port}/postgres`;
  }

  async create(): Promise<void> {
    const passwordFile = join(this.folder, "password");
    writeFileSync(passwordFile, PASSWORD);
    if (this.user.uid !== undefined) {
      for (const path of [this.folder, passwordFile]) chownSync(path, this.user.uid, this.user.gid!);
    }
    const data = join(this.folder, "data");
    execFileSync(
      join(this.programs, "initdb"),
      ["-D", data, "-U", "mno", "-A", "scram-sha-256", `--pwfile=${passwordFile}`, "--no-sync"],
      { ...this.user, cwd: this.folder, stdio: ["ignore", "ignore", "inherit"] },
    );
    this.port = await freePort();
  }

  /** Resolves when it accepts connections. */
  async start(): Promise<void> {
    const settings = ["-h", "127.0.0.1", "-p", String(this.port), "-k", "", "-F"];
    this.process = spawn(join(this.programs, "postgres"), ["-D", join(this.folder, "data"), ...settings], {
      ...this.user,
      cwd: this.folder,
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, LC_ALL: "C" },
    });
    let output = "";
    for await (const chunk of this.process.stderr!.iterator({ destroyOnReturn: false })) {
      output += String(chunk);
      if (output.includes("database system is ready to accept connections")) {
        this.process.stderr!.resume();
        return;
      }
    }
    throw new Error(`PostgreSQL did not start:\n${output}`);
  }

  /** SIGQUIT is PostgreSQL's immediate shutdown: no checkpoint, recovery at the next start; its children go with it. */
  async crash(): Promise<void> {
    if (this.process?.exitCode !== null) return;
    const exited = once(this.process, "exit");
    this.process.kill("SIGQUIT");
    await exited;
  }

  async remove(): Promise<void> {
    await this.crash();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
