import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const ROOT = join(__dirname, "..", "..");

export interface Run {
  code: number;
  output: string;
}

/** A platform of its own for a test: own state folder, own ports, driven by the commands that users type. */
export class Platform {
  readonly state = mkdtempSync(join(tmpdir(), "mno-platform-"));
  api = "";
  gateway = "";
  balancer = "";
  decisions = "";
  /** The demo service itself. */
  demo = "";

  /** Chooses free ports and writes them, and further settings, into the stack's configuration. */
  async configure(settings: Record<string, string> = {}): Promise<void> {
    const ports = await Promise.all(Array.from({ length: 5 }, () => freePort()));
    const [api = "", gateway = "", balancer = "", decisions = "", demo = ""] = ports.map(String);
    this.api = `http://127.0.0.1:${api}`;
    this.gateway = `http://127.0.0.1:${gateway}`;
    this.balancer = `http://127.0.0.1:${balancer}`;
    this.decisions = `http://127.0.0.1:${decisions}`;
    this.demo = `http://127.0.0.1:${demo}`;
    const chosen = { apiPort: api, gatewayPort: gateway, balancerPort: balancer };
    const all = { ...chosen, decisionsPort: decisions, demoPort: demo, ...settings };
    const plain = Object.entries(all).flatMap(([key, value]) => ["--plaintext", `${key}=${value}`]);
    const { code, output } = await this.npm("run", "-s", "pulumi", "--", "config", "set-all", ...plain);
    if (code !== 0) throw new Error(output);
  }

  /** `npm start`, `npm stop`, `npm run pulumi -- …`. */
  npm(...args: string[]): Promise<Run> {
    return finished(this.spawn(...args));
  }

  spawn(...args: string[]): ChildProcess {
    // A process group of its own, so that a test can press Ctrl-C on all of it as a terminal would.
    return spawn("npm", args, {
      cwd: ROOT,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, MNO_STATE_DIR: this.state },
    });
  }

  /** Calls the supervisor's API as the provider does. */
  async supervisor(path: string): Promise<unknown> {
    const { url, token } = this.supervisorAddress();
    const response = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}` } });
    return response.json();
  }

  supervisorAddress(): { pid: number; url: string; token: string } {
    return JSON.parse(readFileSync(join(this.state, "cluster", "supervisor.json"), "utf8")) as {
      pid: number;
      url: string;
      token: string;
    };
  }

  async pidsOf(workload: string): Promise<number[]> {
    const { replicas } = (await this.supervisor(`/v1/workloads/${workload}`)) as { replicas: { pid?: number }[] };
    return replicas.flatMap((replica) => (replica.pid === undefined ? [] : [replica.pid]));
  }

  remove(): void {
    rmSync(this.state, { recursive: true, force: true });
  }
}

/** With MNO_TEST_OUTPUT set, what the program says is also shown as it comes. */
export function finished(child: ChildProcess): Promise<Run> {
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      if (process.env.MNO_TEST_OUTPUT !== undefined) process.stderr.write(chunk);
    });
  }
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code: code ?? (signal === null ? 1 : 128), output }));
  });
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Asks until `probe` gives something other than undefined; the error of the last try otherwise. */
export async function eventually<T>(what: string, seconds: number, probe: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  let last: unknown;
  while (Date.now() < deadline) {
    try {
      const value = await probe();
      if (value !== undefined) return value;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${what}: not within ${String(seconds)} s`, { cause: last });
}
